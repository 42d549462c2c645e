import type { CallContext, Item } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Kind, Things } from './things';

/** Largest number of things that are read one by one, all at once; more are read by the pages of a listing. */
export const FEW = 4;
/** Reads by id that run at the same time where many are missing in a listing. */
const AT_ONCE = 8;

/** Ids of another shape cannot exist. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Things by id: each with its thing, or the proof that there is none; an id with neither is unknown. */
export type Answered<T> = ReadonlyMap<string, T | Gone>;

/**
 * Reads by id where the service has no way to ask for several at once: a few by themselves, more by a listing. What a
 * listing leaves out may still be there (a cell that is down, a page that was cut): its service is asked for it by itself.
 * @throws ProviderError where nothing could be read
 */
export async function byIds<K extends Kind>(
  wire: Wire,
  kind: K,
  ids: readonly string[],
  context: CallContext,
): Promise<Answered<Things[K]>> {
  const wanted = new Set(ids);
  const found = new Map<string, Things[K] | Gone>();
  if (wanted.size > FEW) {
    for await (const page of wire.pages(kind, context)) {
      for (const thing of page) if (wanted.has(thing.id)) found.set(thing.id, thing);
      if (found.size === wanted.size) break;
    }
  }
  return confirmed(wire, kind, [...wanted], found, context);
}

/**
 * Completes `found` by asking for each missing thing by itself.
 * @throws ProviderError where nothing is known of any of them
 */
export async function confirmed<K extends Kind>(
  wire: Wire,
  kind: K,
  ids: readonly string[],
  found: Map<string, Things[K] | Gone>,
  context: CallContext,
): Promise<Answered<Things[K]>> {
  const missing = ids.filter((id) => !found.has(id));
  let failure: ProviderError | undefined;
  for (let n = 0; n < missing.length; n += AT_ONCE) {
    const asked = missing.slice(n, n + AT_ONCE);
    const told = await Promise.all(asked.map(async (id) => [id, await attempt(wire.oneOrGone(kind, id, context))] as const));
    // One that cannot be read must not spoil the others.
    for (const [id, answer] of told) {
      if (answer instanceof Gone || !(answer instanceof ProviderError)) found.set(id, answer);
      else failure = answer;
    }
    // A service that is away is not asked for the rest.
    if (asked.every((id) => !found.has(id))) break;
  }
  if (failure !== undefined && found.size === 0) throw failure;
  return found;
}

async function attempt<T>(read: Promise<T>): Promise<T | ProviderError> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  }
}

/** The things among the answers. */
export const present = <T extends object>(answered: Answered<T>): T[] =>
  [...answered.values()].flatMap((each) => (each instanceof Gone ? [] : each));

/**
 * Answers of `getMany`: the item of each key, or why there is none.
 * @param shape whether a thing may have such a key at all
 */
export async function answers<T extends object>(
  type: Kind,
  keys: readonly string[],
  read: (ids: readonly string[]) => Promise<Answered<T>>,
  items: (things: readonly T[]) => Promise<readonly (Item | Gone)[]>,
  shape: RegExp = UUID,
): Promise<(Item | Gone)[]> {
  const possible = keys.filter((key) => shape.test(key));
  const impossible = keys.filter((key) => !shape.test(key)).map((key) => Gone.impossible({ type, key }));
  if (possible.length === 0) return impossible;
  const answered = await read(possible);
  const gone = [...answered.values()].filter((each) => each instanceof Gone);
  return [...impossible, ...gone, ...(await items(present(answered)))];
}

/** The items among what things were translated to. */
export const shown = (items: readonly (Item | Gone)[]): Item[] => items.flatMap((item) => (item instanceof Gone ? [] : item));
