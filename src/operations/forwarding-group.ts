import type { Ref, Value, Values } from '../model/values';
import { Refusal, type CreateRequest, type ResourceHandler, type Found, type ChangePlan, type PlanContext } from './resource-handler';
import { asRef } from './template-merge';
import { chooseCloud, keyAt } from './placement';
import { actWorkflow, type ActInput } from './provider-change';
import { planCreateAtProvider } from './create-plan';
import { providerHandler } from './provider-handler';

const GROUP = 'ForwardingGroup';
const NETWORK = 'Network';
const MEMBER = 'ForwardingGroupNetwork';

/** ForwardingGroup (DSP0263 5.16.17): networks that reach each other. */
export const forwardingGroupHandler: ResourceHandler = providerHandler({
  type: GROUP,
  group: 'forwardingGroups',
  createNeeds: ['forwardingGroups', 'create'],
  create: planGroup,
});

/** Membership of a network (5.16.17.1.1): what the network itself says, so it is listed and never stored. */
export const forwardingGroupNetworkHandler: ResourceHandler = {
  type: MEMBER,
  derived: { from: NETWORK, through: 'forwardingGroup', as: 'network' },
  createNeeds: ['forwardingGroups', 'bind'],
  create: planJoin,
  remove: planLeave,
  offered: (found) => (found.cloud?.offers('forwardingGroups', 'release') && !found.held && !found.item?.refuses?.delete ? ['delete'] : []),
};

async function planGroup(context: PlanContext, { template, values, collection }: CreateRequest): Promise<ChangePlan> {
  const refs = Array.isArray(template.networks) ? (template.networks as readonly Ref[]) : [];
  const networks = await Promise.all(
    refs.map((ref, index) => {
      if (ref.href === undefined)
        throw new Refusal(400, 'a reference to a Network is needed', { at: `forwardingGroupTemplate.networks[${index}]` });
      return context.resolve(ref.href, NETWORK, `forwardingGroupTemplate.networks[${index}]`);
    }),
  );
  const cloud = chooseCloud(context, networks, values);
  if (!cloud.offers('forwardingGroups', 'create'))
    throw new Refusal(400, `cloud '${cloud.key}' does not create forwarding groups`, { kind: 'unsupported' });
  refuseMixed(cloud, networks);
  return planCreateAtProvider(context, {
    type: GROUP,
    group: 'forwardingGroups',
    cloud,
    collection,
    naming: values,
    template,
    shows: {},
    request: { networks: networks.map((network, index) => keyAt(network, `forwardingGroupTemplate.networks[${index}]`)) as Value },
    holds: networks.map((network) => ({ path: network.path, shows: null })),
  });
}

/** Refuses networks of different types, unless the cloud has the MixedNetwork capability (Table 7). */
function refuseMixed(cloud: NonNullable<Found['cloud']>, networks: readonly Found[]): void {
  if (cloud.capabilities.types[GROUP]?.capabilities?.MixedNetwork === true) return;
  const types = new Set(networks.map((network) => String(network.values.networkType)));
  if (types.size > 1)
    throw new Refusal(400, `cloud '${cloud.key}' does not mix PUBLIC and PRIVATE networks in one forwarding group (MixedNetwork)`, {
      kind: 'unsupported',
    });
}

async function planJoin(context: PlanContext, { values, collection }: CreateRequest): Promise<ChangePlan> {
  const href = asRef(values.network)?.href;
  if (href === undefined) throw new Refusal(400, 'a reference to the Network to add is needed', { at: 'network' });
  const network = await context.resolve(href, NETWORK, 'network');
  const owner = collection
    .replace(/^clouds\/[^/]+\//, '')
    .split('/')
    .slice(0, 2)
    .join('/');
  const group = await context.resolve(owner, GROUP, 'the forwarding group', { ofTarget: true });
  const cloud = chooseCloud(context, [group, network], values);
  const others = (await context.list(NETWORK, cloud)).filter((other) => asRef(other.values.forwardingGroup)?.href === group.path);
  refuseMixed(cloud, [...others, network]);
  const current = asRef(network.values.forwardingGroup)?.href;
  if (current === group.path) throw new Refusal(409, `${network.path} is in ${group.path} already`, { kind: 'conflict' });
  if (current !== undefined) throw new Refusal(409, `${network.path} is in ${current}: take it out there first`, { kind: 'conflict' });
  const path = `${collection}/${network.path.split('/')[1] ?? ''}`;
  return membership({ group, network, method: 'bind', target: collection, affected: [collection, path], location: path });
}

async function planLeave(context: PlanContext, found: Found): Promise<ChangePlan> {
  const [segment, id] = found.path.split('/');
  const group = await context.resolve(`${segment ?? ''}/${id ?? ''}`, GROUP, 'the forwarding group', { ofTarget: true });
  const network = await context.resolve(String(asRef(found.values.network)?.href), NETWORK, 'network', { ofTarget: true });
  return membership({ group, network, method: 'release', target: found.path, affected: [group.path, network.path] });
}

interface Membership {
  group: Found;
  network: Found;
  method: 'bind' | 'release';
  target: string;
  affected: readonly string[];
  location?: string;
}

function membership({ group, network, method, target, affected, location }: Membership): ChangePlan {
  const input: ActInput = {
    cloud: group.cloud?.key ?? '',
    group: 'forwardingGroups',
    path: group.path,
    ...(group.key === undefined ? {} : { key: group.key }),
    calls: [{ method, args: [{ network: keyAt(network, 'network') }], shows: null, goal: [] }],
  };
  return {
    target,
    affected,
    holds: [
      { path: group.path, shows: null },
      { path: network.path, shows: null },
    ],
    work: { workflow: actWorkflow.name, version: actWorkflow.version, input: input as unknown as Values },
    statusMessage: 'Waiting for its turn',
    ...(location === undefined ? {} : { location }),
  };
}
