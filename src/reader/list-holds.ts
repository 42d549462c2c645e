import { giveWay } from '../model/turns';
import type { ResourceRow, StoreReads } from '../store/store';

export type Holds = Awaited<ReturnType<StoreReads['holds']>>;

/** Holds that are read at least, and paths of which holds are read at once. */
const FEW = 100;
const AT_ONCE = 1000;

/** Rows of a list and the holds on all that it may show, of one moment. */
export interface Held {
  holds: Holds;
  rows: readonly ResourceRow[];
  /** Keys of things whose rows were deleted since they were read. */
  deleted: ReadonlySet<string>;
}

/** Begins to read the holds that a list of about so many items needs. */
export interface ListHolds {
  /**
   * Reads the rest, where more is held than the list is long, as when very many Jobs wait.
   * @param rows as they were read
   * @param others paths that the list may show without a row
   * @param again reads these rows once more, those that are still there: a Job that ended since they were read holds them no more, and
   * a machine that it stopped or deleted would be shown as it was before
   */
  among(
    rows: readonly ResourceRow[],
    others: () => Iterable<string>,
    again: (paths: readonly string[]) => Promise<readonly ResourceRow[]>,
  ): Promise<Held>;
}

const NONE: ReadonlySet<string> = new Set();

/** Reads all holds as long as these are no more than a list has items, which is soonest; never those of all Jobs that wait. */
export function holdsOf(store: StoreReads, items: number): ListHolds {
  const most = Math.max(FEW, items);
  const first = store.holds(undefined, most);
  // Who never asks is told of no failure of it.
  first.catch(() => undefined);
  return {
    async among(rows, others, again) {
      const all = await first;
      if (all.size < most) return { holds: all, rows, deleted: NONE };
      const own = rows.map(({ path }) => path);
      const wanted = [...new Set([...own, ...others()])];
      const holds: Holds = new Map();
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        if (at > 0) await giveWay();
        for (const [path, hold] of await store.holds(wanted.slice(at, at + AT_ONCE))) holds.set(path, hold);
      }
      const now = await again(own);
      const there = new Set(now.map(({ path }) => path));
      const deleted = rows.flatMap(({ path, providerKey }) => (providerKey === null || there.has(path) ? [] : [providerKey]));
      return { holds, rows: now, deleted: new Set(deleted) };
    },
  };
}
