import type { Cloud } from '../clouds/cloud';
import type { Item, ItemRef } from '../clouds/driver';
import { cloudOf, StepFailure, type Step, type StepContext } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { ResourcePath } from '../store/store';
import { Refusal, type PlanContext } from './resource-handler';
import { carryOutAll, type Call } from './carry-out';
import type { PlannedInterface } from './create-input';
import { addressByValue, isSameAddress, mustGiveAddresses, refuseUnfitAddresses, type ChosenAddress } from './interface-addresses';
import { interfaceRequest } from './machine-parts';
import { asRef, inlineOf } from './template-merge';
import { keyAt } from './placement';
import { withKeys, type KeysToCome } from './create-keys';

/** The network interfaces of a machine template, resolved before anything is made (DSP0263 5.14.3). @throws Refusal */
export async function planInterfaces(context: PlanContext, cloud: Cloud, wanted: readonly Values[]): Promise<PlannedInterface[]> {
  const planned: PlannedInterface[] = [];
  const chosen: ChosenAddress[] = [];
  const taken = new Set<ResourcePath>();
  const once = (path: ResourcePath, at: string): void => {
    if (taken.has(path)) throw new Refusal(400, `${path} is named twice`, { at });
    taken.add(path);
  };
  for (const [index, item] of wanted.entries()) {
    const here = `machineTemplate.networkInterfaces[${index}].`;
    const asked = await interfaceRequest(context, item, here);
    if (asked.network.cloud !== cloud)
      throw new Refusal(400, `${asked.network.path} is not in cloud '${cloud.key}'`, { at: `${here}network` });
    const port = asRef(asked.shows.networkPort)?.href;
    if (port !== undefined) once(port, `${here}networkPort`);
    const addresses: string[] = [];
    const own: string[] = [];
    for (const [place, given] of (Array.isArray(item.addresses) ? item.addresses : []).entries()) {
      const at = `${here}addresses[${place}]`;
      const ref = asRef(given as Value) ?? {};
      if (ref.href === undefined) {
        own.push(addressByValue(ref, asked.network.path, at));
        chosen.push({ ip: own.at(-1) ?? '', network: asked.network, at });
        continue;
      }
      const address = await context.resolve(ref.href, 'Address', at);
      if (inlineOf(ref, address.values))
        throw new Refusal(400, 'an Address that is referred to is taken as it is', { at, kind: 'unsupported' });
      if (address.cloud !== cloud) throw new Refusal(400, `${address.path} is not in cloud '${cloud.key}'`, { at });
      if (asRef(address.values.resource)?.href !== undefined) throw new Refusal(409, `${address.path} is in use`, { at, kind: 'conflict' });
      once(address.path, at);
      addresses.push(keyAt(address, at));
    }
    if (own.length > 0 && port !== undefined)
      throw new Refusal(400, `an interface has the addresses of its port ${port}`, { at: `${here}addresses` });
    mustGiveAddresses(cloud, own.length, `${here}addresses`);
    const { network, networkPort, state, ...more } = asked.request;
    const early = cloud.capabilities.portsAtCreate === true && typeof networkPort === 'string' ? { networkPort } : {};
    const update: Values = {
      ...(networkPort === undefined || early.networkPort !== undefined ? {} : { networkPort }),
      ...(state === undefined || state === 'ACTIVE' ? {} : { state }),
      ...more,
    };
    const foreign = Object.keys(update).find((name) => cloud.changes('interfaces', name) === undefined);
    if (foreign !== undefined) {
      throw new Refusal(400, `cloud '${cloud.key}' does not set this of an interface`, { at: `${here}${foreign}`, kind: 'unsupported' });
    }
    planned.push({ network: String(network), ...early, update, addresses, ...(own.length === 0 ? {} : { own }) });
  }
  await refuseUnfitAddresses(context, cloud, chosen);
  return planned;
}

interface WithInterfaces {
  cloud: string;
  parts?: { interfaces?: readonly PlannedInterface[] };
  keys?: KeysToCome;
}

/** Makes the interfaces that the provider gave a machine what they were asked to be. Every attempt does the same. */
export function interfaceStep<I extends WithInterfaces>(machineKey: (context: StepContext<I>) => string): Step<I> {
  return {
    name: 'interfaces',
    message: 'Setting up its network interfaces and their addresses',
    idle: ({ input }) => !asksForMore(input),
    async run(context) {
      const cloud = cloudOf(context.clouds, context.input.cloud);
      const planned = context.input.parts?.interfaces ?? [];
      if (!asksForMore(context.input)) return { done: null };
      const { value } = await cloud.list('interfaces', { maxAgeMs: 0 });
      const free = value.filter((item) => item.owner === machineKey(context)).sort((one, two) => (one.key < two.key ? -1 : 1));
      if (free.length < planned.length) {
        if (context.elapsedMs < 2 * cloud.capabilities.settleMs) return { wait: 250 };
        throw new StepFailure('the provider made fewer interfaces than were asked for', 'unavailable');
      }
      const wanted = (await withKeys(context, planned as unknown as Value)) as unknown as readonly PlannedInterface[];
      const ports = wanted.flatMap(({ networkPort }) => networkPort ?? []);
      const told = await addressTold(cloud, wanted);
      const calls: Call[] = [];
      for (const { network, networkPort, update, addresses, own } of wanted) {
        const fits = (port: string | undefined) => (networkPort === undefined ? !ports.includes(port ?? '') : port === networkPort);
        const inPlace = free.toSorted((one, two) => Number(told(two.key) === own?.[0]) - Number(told(one.key) === own?.[0]));
        const item = take(inPlace, network, fits);
        free.splice(free.indexOf(item), 1);
        if (Object.keys(update).length > 0) calls.push({ group: 'interfaces', method: 'update', args: [item.key, update as Value] });
        for (const address of addresses) calls.push({ group: 'addresses', method: 'bind', args: [address, { interface: item.key }] });
      }
      return carryOutAll(context, calls);
    },
  };
}

/** Tells whether an interface is to be more than what the provider makes of it. */
function asksForMore({ parts }: WithInterfaces): boolean {
  return (parts?.interfaces ?? []).some(({ update, addresses }) => addresses.length > 0 || Object.keys(update).length > 0);
}

/** Tells which of the main addresses that were asked for an interface has, by its key: of two in one network they say which is which. */
async function addressTold(cloud: Cloud, wanted: readonly PlannedInterface[]): Promise<(key: string) => string | undefined> {
  const asked = wanted.flatMap(({ own }) => own?.[0] ?? []);
  const known = asked.length > 0 && cloud.has('addresses') ? (await cloud.list('addresses', { maxAgeMs: 0 })).value : [];
  return (key) => asked.find((ip) => known.some(({ owner, values }) => owner === key && isSameAddress(String(values.ip), ip)));
}

/** The next interface in a network that is the port asked for, or none of them: providers list them in any order. */
function take(free: readonly Item[], network: string, fits: (port: string | undefined) => boolean): Item {
  const keyOf = (value: Value | undefined) => (value as unknown as ItemRef | undefined)?.item.key;
  const item = free.find(({ values }) => keyOf(values.network) === network && fits(keyOf(values.networkPort)));
  if (!item) throw new StepFailure(`the provider made no interface in ${network}`, 'unavailable');
  return item;
}
