import type { Item, Offered, ReadGroup } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';
import { blockOf } from './addressing';
import { fromMarks, fromNames, holds, toNames } from './naming';
import type { NetClient } from './nets';
import { reads, sent, sentDelete } from './pages';
import { NET_STATES, stateOf } from './states';
import type { Net, NetPlan, Router } from './things';
import { phaseAt } from './things';

const FIXED = 'The provider sets this up; it cannot be changed here';
const PLANNED = 'The provider sets its net plans; they cannot be changed';

const typeOf = (reach: Net['reach']) => (reach === 'public' ? 'PUBLIC' : 'PRIVATE');
function reachOf(networkType: string): Net['reach'] {
  if (networkType === 'PUBLIC' || networkType === 'PRIVATE') return networkType === 'PUBLIC' ? 'public' : 'private';
  throw new ProviderError('invalid', `networkType: must be PUBLIC or PRIVATE, not ${networkType}`);
}

function network(net: Net, now: number): Item | undefined {
  const { state, unmappedState } = stateOf(NET_STATES, phaseAt(net.timeline, now));
  if (state === 'absent') return undefined;
  return {
    key: net.id,
    values: {
      ...fromNames(net),
      ...{ state, networkType: typeOf(net.reach), mtu: net.mtu, cidr: blockOf(net, 4) },
      ...(net.quality === null ? {} : { classOfService: net.quality }),
      ...(net.router === null ? {} : { forwardingGroup: { item: { type: 'ForwardingGroup', key: net.router } } }),
    },
    ...fromMarks(net),
    ...(unmappedState === undefined ? {} : { unmappedState }),
    ...(net.builtin ? { public: true, refuses: { edit: FIXED, delete: FIXED, start: FIXED, stop: FIXED } } : {}),
  };
}

function configuration(plan: NetPlan): Item {
  return {
    key: plan.id,
    values: { name: plan.label, description: plan.note, networkType: typeOf(plan.reach), mtu: plan.mtu, classOfService: plan.quality },
    public: true,
    refuses: { edit: PLANNED, delete: PLANNED },
  };
}

function forwardingGroup(router: Router): Item {
  return {
    key: router.id,
    values: { ...fromNames(router) },
    ...fromMarks(router),
    ...(router.builtin ? { public: true, refuses: { edit: FIXED, delete: FIXED } } : {}),
  };
}

const blockAsked = (cidr: Value | undefined): { cidr?: string } => (typeof cidr === 'string' && cidr !== '' ? { cidr } : {});

/** Nets as Networks. */
export function networks(client: NetClient): Offered<'networks'> {
  return {
    ...reads(client, 'net', 'networks', network),
    holds,
    async create(request, context) {
      const order = {
        ...toNames(request),
        ...{ reach: reachOf(request.networkType), mtu: request.mtu, quality: request.classOfService, router: request.forwardingGroup },
        ...{ tag: request.tag, token: request.token, ...blockAsked(request.extensions?.cidr) },
      };
      return { key: await sent(client.createNet(order, context)) };
    },
    start: (key, context) => sent(client.switch('net', 'on', key, context)),
    stop: (key, context) => sent(client.switch('net', 'off', key, context)),
    changes: { networkType: 'sets', mtu: 'resets', classOfService: 'resets' },
    async update(key, { networkType, mtu, classOfService }, context) {
      const to = {
        ...(networkType === undefined ? {} : { reach: reachOf(networkType) }),
        ...(mtu === undefined ? {} : { mtu }),
        ...(classOfService === undefined ? {} : { quality: classOfService }),
      };
      await sent(client.changeNet(key, to, context));
    },
    rename: (key, naming, context) => sent(client.relabel('net', 'networks.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropNet(key, context)),
  };
}

/** Net plans as NetworkConfigurations. */
export function networkConfigs(client: NetClient): ReadGroup {
  const { list, getMany } = reads(client, 'netPlan', 'networkConfigs', configuration);
  return { list, getMany };
}

/** Routers as ForwardingGroups; which networks are in one, the networks say. */
export function forwardingGroups(client: NetClient): Offered<'forwardingGroups'> {
  return {
    ...reads(client, 'router', 'forwardingGroups', forwardingGroup),
    holds,
    async create({ networks: nets, tag, token, ...naming }, context) {
      return { key: await sent(client.createRouter({ ...toNames(naming), nets, tag, token }, context)) };
    },
    bind: (key, { network: net }, context) => sent(client.join(key, net, context)),
    release: (key, { network: net }, context) => sentDelete(client.leave(key, net, context)),
    rename: (key, naming, context) => sent(client.relabel('router', 'forwardingGroups.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropRouter(key, context)),
  };
}
