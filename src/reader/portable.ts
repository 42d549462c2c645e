import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { ProviderError } from '../clouds/errors';
import { encodeId } from '../clouds/identity';
import { choiceWords, cloudsNaming, figuresOfSize, namesIn, newest, suits, type ImageChoice, type SizeChoice } from '../clouds/portable';
import { giveWay, overdue } from '../model/turns';
import type { Value, Values } from '../model/values';
import { Refusal, type Found, type ResourceHandler } from '../operations/resource-handler';
import { listCloud } from './cloud-list';
import { permitRead } from './policy';
import type { Listing, ReadableFound, Reading, ReadOptions } from './reading';
import { steadyTime } from '../model/steady-time';

/**
 * Resources that are names of the configuration's: an image or a size that is called the same on every cloud. They have no row
 * and no item; what they stand for in a cloud is looked for when they are read, or when something is made of them.
 */

/** Listing of what a cloud has of the type. @throws ProviderError */
type Listed = (cloud: Cloud) => Promise<readonly ReadableFound[]>;

/** One name, for one tenant. */
interface Name {
  reading: Reading;
  handler: ResourceHandler;
  name: string;
  /** Clouds that have it. */
  clouds: readonly Cloud[];
  listed: Listed;
}

/** Thing that a name stands for in a cloud, or the reason why there is none. */
interface Place {
  cloud: Cloud;
  found?: Found;
  reason?: string;
  /** The cloud did not answer. */
  unknown?: boolean;
}

/** The resource of a name; undefined where the tenant has no cloud that has the name. */
export async function portableOne(
  reading: Reading,
  handler: ResourceHandler,
  name: string,
  { unplaced = false }: Pick<ReadOptions, 'unplaced'>,
): Promise<ReadableFound | undefined> {
  const clouds = cloudsNaming(having(reading, handler), handler.type, name);
  if (clouds.length === 0) return undefined;
  return shown({ reading, handler, name, clouds, listed: (cloud) => listOf(reading, handler, cloud) }, unplaced);
}

/**
 * The resources of all names that the tenant's clouds have.
 * @param listing what the clouds have of the type, just listed
 */
export async function portableAll(reading: Reading, handler: ResourceHandler, listing: Listing): Promise<ReadableFound[]> {
  const listed: Listed = (cloud) => {
    const away = listing.unavailable.find((one) => one.cloud === cloud.key);
    if (away) return Promise.reject(away.error);
    return Promise.resolve(listing.founds.filter((found) => found.cloud?.key === cloud.key));
  };
  const names = [...namesIn(having(reading, handler), handler.type)];
  const founds = await Promise.all(names.map(([name, clouds]) => shown({ reading, handler, name, clouds, listed }, false)));
  return founds.flatMap((found) => found ?? []);
}

function having({ context, tenant }: Reading, { group, type }: ResourceHandler): readonly Cloud[] {
  return context.policy.cloudsOf(tenant, type).filter((cloud) => group !== undefined && cloud.has(group));
}

async function listOf(reading: Reading, handler: ResourceHandler, cloud: Cloud): Promise<readonly ReadableFound[]> {
  return handler.group === undefined ? [] : listCloud(reading, handler, handler.group, cloud);
}

async function shown(one: Name, unplaced: boolean): Promise<ReadableFound | undefined> {
  const { reading, handler, name, clouds } = one;
  const { type } = handler;
  const { catalogue, policy } = reading.context;
  const path = `${catalogue.pathOf(type) ?? ''}/${name}`;
  const places = unplaced ? [] : await Promise.all(clouds.map((cloud) => placeIn(one, cloud)));
  const nothing = { row: undefined, item: undefined, key: undefined, held: undefined };
  const found: Found = {
    path,
    type,
    tenant: reading.tenant,
    cloud: null,
    ...nothing,
    values: { name, ...(type === 'MachineImage' ? imageValues(path, places) : sizeValues(places)), ...told(type, places) },
    at: steadyTime(),
    portable: { clouds: clouds.map(({ key }) => key), in: (cloud) => meant(one, cloud) },
  };
  return permitRead(policy, reading.tenant, found, { type, tenant: reading.tenant, cloud: null, discovered: false });
}

async function placeIn(one: Name, cloud: Cloud): Promise<Place> {
  try {
    return { cloud, found: await meant(one, cloud) };
  } catch (error) {
    if (error instanceof ProviderError)
      return { cloud, reason: `cloud '${cloud.key}' does not answer now: ${error.message}`, unknown: true };
    if (error instanceof Refusal) return { cloud, reason: error.reason };
    throw error;
  }
}

