import type { CallContext, Item, ReadGroup } from '../../src/clouds/driver';
import type { SimulatorClient } from './client';
import { translate } from './errors';
import type { Instance, Net, Shape, Snapshot } from './things';

interface Kinds {
  instance: Instance;
  snapshot: Snapshot;
  shape: Shape;
  net: Net;
}

/** Ids in one request. */
const BATCH = 100;

/** Runs a request; what it throws crosses as a ProviderError. */
export async function sent<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw translate(error);
  }
}

/** Deleting what is already gone is success. */
export async function sentDelete(request: Promise<void>): Promise<void> {
  try {
    await request;
  } catch (thrown) {
    const error = translate(thrown);
    if (error.kind !== 'notFound') throw error;
  }
}

/** The reads of a group: `item` translates one thing, or gives undefined for what is gone. */
export function reads<K extends keyof Kinds>(
  client: SimulatorClient,
  kind: K,
  group: string,
  item: (thing: Kinds[K], now: number) => Item | undefined,
): ReadGroup & { find(tag: string, context: CallContext): Promise<Item[]> } {
  const items = (things: readonly unknown[]): Item[] => {
    const now = Date.now();
    return things.flatMap((thing) => item(thing as Kinds[K], now) ?? []);
  };
  async function* pages(as: string, filter: { tag?: string }, context: CallContext): AsyncGenerator<Item[]> {
    let after: number | undefined = 0;
    while (after !== undefined) {
      const page: { things: unknown[]; next?: number } = await sent(client.describe(kind, as, { ...filter, after }, context));
      yield items(page.things);
      after = page.next;
    }
  }
  return {
    list: (context) => pages(`${group}.list`, {}, context),
    async getMany(keys, context) {
      const wanted = [...new Set(keys)];
      const found: Item[] = [];
      for (let at = 0; at < wanted.length; at += BATCH) {
        const ids = wanted.slice(at, at + BATCH);
        found.push(...items((await sent(client.describe(kind, `${group}.getMany`, { ids }, context))).things));
      }
      return found;
    },
    async find(tag, context) {
      const found: Item[] = [];
      for await (const page of pages(`${group}.find`, { tag }, context)) found.push(...page);
      return found.filter((each) => each.tag === tag);
    },
  };
}
