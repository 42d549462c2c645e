import type { CallContext } from '../../src/clouds/driver';
import { checkBlock } from './addressing';
import { SimulatorFault } from './errors';
import type { Names, Order } from './requests';
import { Requests, inUse, namesOf, newKey, refuseBuiltin, wrongState } from './requests';
import type { Net, Port, Router } from './things';
import { phaseAt, timelineOf } from './things';

/** Categories of quality of service, best first. */
export const QUALITIES: readonly string[] = ['GOLD', 'SILVER', 'BRONZE'];
export const MTU = { low: 576, high: 9216 };
const DEFAULT_MTU = 1500;
/** Quality of a port that is ordered without one. */
const LEAST = 'BRONZE';
/** Numbers of nets that customers make; those below are the provider's. */
const FIRST_BLOCK = 16;

export interface NetOrder extends Names, Order {
  reach: Net['reach'];
  mtu?: number | undefined;
  quality?: string | undefined;
  router?: string | undefined;
  cidr?: string | undefined;
}

/** A switch of a net or port: phases it may begin in, those in which there is nothing to do, and what follows. */
const SWITCH = {
  on: { from: 'down', already: ['up', 'starting', 'building'], via: 'starting', to: 'up', delay: 'start' },
  off: { from: 'up', already: ['down', 'stopping'], via: 'stopping', to: 'down', delay: 'stop' },
} as const;
export type SwitchTo = keyof typeof SWITCH;

/** The simulated provider's API for nets, their ports, and routers between them. @throws SimulatorFault */
export class NetClient extends Requests {
  createNet(asked: NetOrder, context: CallContext): Promise<string> {
    return this.order('networks.create', asked, context, (now, { delays, visibilityDelayMs, mixedNetworks }) => {
      if (asked.router !== undefined) this.checkMix(this.referred('router', asked.router).id, [asked.reach], mixedNetworks);
      const net: Net = {
        ...{ kind: 'net', id: newKey('net'), ...namesOf(asked), builtin: false, reach: asked.reach, block: this.nextBlock() },
        ...{ mtu: checkMtu(asked.mtu ?? DEFAULT_MTU), quality: checkQuality(asked.quality), router: asked.router ?? null },
        ...{ madeAt: now, tag: asked.tag, token: asked.token, timeline: timelineOf(['building'], 'up', now, delays.create) },
        ...(asked.cidr === undefined ? {} : { cidr: checkBlock(asked.cidr) }),
      };
      this.account.put(net, { visibleAt: now + visibilityDelayMs });
      return net.id;
    });
  }

  changeNet(id: string, to: { reach?: Net['reach']; mtu?: number | null; quality?: string | null }, context: CallContext): Promise<void> {
    return this.wire.request('networks.update', context, ({ mixedNetworks }) => {
      const net = this.account.need('net', id);
      refuseBuiltin(net);
      const reach = to.reach ?? net.reach;
      if (net.router !== null && reach !== net.reach) this.checkMix(net.router, [reach], mixedNetworks, id);
      this.account.put({
        ...net,
        reach,
        mtu: checkMtu(changed(to.mtu, net.mtu) ?? DEFAULT_MTU),
        quality: checkQuality(changed(to.quality, net.quality)),
      });
    });
  }

  dropNet(id: string, context: CallContext): Promise<void> {
    return this.wire.request('networks.delete', context, ({ delays }) => {
      const net = this.account.need('net', id);
      refuseBuiltin(net);
      for (const kind of ['port', 'nic', 'address'] as const) {
        const [user] = this.account.related(kind, 'net', id);
        if (user) throw inUse(`The net ${id} has the ${kind} ${user.id}`);
      }
      this.retire({ ...net, router: null }, Date.now(), delays.delete);
    });
  }

  switch(kind: 'net' | 'port', to: SwitchTo, id: string, context: CallContext): Promise<void> {
    const as = `${kind === 'net' ? 'networks' : 'networkPorts'}.${to === 'on' ? 'start' : 'stop'}`;
    return this.wire.request(as, context, ({ delays }) => {
      const now = Date.now();
      const thing: Net | Port = this.account.need(kind, id);
      if (thing.kind === 'net') refuseBuiltin(thing);
      const rule = SWITCH[to];
      const phase = phaseAt(thing.timeline, now);
      if (rule.already.some((already) => already === phase)) return;
      if (phase !== rule.from) throw wrongState(id, phase, `switching ${to}`);
      // A port is switched at once (DSP0263 5.16.7 has no state for the time between).
      const timeline = kind === 'port' ? [{ phase: rule.to, from: now }] : timelineOf([rule.via], rule.to, now, delays[rule.delay]);
      this.account.put({ ...thing, timeline });
    });
  }

