import type { Item, Offered } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { fromMarks, fromNames, holds, toNames } from './naming';
import type { NicClient } from './nics';
import { reads, sent, sentDelete } from './pages';
import type { Address, Nic } from './things';

/** Modes of a nic, and the interface state each is shown as. */
const MODES: Readonly<Record<Nic['mode'], string>> = { active: 'ACTIVE', standby: 'PASSIVE', off: 'DISABLED' };

function modeOf(state: string): Nic['mode'] {
  for (const mode of Object.keys(MODES) as Nic['mode'][]) if (MODES[mode] === state) return mode;
  throw new ProviderError('invalid', `state: must be one of ${Object.values(MODES).join(', ')}, not ${state}`);
}

function familyOf(protocol: string): Address['family'] {
  if (protocol === 'IPv4' || protocol === 'IPv6') return protocol === 'IPv6' ? 6 : 4;
  throw new ProviderError('invalid', `protocol: must be IPv4 or IPv6, not ${protocol}`);
}

function networkInterface(nic: Nic): Item {
  return {
    key: nic.id,
    values: {
      network: { item: { type: 'Network', key: nic.net } },
      ...(nic.port === null ? {} : { networkPort: { item: { type: 'NetworkPort', key: nic.port } } }),
      ...{ state: MODES[nic.mode], macAddress: nic.mac, mtu: nic.mtu },
    },
    owner: nic.instance,
    ...fromMarks(nic),
  };
}

function address(thing: Address): Item {
  return {
    key: thing.id,
    values: {
      ...fromNames(thing),
      ip: thing.ip,
      ...(thing.host === null ? {} : { hostname: thing.host }),
      ...{ allocation: thing.fixed ? 'static' : 'dynamic', defaultGateway: thing.gateway, dns: thing.resolvers },
      ...{ protocol: `IPv${thing.family}`, mask: thing.mask, network: { item: { type: 'Network', key: thing.net } } },
      ...(thing.instance === null ? {} : { resource: { item: { type: 'Machine', key: thing.instance } } }),
    },
    ...(thing.nic === null ? {} : { owner: thing.nic, refuses: { delete: `The address is bound to ${thing.nic}; release it first` } }),
    ...fromMarks(thing),
  };
}

/** Nics as MachineNetworkInterfaces. */
export function interfaces(client: NicClient): Offered<'interfaces'> {
  return {
    ...reads(client, 'nic', 'interfaces', networkInterface),
    async create({ machine, network, networkPort, state, macAddress, mtu, tag, token }, context) {
      const order = {
        instance: machine,
        net: network,
        port: networkPort,
        mode: modeOf(state ?? 'ACTIVE'),
        mac: macAddress,
        mtu,
        tag,
        token,
      };
      return { key: await sent(client.addNic(order, context)) };
    },
    changes: { network: 'sets', networkPort: 'resets', state: 'sets', macAddress: 'sets', mtu: 'resets' },
    async update(key, { network, networkPort, state, macAddress, mtu }, context) {
      const to = {
        ...(network === undefined ? {} : { net: network }),
        ...(networkPort === undefined ? {} : { port: networkPort }),
        ...(state === undefined ? {} : { mode: modeOf(state) }),
        ...(macAddress === undefined || macAddress === null ? {} : { mac: macAddress }),
        ...(mtu === undefined ? {} : { mtu }),
      };
      await sent(client.changeNic(key, to, context));
    },
    delete: (key, context) => sentDelete(client.dropNic(key, context)),
  };
}

/** Addresses as Addresses; an interface's own comes and goes with it. */
export function addresses(client: NicClient): Offered<'addresses'> {
  return {
    ...reads(client, 'address', 'addresses', address),
    holds,
    async create(request, context) {
      const order = {
        ...toNames(request),
        ...{ ip: request.ip, family: familyOf(request.protocol), fixed: request.allocation === 'static' },
        ...{ host: request.hostname, mask: request.mask, gateway: request.defaultGateway, resolvers: request.dns, net: request.network },
        ...{ tag: request.tag, token: request.token },
      };
      return { key: await sent(client.reserve(order, context)) };
    },
    changes: { hostname: 'resets', dns: 'resets', allocation: 'sets' },
    update(key, { hostname, dns, allocation }, context) {
      const to = {
        ...(hostname === undefined ? {} : { host: hostname }),
        ...(dns === undefined ? {} : { resolvers: dns }),
        ...(allocation === undefined ? {} : { fixed: true as const }),
      };
      return sent(client.changeAddress(key, to, context));
    },
    bind: (key, to, context) => sent(client.bind(key, to.interface, context)),
    release: (key, context) => sentDelete(client.release(key, context)),
    rename: (key, naming, context) => sent(client.relabel('address', 'addresses.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.giveBack(key, context)),
  };
}
