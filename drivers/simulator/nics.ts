import { isIP } from 'node:net';
import type { CallContext } from '../../src/clouds/driver';
import { addressOf, isTaken, surroundings } from './addressing';
import { SimulatorFault } from './errors';
import { changed, checkMtu } from './nets';
import { addNic, addPassingAddress, dropNic, steady, unbind } from './parts';
import type { Names, Order } from './requests';
import { Requests, inUse, namesOf, newKey } from './requests';
import type { Address, Net, Nic } from './things';

export interface NicOrder extends Order {
  instance: string;
  net: string;
  port?: string | undefined;
  mode: Nic['mode'];
  mac?: string | undefined;
  mtu?: number | undefined;
}

/** null: what the provider gives by itself, a nic of no port, with the MTU of its net. */
export interface NicChange extends Partial<Pick<Nic, 'net' | 'mode' | 'mac' | 'port'>> {
  mtu?: number | null;
}

export interface AddressOrder extends Names, Order {
  ip?: string | undefined;
  family: Address['family'];
  fixed: boolean;
  host?: string | undefined;
  mask?: string | undefined;
  gateway?: string | undefined;
  resolvers?: readonly string[] | undefined;
  net?: string | undefined;
}

/** null: none, or what the net has. */
export interface AddressChange {
  host?: string | null;
  resolvers?: readonly string[] | null;
  fixed?: true;
}

/** Net of addresses whose order names none. */
const PUBLIC_NET = 'net-public';
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

/** The simulated provider's API for nics of instances and for addresses. @throws SimulatorFault */
export class NicClient extends Requests {
  addNic(asked: NicOrder, context: CallContext): Promise<string> {
    return this.order('interfaces.create', asked, context, (now, { visibilityDelayMs }) => {
      steady(this.account, asked.instance, 'new nic');
      const net = this.referred('net', asked.net);
      checkNic(net, asked);
      if (asked.port !== undefined) this.checkPort(asked.port, net);
      return addNic(this.account, { ...asked, net, madeAt: now }, now + visibilityDelayMs);
    });
  }

  changeNic(id: string, to: NicChange, context: CallContext): Promise<void> {
    return this.wire.request('interfaces.update', context, () => {
      const nic = this.account.need('nic', id);
      steady(this.account, nic.instance, 'change of a nic');
      const net = this.referred('net', to.net ?? nic.net);
      checkNic(net, to);
      if (typeof to.port === 'string' && to.port !== nic.port) this.checkPort(to.port, net);
      const moved = net.id !== nic.net;
      const mtu = to.mtu === null ? net.mtu : (to.mtu ?? Math.min(nic.mtu, net.mtu));
      const after: Nic = {
        ...nic,
        net: net.id,
        mode: to.mode ?? nic.mode,
        mac: to.mac ?? nic.mac,
        mtu,
        port: changed(to.port, moved ? null : nic.port),
      };
      this.account.put(after);
      if (!moved) return;
      unbind(this.account, id, (address) => address.net === nic.net);
      addPassingAddress(this.account, after, net, 0);
    });
  }

  dropNic(id: string, context: CallContext): Promise<void> {
    return this.wire.request('interfaces.delete', context, () => {
      const nic = this.account.need('nic', id);
      steady(this.account, nic.instance, 'removal of a nic');
      dropNic(this.account, id);
    });
  }

  reserve(asked: AddressOrder, context: CallContext): Promise<string> {
    return this.order('addresses.create', asked, context, (now, { visibilityDelayMs }) => {
      const net = this.referred('net', asked.net ?? PUBLIC_NET);
      const address: Address = {
        ...{ kind: 'address', id: newKey('addr'), ...namesOf(asked), net: net.id, fixed: asked.fixed, host: asked.host ?? null },
        ...this.placeOf(net, asked),
        ...{ nic: null, instance: null, madeAt: now, tag: asked.tag, token: asked.token },
      };
      this.account.put(address, { visibleAt: now + visibilityDelayMs });
      return address.id;
    });
  }

  changeAddress(id: string, to: AddressChange, context: CallContext): Promise<void> {
    return this.wire.request('addresses.update', context, () => {
      const address = this.account.need('address', id);
      const { fixed = address.fixed } = to;
      const host = changed(to.host, address.host);
      const own = surroundings(this.account.need('net', address.net), address.family).resolvers;
      const resolvers = changed(to.resolvers, address.resolvers) ?? own;
      checkIps(resolvers);
      this.account.put({ ...address, host, resolvers: [...resolvers], fixed });
    });
  }

  /** Gives a nic an address, in the place of the passing one of the same family. */
  bind(id: string, nicId: string, context: CallContext): Promise<void> {
    return this.wire.request('addresses.bind', context, () => {
      const address = this.account.need('address', id);
      if (address.nic === nicId) return;
      if (address.nic !== null) throw inUse(`The address ${id} is bound to ${address.nic}`);
      const nic = this.referred('nic', nicId);
      unbind(this.account, nicId, ({ fixed, family }) => !fixed && family === address.family);
      this.account.put({ ...address, nic: nicId, instance: nic.instance });
    });
  }

  release(id: string, context: CallContext): Promise<void> {
    return this.wire.request('addresses.release', context, () => {
      const address = this.account.need('address', id);
      if (address.nic !== null) unbind(this.account, address.nic, (each) => each.id === id);
    });
  }

  giveBack(id: string, context: CallContext): Promise<void> {
    return this.wire.request('addresses.delete', context, () => {
      const address = this.account.need('address', id);
      if (address.nic !== null) throw inUse(`The address ${id} is bound to ${address.nic}`);
      this.account.remove('address', id);
    });
  }

  private placeOf(net: Net, asked: AddressOrder): Pick<Address, 'ip' | 'family' | 'mask' | 'gateway' | 'resolvers'> {
    const { ip, family } = asked;
    if (asked.gateway !== undefined) checkIps([asked.gateway]);
    checkIps(asked.resolvers ?? []);
    if (ip !== undefined && isIP(ip) !== family) throw new SimulatorFault('BadParameter', `${ip} is no IPv${family} address`);
    if (ip !== undefined && isTaken(this.account, net.id, ip)) throw inUse(`${ip} is in use in ${net.id}`);
    const own = ip === undefined ? addressOf(this.account, net, family) : { ip, family, ...surroundings(net, family) };
    const { mask = own.mask, gateway = own.gateway, resolvers = own.resolvers } = asked;
    return { ...own, mask, gateway, resolvers: [...resolvers] };
  }

  private checkPort(id: string, net: Net): void {
    const port = this.referred('port', id);
    if (port.net !== net.id) throw new SimulatorFault('BadParameter', `The port ${id} is in ${port.net}, not in ${net.id}`);
    const user = this.account.related('nic', 'net', net.id).find((nic) => nic.port === id);
    if (user) throw inUse(`The port ${id} is used by the nic ${user.id}`);
  }
}

function checkNic(net: Net, { mtu, mac }: { mtu?: number | null | undefined; mac?: string | undefined }): void {
  if (mtu !== undefined && mtu !== null && checkMtu(mtu) > net.mtu)
    throw new SimulatorFault('BadParameter', `The net ${net.id} has an MTU of ${net.mtu} only`);
  if (mac !== undefined && !MAC.test(mac)) throw new SimulatorFault('BadParameter', `${mac} is no MAC address`);
}

function checkIps(ips: readonly string[]): void {
  for (const ip of ips) if (isIP(ip) === 0) throw new SimulatorFault('BadParameter', `${ip} is no IP address`);
}
