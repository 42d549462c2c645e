import type { Cloud } from '../clouds/cloud';
import type { ItemRef } from '../clouds/driver';
import type { Value, Values } from '../model/values';
import { Refusal, type CreateRequest, type ResourceHandler, type Found, type ChangePlan, type PlanContext } from './resource-handler';
import { asRef, inlineOf } from './template-merge';
import { chooseCloud, keyAt } from './placement';
import { planCreateAtProvider, type CreatePlan } from './create-plan';
import type { DeleteInput } from './provider-change';
import { planProviderAct, providerHandler } from './provider-handler';
import { refuseForeign } from './supported';
import { shown } from '../model/shown';

const NETWORK = 'Network';
const PORT = 'NetworkPort';
const GROUP = 'ForwardingGroup';

/** Network (DSP0263 5.16.1). */
export const networkHandler: ResourceHandler = providerHandler({
  type: NETWORK,
  group: 'networks',
  shared: 'public',
  createNeeds: ['networks', 'create'],
  create: planNetwork,
  change: (_context, _found, changed) => changed,
  undeletable: userOf,
  owned: portsOf,
  act: { start: planProviderAct(NETWORK, 'networks', 'start'), stop: planProviderAct(NETWORK, 'networks', 'stop') },
});

/** NetworkPort (5.16.7). */
export const networkPortHandler: ResourceHandler = providerHandler({
  type: PORT,
  group: 'networkPorts',
  createNeeds: ['networkPorts', 'create'],
  create: planPort,
  change: (_context, _found, changed) => changed,
  act: { start: planProviderAct(PORT, 'networkPorts', 'start'), stop: planProviderAct(PORT, 'networkPorts', 'stop') },
});

/** Returns the ports of a network, which are deleted with it (5.16.1.1.1). */
async function portsOf(context: PlanContext, network: Found): Promise<DeleteInput['owned']> {
  const { cloud } = network;
  if (!cloud?.has('networkPorts') || network.key === undefined) return undefined;
  const ports = (await context.list(PORT, cloud)).filter((port) => asRef(port.values.network)?.href === network.path);
  return { group: 'networkPorts', items: ports.flatMap(({ key, path }) => (key === undefined ? [] : [{ key, path }])) };
}

/** Names what else is in a network: that stays, and so the delete is refused before any port goes. */
async function userOf(_context: PlanContext, { cloud, key, path }: Found): Promise<string | undefined> {
  if (!cloud || key === undefined) return undefined;
  for (const [group, words] of [
    ['interfaces', 'an interface of a machine'],
    ['addresses', 'an address'],
  ] as const) {
    if (!cloud.has(group)) continue;
    const { value } = await cloud.list(group, { maxAgeMs: 0 });
    const user = value.find(({ values: { network } }) => (network as ItemRef | undefined)?.item.key === key);
    if (user) return `${path} is used by ${words} (${user.key} at the provider)`;
  }
  return undefined;
}

/** A configuration by reference, by value, or by reference with overrides; the reference itself when there is one. */
async function configurationOf(
  context: PlanContext,
  template: Values,
  attribute: string,
  type: string,
  at: string,
): Promise<{ values: Values; found: Found | undefined }> {
  const ref = asRef(template[attribute]);
  const found = ref?.href === undefined ? undefined : await context.resolve(ref.href, type, `${at}.${attribute}`);
  const values: Values = { ...found?.values, ...(ref ? inlineOf(ref) : {}) };
  for (const [name, value] of Object.entries(values)) if (value === null) delete values[name];
  return { values, found };
}

/** States after creation: the provider's own, or the one asked for, when the cloud can lead there (5.11.2). */
function initialCalls(
  cloud: Cloud,
  type: string,
  group: 'networks' | 'networkPorts',
  wanted: Value | undefined,
  at: string,
): Pick<CreatePlan, 'goal' | 'calls'> {
  const announced = cloud.capabilities.types[type]?.capabilities ?? {};
  const own = String(announced.DefaultInitialState ?? 'STARTED');
  const state = typeof wanted === 'string' ? wanted : own;
  if (state === own) return { goal: [own] };
  const method = state === 'STARTED' ? 'start' : 'stop';
  const possible = Array.isArray(announced.InitialStates) ? (announced.InitialStates as readonly string[]) : [own];
  if (!possible.includes(state) || !cloud.offers(group, method)) {
    throw new Refusal(400, `cloud '${cloud.key}' offers ${possible.join(', ')}, not ${shown(state)}`, { at: `${at}.initialState` });
  }
  return { goal: [own], calls: [{ method, args: [], goal: [state] }] };
}

async function planNetwork(context: PlanContext, { template, values, collection }: CreateRequest): Promise<ChangePlan> {
  const at = 'networkTemplate';
  const { values: wanted, found: config } = await configurationOf(context, template, 'networkConfig', 'NetworkConfiguration', at);
  const groupRef = asRef(template.forwardingGroup)?.href;
  const group = groupRef === undefined ? undefined : await context.resolve(groupRef, GROUP, `${at}.forwardingGroup`);
  const cloud = chooseCloud(
    context,
    [group, config].filter((one) => one !== undefined),
    values,
  );
  if (!cloud.offers('networks', 'create')) throw new Refusal(400, `cloud '${cloud.key}' does not create networks`, { kind: 'unsupported' });
  refuseForeign(context.catalogue, cloud, 'NetworkTemplate', template, at);
  const networkType = wanted.networkType ?? 'PRIVATE';
  const shows: Values = { networkType };
  for (const name of ['mtu', 'classOfService'] as const) if (wanted[name] !== undefined) shows[name] = wanted[name];
  return planCreateAtProvider(context, {
    type: NETWORK,
    group: 'networks',
    cloud,
    collection,
    naming: values,
    template,
    shows,
    request: { ...shows, ...(group ? { forwardingGroup: keyAt(group, `${at}.forwardingGroup`) } : {}) },
    ...initialCalls(cloud, NETWORK, 'networks', template.initialState, at),
  });
}

async function planPort(context: PlanContext, { template, values, collection }: CreateRequest): Promise<ChangePlan> {
  const at = 'networkPortTemplate';
  const { values: wanted, found: config } = await configurationOf(context, template, 'networkPortConfig', 'NetworkPortConfiguration', at);
  const networkRef = asRef(template.network)?.href;
  if (networkRef === undefined) throw new Refusal(400, 'the Network that the port is in is needed', { at: `${at}.network` });
  const network = await context.resolve(networkRef, NETWORK, `${at}.network`);
  const cloud = chooseCloud(context, [network, ...(config ? [config] : [])], values);
  if (!cloud.offers('networkPorts', 'create'))
    throw new Refusal(400, `cloud '${cloud.key}' does not create network ports`, { kind: 'unsupported' });
  refuseForeign(context.catalogue, cloud, 'NetworkPortTemplate', template, at);
  const shows: Values = { portType: wanted.portType ?? 'ACCESS' };
  if (wanted.classOfService !== undefined) shows.classOfService = wanted.classOfService;
  return planCreateAtProvider(context, {
    type: PORT,
    group: 'networkPorts',
    cloud,
    collection,
    naming: values,
    template,
    shows: { ...shows, network: { href: network.path } },
    request: { ...shows, network: keyAt(network, `${at}.network`) },
    ...initialCalls(cloud, PORT, 'networkPorts', template.initialState, at),
  });
}