/** Finds what the name stands for in a cloud. @throws Refusal 400, ProviderError */
async function meant(one: Name, cloud: Cloud): Promise<Found> {
  const { handler, name, clouds } = one;
  const image = handler.type === 'MachineImage' ? cloud.names?.images[name] : undefined;
  const size = handler.type === 'MachineConfiguration' ? cloud.names?.sizes[name] : undefined;
  const choice = image ?? size;
  const found = image ? await imageIn(one, cloud, image) : size && (await sizeIn(one, cloud, size));
  if (found) return found;
  const kind = handler.type === 'MachineImage' ? 'image' : 'size';
  const others = clouds.filter((other) => other !== cloud).map(({ key }) => `'${key}'`);
  const elsewhere = others.length > 0 ? `; the name is also in the configuration of ${others.join(', ')}` : '';
  throw new Refusal(
    400,
    `cloud '${cloud.key}' has no ${kind} '${name}' now: there is none with ${choice ? choiceWords(choice) : 'that name'}${elsewhere}`,
    { kind: 'unsupported' },
  );
}

async function imageIn(one: Name, cloud: Cloud, choice: ImageChoice): Promise<Found | undefined> {
  if (choice.id !== undefined) return byKey(one, cloud, choice.id);
  const { owner } = choice;
  if (owner !== undefined) {
    const items = (await cloud.imagesOf({ ...choice, owner })).filter((item) => suits(item, choice));
    const first = newest(items.map((item) => ({ item })));
    return first && byKey(one, cloud, first.item.key);
  }
  const candidates: { item: Item; found: Found }[] = [];
  for (const found of await one.listed(cloud)) {
    if (overdue()) await giveWay(one.reading.tenant);
    if (found.item && !found.held && suits(found.item, choice)) candidates.push({ item: found.item, found });
  }
  return newest(candidates)?.found;
}

async function sizeIn(one: Name, cloud: Cloud, choice: SizeChoice): Promise<Found | undefined> {
  const figures = figuresOfSize(choice);
  if (figures || !('size' in choice)) return figures && byFigures(one, figures);
  const listed = (await one.listed(cloud)).filter(({ key }) => key !== undefined);
  return listed.find(({ key }) => key === choice.size) ?? listed.find(({ item }) => item?.values.name === choice.size);
}

/** A configuration by value, as one of the gateway's own is. */
function byFigures({ reading, handler, name }: Name, values: Values): Found {
  const nothing = { row: undefined, item: undefined, key: undefined, held: undefined };
  const path = `${reading.context.catalogue.pathOf(handler.type) ?? ''}/${name}`;
  return { path, type: handler.type, tenant: reading.tenant, cloud: null, ...nothing, values: { name, ...values }, at: steadyTime() };
}

/** Reads it as anybody of the tenant would who names its id. */
async function byKey({ reading, handler }: Name, cloud: Cloud, key: string): Promise<Found | undefined> {
  const { catalogue, store } = reading.context;
  const [row] = await store.resources({ type: handler.type, cloud: cloud.key, providerKeys: [key] });
  const found = await reading.one(row?.path ?? `${catalogue.pathOf(handler.type) ?? ''}/${encodeId(cloud.key, key)}`);
  return found?.values.state === 'AVAILABLE' ? found : undefined;
}

/** AVAILABLE where any cloud has it; without a state where none that answered has. */
function imageValues(path: string, places: readonly Place[]): Values {
  const known = places.some(({ found }) => found) ? 'AVAILABLE' : 'ERROR';
  const state = known === 'ERROR' && places.some(({ unknown }) => unknown) ? undefined : known;
  return { ...(state === undefined ? {} : { state }), type: 'IMAGE', imageLocation: path };
}

/** Figures that it has at least, on whichever cloud; others only where all agree. */
function sizeValues(places: readonly Place[]): Values {
  const all = places.flatMap(({ found }) => (found ? [found.values] : []));
  const values: Values = {};
  for (const figure of ['cpu', 'memory'] as const) {
    const numbers = all.map((one) => one[figure]).filter((value) => typeof value === 'number');
    if (numbers.length > 0) values[figure] = Math.min(...numbers);
  }
  const [first, ...others] = all;
  for (const name of ['disks', 'cpuArch'] as const) {
    const same = others.every((other) => JSON.stringify(other[name]) === JSON.stringify(first?.[name]));
    if (same && first?.[name] !== undefined) values[name] = first[name];
  }
  return values;
}

/** Says what it is on each cloud, for people and for programs. */
function told(type: string, places: readonly Place[]): Values {
  if (places.length === 0) return {};
  const member = type === 'MachineImage' ? 'machineImage' : 'machineConfig';
  const list = places.map(({ cloud, found, reason }): Values => {
    const is = found?.key === undefined ? {} : { [member]: { href: found.path } };
    return { cloud: cloud.key, ...is, ...(reason === undefined ? {} : { reason }) };
  });
  const words = places.map(({ cloud, found }) => `${cloud.key}: ${found ? nameOf(found) : 'not to be had'}`);
  return { description: words.join('; '), places: list as unknown as Value };
}

function nameOf({ key, values }: Found): string {
  return key === undefined ? 'by its figures' : `${String(values.name ?? key)} (${key})`;
}
