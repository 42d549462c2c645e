import type { CallContext, FindGroup, Item } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import { noSuch, translate } from './errors';
import type { Requests } from './requests';
import type { Kind, Of } from './things';

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
    if (!(error instanceof Gone)) throw error;
  }
}

/** The reads of a group: `item` translates one thing, or gives undefined for what is gone. */
export function reads<K extends Kind>(
  client: Requests,
  kind: K,
  group: string,
  item: (thing: Of<K>, now: number) => Item | undefined,
): FindGroup {
  const items = (things: readonly Of<K>[]): Item[] => {
    const now = Date.now();
    return things.flatMap((thing) => item(thing, now) ?? []);
  };
  async function* pages(as: string, filter: { tag?: string }, context: CallContext): AsyncGenerator<Item[]> {
    let after: number | undefined = 0;
    while (after !== undefined) {
      const page: { things: Of<K>[]; next?: number } = await sent(client.describe(kind, as, { ...filter, after }, context));
      yield items(page.things);
      after = page.next;
    }
  }
  return {
    list: (context) => pages(`${group}.list`, {}, context),
    async getMany(keys, context) {
      const wanted = [...new Set(keys)];
      const found: (Item | Gone)[] = [];
      for (let at = 0; at < wanted.length; at += BATCH) {
        const ids = wanted.slice(at, at + BATCH);
        const there = items((await sent(client.describe(kind, `${group}.getMany`, { ids }, context))).things);
        const told = new Set(there.map(({ key }) => key));
        // The provider answers for every id that it was asked for: what it leaves out, it does not have.
        found.push(...there, ...ids.filter((id) => !told.has(id)).map((id) => noSuch(kind, id)));
      }
      return found;
    },
    async find({ tag }, context) {
      const found: Item[] = [];
      for await (const page of pages(`${group}.find`, { tag }, context)) found.push(...page);
      return found.filter((each) => each.tag === tag);
    },
  };
}
