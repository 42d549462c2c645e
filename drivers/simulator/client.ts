import type { CallContext } from '../../src/clouds/driver';
import { SimulatorFault } from './errors';
import type { Settings } from './options';
import { addDisk, addNic, dropParts } from './parts';
import type { Names } from './requests';
import { Requests, namesOf, newKey, wrongState } from './requests';
import type { Instance, Shape, Snapshot } from './things';
import { phaseAt, timelineOf } from './things';

export interface RunRequest extends Names {
  shape: string;
  snapshot: string;
  keyPair?: string | undefined;
  userData?: string | undefined;
  /** Nets of the instance; absent: the default net. */
  nets?: readonly string[] | undefined;
  /** Addresses for its nics, those of each at its place. */
  ips?: readonly (readonly string[])[] | undefined;
  tag: string;
  token: string;
}

/** A power request: phases it may begin in, phases in which there is nothing to do, and what follows. */
interface PowerRule {
  from: readonly string[];
  already: readonly string[];
  via: readonly string[];
  to: string;
  delay: 'start' | 'stop' | 'pause' | 'suspend' | 'restart';
}
export type PowerRequest = 'powerOn' | 'powerOff' | 'freeze' | 'hibernate' | 'reboot';

const POWER: Readonly<Record<PowerRequest, PowerRule>> = {
  powerOn: {
    from: ['stopped', 'paused', 'suspended'],
    already: ['running', 'booting', 'pending'],
    via: ['booting'],
    to: 'running',
    delay: 'start',
  },
  powerOff: {
    from: ['running', 'paused', 'suspended', 'failed'],
    already: ['stopped', 'stopping'],
    via: ['stopping'],
    to: 'stopped',
    delay: 'stop',
  },
  freeze: { from: ['running'], already: ['paused', 'pausing'], via: ['pausing'], to: 'paused', delay: 'pause' },
  hibernate: { from: ['running'], already: ['suspended', 'suspending'], via: ['suspending'], to: 'suspended', delay: 'suspend' },
  reboot: { from: ['running'], already: [], via: ['stopping', 'booting'], to: 'running', delay: 'restart' },
};
const STEADY_PHASES = ['running', 'stopped', 'paused', 'suspended', 'failed'];
/** Net of instances whose launch names none. */
const DEFAULT_NET = 'net-default';
const MAX_USER_DATA = 16_384;

/** The simulated provider's API for instances, in its own words. Every method is one request. @throws SimulatorFault */
export class SimulatorClient extends Requests {
  run(request: RunRequest, context: CallContext): Promise<string> {
    return this.wire.request('machines.create', context, (settings) =>
      this.onlyOnce('run', request.token, request, settings, () => this.launch(request, settings)),
    );
  }

  power(what: PowerRequest, as: string, id: string, force: boolean, context: CallContext): Promise<void> {
    return this.wire.request(as, context, ({ delays }) => {
      const now = Date.now();
      const instance = this.account.need('instance', id);
      const rule = POWER[what];
      const phase = phaseAt(instance.timeline, now);
      const hurried = force && what === 'powerOff' && phase === 'stopping';
      if (rule.already.includes(phase) && !hurried) return;
      if (!rule.from.includes(phase) && !hurried) throw wrongState(instance.id, phase, what);
      const ms = force ? 0 : delays[rule.delay];
      this.account.put({ ...instance, timeline: timelineOf(rule.via, rule.to, now, ms) });
    });
  }

  reshape(id: string, shapeId: string, context: CallContext): Promise<void> {
    return this.wire.request('machines.resize', context, () => {
      const instance = this.account.need('instance', id);
      const shape = this.referred('shape', shapeId);
      if (instance.shape === shape.id) return;
      const phase = phaseAt(instance.timeline, Date.now());
      if (phase !== 'stopped') throw wrongState(id, phase, 'reshape');
      if (shape.arch !== instance.arch) throw new SimulatorFault('BadParameter', `The shape ${shape.id} has another architecture`);
      this.account.put({ ...instance, ...sizeOf(shape) });
    });
  }

  rebuild(id: string, from: { snapshot: string; token: string }, context: CallContext): Promise<void> {
    return this.wire.request('machines.restore', context, (settings) => {
      this.onlyOnce('rebuild', from.token, { id, ...from }, settings, () => {
        const now = Date.now();
        const instance = this.account.need('instance', id);
        const phase = phaseAt(instance.timeline, now);
        if (!STEADY_PHASES.includes(phase)) throw wrongState(id, phase, 'rebuild');
        const snapshot = this.usable(from.snapshot, instance.arch);
        const timeline = timelineOf(['restoring'], snapshot.power ?? 'stopped', now, settings.delays.restore);
        const latest = snapshot.holds === 'state' ? snapshot.id : instance.latest;
        this.account.put({ ...instance, source: snapshot.id, latest, timeline });
        return id;
      });
    });
  }

  terminate(id: string, context: CallContext): Promise<void> {
    return this.wire.request('machines.delete', context, ({ delays }) => {
      const now = Date.now();
      const instance = this.account.need('instance', id);
      if (phaseAt(instance.timeline, now) === 'terminating') return;
      this.account.put({ ...instance, timeline: timelineOf(['terminating'], 'gone', now, delays.delete) }, { goneAt: now + delays.delete });
      dropParts(this.account, id);
      this.account.forget(now);
    });
  }

