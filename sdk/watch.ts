import type { Collection, PageOptions } from './collection.ts';
import { CimiError } from './errors.ts';
import type { Handle, Resource } from './resource.ts';
import { pause } from './session.ts';
import type { TypeName } from './types.generated.ts';

/** Difference between two looks at a collection. */
export interface Change<K extends TypeName> {
  readonly change: 'added' | 'changed' | 'removed';
  readonly item: Handle<K>;
}

/** Options of watching a collection. */
export type WatchOptions<K extends TypeName> = Pick<PageOptions<K>, 'filter'> & {
  /** Pause between two looks, ms; 3,000 if not said otherwise. */
  everyMs?: number | undefined;
  /** Ends it. */
  signal?: AbortSignal | undefined;
};

const EVERY = 3000;
/** Longest pause while the provider is away, ms. */
const LONGEST = 60_000;
const PASSING: readonly string[] = ['unreachable', 'unavailable', 'throttled', 'timeout'];

/** Items as they were last seen, by id. */
type Known<K extends TypeName> = ReadonlyMap<string, { text: string; item: Handle<K> }>;

/**
 * Changes of a collection's items, those that are there first. It is asked for again and again, and answered only where something is
 * another; while the provider is away it waits longer each time, and goes on.
 * @throws CimiError where it is refused
 */
export async function* watch<K extends TypeName>(
  collection: Collection<K>,
  { filter, everyMs = EVERY, signal }: WatchOptions<K> = {},
): AsyncGenerator<Change<K>, void, undefined> {
  let known: Known<K> = new Map();
  let unless: string | undefined;
  for (let away = 0; ;) {
    const page = await collection.page({ filter, unless, signal } as PageOptions<K>).catch(unlessPassing);
    away = page === AWAY ? away + 1 : 0;
    // A cloud that does not answer has lost nothing.
    if (page !== AWAY && page?.unavailableClouds.length === 0) {
      const now = knownOf(page.items as readonly Handle<K>[]);
      yield* changes(known, now);
      known = now;
      unless = page.etag;
    }
    await pause(Math.min(everyMs * 2 ** away, LONGEST), signal);
  }
}

const AWAY = 'away';

function unlessPassing(error: unknown): typeof AWAY {
  if (error instanceof CimiError && PASSING.includes(error.kind)) return AWAY;
  throw error;
}

const knownOf = <K extends TypeName>(items: readonly Handle<K>[]): Known<K> =>
  new Map(items.map((item) => [(item as unknown as Resource).id, { text: JSON.stringify(item), item }]));

function* changes<K extends TypeName>(before: Known<K>, now: Known<K>): Generator<Change<K>> {
  for (const [id, { text, item }] of now) {
    const known = before.get(id);
    if (known?.text !== text) yield { change: known ? 'changed' : 'added', item };
  }
  for (const [id, { item }] of before) if (!now.has(id)) yield { change: 'removed', item };
}