  createPort(
    asked: Names & Order & { net: string; mode: Port['mode']; quality?: string | undefined },
    context: CallContext,
  ): Promise<string> {
    return this.order('networkPorts.create', asked, context, (now, { delays, visibilityDelayMs }) => {
      const port: Port = {
        ...{ kind: 'port', id: newKey('port'), ...namesOf(asked), net: this.referred('net', asked.net).id, mode: asked.mode },
        ...{ quality: checkQuality(asked.quality) ?? LEAST, madeAt: now, tag: asked.tag, token: asked.token },
        timeline: timelineOf(['building'], 'up', now, delays.create),
      };
      this.account.put(port, { visibleAt: now + visibilityDelayMs });
      return port.id;
    });
  }

  changePort(id: string, to: { mode?: Port['mode']; quality?: string | null }, context: CallContext): Promise<void> {
    return this.wire.request('networkPorts.update', context, () => {
      const port = this.account.need('port', id);
      this.account.put({ ...port, mode: to.mode ?? port.mode, quality: checkQuality(changed(to.quality, port.quality)) ?? LEAST });
    });
  }

  dropPort(id: string, context: CallContext): Promise<void> {
    return this.wire.request('networkPorts.delete', context, ({ delays }) => {
      const port = this.account.need('port', id);
      const user = this.account.related('nic', 'net', port.net).find((nic) => nic.port === id);
      if (user) throw inUse(`The port ${id} is used by the nic ${user.id}`);
      this.retire(port, Date.now(), delays.delete);
    });
  }

  createRouter(asked: Names & Order & { nets: readonly string[] }, context: CallContext): Promise<string> {
    return this.order('forwardingGroups.create', asked, context, (now, { visibilityDelayMs, mixedNetworks }) => {
      const router: Router = {
        ...{ kind: 'router', id: newKey('router'), ...namesOf(asked), builtin: false },
        ...{ madeAt: now, tag: asked.tag, token: asked.token },
      };
      const nets = [...new Set(asked.nets)].map((id) => this.referred('net', id));
      for (const net of nets) refuseOther(net, router.id);
      this.checkMix(
        router.id,
        nets.map(({ reach }) => reach),
        mixedNetworks,
      );
      this.account.put(router, { visibleAt: now + visibilityDelayMs });
      for (const net of nets) this.account.put({ ...net, router: router.id });
      return router.id;
    });
  }

  join(id: string, netId: string, context: CallContext): Promise<void> {
    return this.wire.request('forwardingGroups.bind', context, ({ mixedNetworks }) => {
      const router = this.account.need('router', id);
      const net = this.referred('net', netId);
      if (net.router === router.id) return;
      refuseOther(net, router.id);
      this.checkMix(router.id, [net.reach], mixedNetworks);
      this.account.put({ ...net, router: router.id });
    });
  }

  leave(id: string, netId: string, context: CallContext): Promise<void> {
    return this.wire.request('forwardingGroups.release', context, () => {
      const router = this.account.need('router', id);
      const net = this.account.need('net', netId);
      if (net.router !== router.id) return;
      if (router.builtin) refuseBuiltin(net);
      this.account.put({ ...net, router: null });
    });
  }

  dropRouter(id: string, context: CallContext): Promise<void> {
    return this.wire.request('forwardingGroups.delete', context, () => {
      const router = this.account.need('router', id);
      refuseBuiltin(router);
      for (const net of this.membersOf(id)) this.account.put({ ...net, router: null });
      this.account.remove('router', id);
    });
  }

  private membersOf(router: string): Net[] {
    return this.account.all('net').filter((net) => net.router === router);
  }

  /** Nets of one reach only, unless the account may mix them. */
  private checkMix(router: string, more: readonly Net['reach'][], mixed: boolean, without?: string): void {
    const present = this.membersOf(router).filter(({ id }) => id !== without);
    const reaches = new Set([...present.map(({ reach }) => reach), ...more]);
    if (!mixed && reaches.size > 1) throw new SimulatorFault('BadParameter', `${router} cannot join public and private nets`);
  }

  private nextBlock(): number {
    const block = Number(this.account.note('block') ?? FIRST_BLOCK - 1) + 1;
    this.account.setNote('block', String(block));
    return block;
  }
}

function refuseOther(net: Net, router: string): void {
  if (net.router !== null && net.router !== router) throw inUse(`The net ${net.id} is joined to ${net.router}`);
}

export function checkMtu(mtu: number): number {
  if (mtu < MTU.low || mtu > MTU.high)
    throw new SimulatorFault('BadParameter', `An MTU of ${mtu}: from ${MTU.low} to ${MTU.high} is possible`);
  return mtu;
}

/** A value after a change: the new one, null where it goes back to what the provider gives by itself. */
export function changed<T>(to: T | null | undefined, now: T | null): T | null {
  return to === undefined ? now : to;
}

function checkQuality(quality: string | null | undefined): string | null {
  if (quality === undefined || quality === null) return null;
  if (!QUALITIES.includes(quality)) throw new SimulatorFault('BadParameter', `${quality}: the categories are ${QUALITIES.join(', ')}`);
  return quality;
}