  takeSnapshot(
    request: Names & { instance: string; holds: Snapshot['holds']; tag: string; token: string },
    context: CallContext,
  ): Promise<string> {
    return this.wire.request('machineImages.capture', context, (settings) =>
      this.onlyOnce('snapshot', request.token, request, settings, () => {
        const now = Date.now();
        const instance = this.account.need('instance', request.instance);
        const phase = phaseAt(instance.timeline, now);
        const fits = request.holds === 'disk' ? phase === 'stopped' : STEADY_PHASES.includes(phase);
        if (!fits) throw wrongState(instance.id, phase, `snapshot of its ${request.holds}`);
        const state = request.holds === 'state';
        const snapshot: Snapshot = {
          ...{ kind: 'snapshot', id: newKey('img'), ...namesOf(request), holds: request.holds, builtin: false, arch: instance.arch },
          ...{ parent: state ? instance.latest : null, power: state ? phase : null, madeAt: now, tag: request.tag, token: request.token },
          timeline: timelineOf(['copying'], 'ready', now, settings.delays.capture),
          facts: this.account.find('snapshot', instance.source)?.facts ?? {},
        };
        this.account.put(snapshot, { visibleAt: now + settings.visibilityDelayMs });
        if (state) this.account.put({ ...instance, latest: snapshot.id });
        return snapshot.id;
      }),
    );
  }

  dropSnapshot(id: string, context: CallContext): Promise<void> {
    return this.wire.request('machineImages.delete', context, ({ delays }) => {
      const now = Date.now();
      const snapshot = this.account.need('snapshot', id);
      if (snapshot.builtin) throw new SimulatorFault('NotAllowed', `${id} belongs to the provider`);
      if (phaseAt(snapshot.timeline, now) === 'removing') return;
      const timeline = timelineOf(['removing'], 'gone', now, delays.delete);
      this.account.put({ ...snapshot, timeline }, { goneAt: now + delays.delete });
      for (const child of this.account.all('snapshot')) if (child.parent === id) this.account.put({ ...child, parent: snapshot.parent });
      for (const instance of this.account.all('instance'))
        if (instance.latest === id) this.account.put({ ...instance, latest: snapshot.parent });
    });
  }

  importKeyPair(id: string, publicKey: string, context: CallContext): Promise<string> {
    return this.wire.request('credentials.import', context, () => {
      if (!/^(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+/.test(publicKey))
        throw new SimulatorFault('BadParameter', 'Not an OpenSSH public key');
      this.account.put({ kind: 'keyPair', id, publicKey });
      return id;
    });
  }

  dropKeyPair(id: string, context: CallContext): Promise<void> {
    return this.wire.request('credentials.delete', context, () => this.account.remove('keyPair', id));
  }

  private launch(request: RunRequest, settings: Settings): string {
    const now = Date.now();
    const shape = this.referred('shape', request.shape);
    const snapshot = this.usable(request.snapshot, shape.arch);
    const nets = (request.nets ?? this.defaultNets()).map((net) => this.referred('net', net));
    if (request.keyPair !== undefined) this.referred('keyPair', request.keyPair);
    checkUserData(request.userData);
    this.checkQuota(settings);
    const instance: Instance = {
      ...{ kind: 'instance', id: newKey('vm'), ...namesOf(request), ...sizeOf(shape), source: snapshot.id, latest: null },
      ...{ keyPair: request.keyPair ?? null, userData: request.userData ?? null, nets: nets.map(({ id }) => id) },
      ...{ launchedAt: now, tag: request.tag, token: request.token },
      timeline: timelineOf(['pending'], 'running', now, settings.delays.create),
    };
    const visibleAt = now + settings.visibilityDelayMs;
    this.account.put(instance, { visibleAt });
    const own = { instance: instance.id, madeAt: now, tag: null, token: null };
    shape.disksGiB.forEach((sizeGiB, index) => addDisk(this.account, { ...own, sizeGiB, boot: index === 0 }, visibleAt));
    nets.forEach((net, place) => addNic(this.account, { ...own, net, mode: 'active' }, visibleAt, request.ips?.[place]));
    return instance.id;
  }

  private defaultNets(): string[] {
    return this.account.find('net', DEFAULT_NET) ? [DEFAULT_NET] : [];
  }

  private checkQuota({ maxInstances }: Settings): void {
    if (maxInstances === undefined) return;
    const held = this.account.all('instance').length;
    if (held >= maxInstances) throw new SimulatorFault('QuotaExceeded', `The account may hold ${maxInstances} instances and holds ${held}`);
  }

  private usable(id: string, arch: string): Snapshot {
    const snapshot = this.referred('snapshot', id);
    const phase = phaseAt(snapshot.timeline, Date.now());
    if (phase !== 'ready') throw wrongState(id, phase, 'use');
    if (snapshot.arch !== arch) throw new SimulatorFault('BadParameter', `The snapshot ${id} is for ${snapshot.arch}, not for ${arch}`);
    return snapshot;
  }
}

const sizeOf = (shape: Shape) => ({ shape: shape.id, vcpus: shape.vcpus, memoryMiB: shape.memoryMiB, arch: shape.arch });

function checkUserData(userData: string | undefined): void {
  if (userData === undefined) return;
  const bytes = Buffer.from(userData, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== userData.replace(/\s|=+$/g, ''))
    throw new SimulatorFault('BadParameter', 'User data is not base64');
  if (bytes.length > MAX_USER_DATA)
    throw new SimulatorFault('BadParameter', `User data has ${bytes.length} bytes; ${MAX_USER_DATA} are allowed`);
}
