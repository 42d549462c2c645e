import { giveWay } from '../model/turns';
import type { HeldResource, ResourceRow, StoreReads } from '../store/store';

export type Holds = Awaited<ReturnType<StoreReads['holds']>>;

/** Holds that are read at least, and paths of which holds are read at once. */
const FEW = 100;
const AT_ONCE = 1000;

/** Rows of a list, and the holds on all that it may show: none newer than its row, or than the look that found no row. */
export interface Held {
  holds: Holds;
  rows: readonly ResourceRow[];
}

/** Begins to read the holds that a list of about so many items needs. */
export interface ListHolds {
  /**
   * Resolves once those have come, or cannot be had. The look that finds no row of something comes after that: over several connections it
   * could be done first, and what a Job held that ends in between would be shown as it was before.
   */
  readonly come: Promise<void>;
  /**
   * Reads the rest, where more is held than the list is long, as when very many Jobs wait.
   * @param rows as they were read, with their holds
   * @param others paths that the list may show without a row
   * @param again looks once more for rows of what has none: a Job that ended since may have left one, and holds nothing any more
   */
  among(rows: readonly HeldResource[], others: () => Iterable<string>, again: () => Promise<readonly HeldResource[]>): Promise<Held>;
}

/** Reads all holds as long as these are no more than a list has items, which is soonest; never those of all Jobs that wait. */
export function holdsOf(store: StoreReads, items: number): ListHolds {
  const most = Math.max(FEW, items);
  const first = store.holds(undefined, most);
  const done = (): void => undefined;
  // Who never asks is told of no failure of it.
  const come = first.then(done, done);
  const rowless = async (
    paths: readonly string[],
    again: () => Promise<readonly HeldResource[]>,
  ): Promise<{ holds: Holds; came: readonly HeldResource[] }> => {
    if (paths.length === 0) return { holds: new Map(), came: [] };
    const all = await first;
    if (all.size < most) return { holds: all, came: [] };
    const holds: Holds = new Map();
    for (let at = 0; at < paths.length; at += AT_ONCE) {
      if (at > 0) await giveWay();
      for (const [path, hold] of await store.holds(paths.slice(at, at + AT_ONCE))) holds.set(path, hold);
    }
    return { holds, came: await again() };
  };
  return {
    come,
    async among(read, others, again) {
      const { holds, came } = await rowless([...new Set(others())], again);
      const newer = new Set(came.map(({ row }) => row.path));
      const rows = came.length === 0 ? read : read.filter(({ row }) => !newer.has(row.path)).concat(came);
      const found: Holds = new Map(holds);
      // A row's own hold is of the row's moment.
      for (const { row, held } of rows) {
        if (held) found.set(row.path, held);
        else found.delete(row.path);
      }
      return { holds: found, rows: rows.map(({ row }) => row) };
    },
  };
}
