import { giveWay } from '../model/turns';
import type { StoreReads } from '../store/store';

export type Holds = Awaited<ReturnType<StoreReads['holds']>>;

/** Holds that are read at least, and paths of which holds are read at once. */
const FEW = 100;
const AT_ONCE = 1000;

/** Begins to read the holds that a list of about so many items needs. */
export interface ListHolds {
  /** @param paths all that the list may show; they are asked for where more is held than the list is long, as when very many Jobs wait */
  among(paths: () => Iterable<string>): Promise<Holds>;
}

/** Reads all holds as long as these are no more than a list has items, which is soonest; never those of all Jobs that wait. */
export function holdsOf(store: StoreReads, items: number): ListHolds {
  const most = Math.max(FEW, items);
  const first = store.holds(undefined, most);
  // Who never asks is told of no failure of it.
  first.catch(() => undefined);
  return {
    async among(paths) {
      const all = await first;
      if (all.size < most) return all;
      const wanted = [...new Set(paths())];
      const found: Holds = new Map();
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        if (at > 0) await giveWay();
        for (const [path, hold] of await store.holds(wanted.slice(at, at + AT_ONCE))) found.set(path, hold);
      }
      return found;
    },
  };
}
