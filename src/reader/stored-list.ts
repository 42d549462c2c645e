import { giveWay } from '../model/turns';
import type { Values } from '../model/values';
import { Refusal } from '../operations/resource-handler';
import { compareText, type Sorter, type SortValue } from '../query/order';
import type { Condition, ListQuery, ListPlace, PlaceQuery } from '../store/listing';
import type { Pushed } from './filter-pushdown';

/**
 * Lists of what the gateway keeps in rows, read window by window (4.1.6.2). The database decides what it can of the
 * filter, and the order of time; what is left is looked at page by page. Memory holds one page and, at most, the places
 * of the window; nobody waits longer than a slice takes.
 *
 * Every window is of the list as it is now. Successive windows are of one list for all that was there from the first to
 * the last of them: what is new stands at the end (with `created:desc` at the beginning), what was deleted moves the rest up.
 */

/** One table of rows as a caller sees it: rows `R`, shown as `V`. */
export interface StoredTable<R, V> {
  /** Counts the rows that match at most one indexed equality, where that is kept count of. */
  counted(key: Condition | undefined): Promise<number | undefined>;
  count(query: ListQuery): Promise<number>;
  place(query: PlaceQuery): Promise<ListPlace | undefined>;
  rows(query: ListQuery & { paths?: readonly string[] }): Promise<R[]>;
  placeOf(row: R): ListPlace;
  /** Values that orders are about, with id; `filtered`: what filters are about too. */
  values(rows: readonly R[], filtered: boolean): Promise<readonly Values[]>;
  views(rows: readonly R[]): Promise<readonly V[]>;
  /** Returns those that may be seen; absent where all may. */
  seen?: ((rows: readonly R[]) => Promise<readonly R[]>) | undefined;
}

export interface ListPlan {
  pushed: Pushed;
  /** The whole filter; undefined where the database decides it. */
  matches?: ((values: Values) => boolean) | undefined;
  /** Any order but that of time. */
  sorter?: Sorter | undefined;
  /** Newest first. */
  descending: boolean;
  first: number | undefined;
  last: number | undefined;
  /** Most items of one answer. */
  maxItems: number;
  sizes?: Sizes | undefined;
  /** Tenant whose work it is. */
  whose: string;
}

/** The window of a list. */
export interface Part<V> {
  /** Items of the whole list. */
  count: number;
  /** Items of the window, before any is read. */
  shown: number;
  /** The window's items. */
  pages(): AsyncIterable<readonly V[]>;
  /** Reads a short list at once, counted by what it shows; absent where that is too long, or ends before the list does. */
  atOnce?(): Promise<Part<V>>;
}

/** Amount that is done in one go. */
export interface Sizes {
  /** Rows that the database looks through. */
  slice: number;
  /** Rows of the table between two looks at what is left of the filter. */
  stretch: number;
  /** Rows in memory. */
  page: number;
  /** Sort keys in memory. */
  kept: number;
}

/** Sizes of lists whose rows are documents. */
export const SIZES: Sizes = { slice: 10_000, stretch: 1_000, page: 100, kept: 20_000 };

/** Finds the window that is asked for. @throws Refusal 503 where it has more items than are answered at once. */
export async function partOf<R, V>(table: StoredTable<R, V>, plan: ListPlan): Promise<Part<V>> {
  const { pushed, sorter, matches } = plan;
  // What may not be seen is not counted either, and no database knows of it.
  if (sorter || matches || table.seen) return gathered(table, plan);
  const { key, rest } = pushed;
  const total = (await table.counted(key)) ?? (await table.count({ where: key }));
  return rest ? sliced(table, plan, total) : whole(table, plan, total);
}

/** The items from which to which, from 0. */
function boundsOf({ first, last, maxItems }: ListPlan, count: number): { from: number; to: number } {
  const from = Math.min(Math.max(first ?? 1, 1) - 1, count);
  const to = Math.max(from, Math.min(last ?? count, count));
  if (to - from > maxItems) throw tooLong(to - from, maxItems);
  return { from, to };
}

function tooLong(count: number, most: number): Refusal {
  return new Refusal(
    503,
    `these are at least ${count} items, more than the ${most} that this gateway answers at once (lists.maxItems): ask for windows, as $first=1&$last=${most}, or narrow the list down with $filter`,
  );
}

/** A part of the table, with how many rows of it are in the list. */
interface Slice {
  after?: ListPlace | undefined;
  upTo?: ListPlace | undefined;
  count: number;
}

async function whole<R, V>(table: StoredTable<R, V>, plan: ListPlan, count: number): Promise<Part<V>> {
  return inSlices(table, plan, plan.pushed.key, [{ count }]);
}

async function sliced<R, V>(table: StoredTable<R, V>, plan: ListPlan, total: number): Promise<Part<V>> {
  const { key, rest } = plan.pushed;
  const where = both(key, rest);
  const slices: Slice[] = [];
  for await (const { after, upTo } of stretches(table, plan, total, sizesOf(plan).slice)) {
    slices.push({ after, upTo, count: await table.count({ where, descending: plan.descending, after, upTo }) });
  }
  return inSlices(table, plan, where, slices);
}

const sizesOf = ({ sizes = SIZES }: ListPlan): Sizes => sizes;

/** Pages that are read at once, so that the list is counted by what it shows. */
const FEW_PAGES = 10;

/**
 * Reads the window, slice by slice. A row that is committed after the count may stand before others (it was begun before them): what
 * reaches to the end of the list is therefore read to its end, not to the number that was counted.
 */
function inSlices<R, V>(table: StoredTable<R, V>, plan: ListPlan, where: Condition | undefined, slices: readonly Slice[]): Part<V> {
  const count = slices.reduce((sum, slice) => sum + slice.count, 0);
  const { from, to } = boundsOf(plan, count);
  const { descending } = plan;
  const { page } = sizesOf(plan);
  const isOpen = to === count;
  const most = plan.last === undefined ? Number.POSITIVE_INFINITY : plan.last - from;
  const lazy: Part<V> = {
    count,
    shown: to - from,
    async *pages() {
      let at = 0;
      let room = most;
      for (const slice of slices) {
        const skipped = Math.max(0, from - at);
        const counted = Math.min(slice.count, to - at) - skipped;
        at += slice.count;
        if (counted <= 0) continue;
        let left = isOpen ? room : counted;
        const list = { where, descending, after: slice.after, upTo: slice.upTo };
        let after = skipped === 0 ? slice.after : await placeAt(table, list, skipped - 1, slice.count);
        while (left > 0) {
          const limit = Math.min(page, left);
          const rows = await table.rows({ ...list, after, limit });
          const last = rows.at(-1);
          if (!last) break;
          yield await table.views(rows);
          left -= rows.length;
          room -= rows.length;
          after = table.placeOf(last);
          await giveWay(plan.whose);
          if (rows.length < limit) break;
        }
      }
    },
  };
  if (!isOpen || count > FEW_PAGES * page) return lazy;
  return {
    ...lazy,
    async atOnce() {
      const read: (readonly V[])[] = [];
      for await (const views of lazy.pages()) read.push(views);
      const shown = read.reduce((sum, { length }) => sum + length, 0);
      return { count: from + shown, shown, pages: () => inTurn(read) };
    },
  };
}

async function* inTurn<T>(all: readonly T[]): AsyncGenerator<T> {
  for (const each of all) yield await Promise.resolve(each);
}

/** Finds the place of a row, counted from the end that is nearer. */
function placeAt<R>(table: StoredTable<R, unknown>, list: ListQuery, offset: number, count: number): Promise<ListPlace | undefined> {
  return offset <= count / 2 ? table.place({ ...list, offset }) : table.place({ ...list, offset: count - 1 - offset, fromEnd: true });
}

/** The table cut into stretches of so many rows that the key finds, in the order of the list; others have their turn between. */
async function* stretches<R>(
  table: StoredTable<R, unknown>,
  { pushed: { key }, descending, whose }: Pick<ListPlan, 'pushed' | 'descending' | 'whose'>,
  total: number,
  size: number,
): AsyncGenerator<Pick<Slice, 'after' | 'upTo'>> {
  let after: ListPlace | undefined;
  if (total > size) {
    for (;;) {
      const upTo = await table.place({ where: key, descending, after, offset: size - 1 });
      if (!upTo) break;
      yield { after, upTo };
      after = upTo;
      await giveWay(whose);
    }
  }
  yield { after };
}

interface Entry {
  keys: readonly SortValue[];
  place: ListPlace;
}

/** Looks through the rows themselves: for what of the filter, or of the order, the database does not know. */
async function gathered<R, V>(table: StoredTable<R, V>, plan: ListPlan): Promise<Part<V>> {
  const { count, places } = plan.sorter ? await sorted(table, plan, plan.sorter) : await found(table, plan);
  const { page } = sizesOf(plan);
  return {
    count,
    shown: places.length,
    async *pages() {
      for (let at = 0; at < places.length; at += page) {
        const paths = places.slice(at, at + page).map(({ path }) => path);
        const rows = await table.rows({ paths });
        const byPath = new Map(rows.map((row) => [table.placeOf(row).path, row]));
        const inOrder = paths.flatMap((path) => byPath.get(path) ?? []);
        // Some may have been changed since.
        const still = await kept(table, plan, inOrder);
        yield await table.views(still.map(({ row }) => row));
        await giveWay(plan.whose);
      }
    },
  };
}

async function found<R>(table: StoredTable<R, unknown>, plan: ListPlan): Promise<{ count: number; places: ListPlace[] }> {
  const places: ListPlace[] = [];
  const from = Math.max(plan.first ?? 1, 1);
  const last = plan.last ?? Infinity;
  let count = 0;
  for await (const page of matching(table, plan)) {
    for (const { row } of page) {
      count += 1;
      if (count >= from && count <= last) places.push(table.placeOf(row));
    }
    if (places.length > plan.maxItems) throw tooLong(places.length, plan.maxItems);
  }
  return { count, places };
}

/** Reads a list longer than keys are kept of: each pass looks for the next so many. */
async function sorted<R>(table: StoredTable<R, unknown>, plan: ListPlan, sorter: Sorter): Promise<{ count: number; places: ListPlace[] }> {
  const compare = (a: Entry, b: Entry): number =>
    sorter.compare(a.keys, b.keys) || compareText(a.place.created, b.place.created) || compareText(a.place.path, b.place.path);
  const places: ListPlace[] = [];
  let count = Number.NaN;
  let passed = 0;
  for (let bound: Entry | undefined; ;) {
    const next = new Nearest(compare, bound, sizesOf(plan).kept);
    let all = 0;
    for await (const page of matching(table, plan)) {
      all += page.length;
      for (const { row, values } of page) next.add({ keys: sorter.read(values), place: table.placeOf(row) });
    }
    if (Number.isNaN(count)) count = all;
    const { from, to } = boundsOf(plan, count);
    const entries = next.sorted();
    for (const { place } of entries.slice(Math.max(0, from - passed), Math.max(0, to - passed))) places.push(place);
    passed += entries.length;
    bound = entries.at(-1);
    if (passed >= to || !bound) return { count, places };
  }
}

/** The first so many entries after a bound. */
class Nearest {
  private entries: Entry[] = [];

  constructor(
    private readonly compare: (a: Entry, b: Entry) => number,
    private readonly bound: Entry | undefined,
    private readonly most: number,
  ) {}

  add(entry: Entry): void {
    if (this.bound && this.compare(entry, this.bound) <= 0) return;
    this.entries.push(entry);
    if (this.entries.length >= 2 * this.most) this.entries = this.sorted();
  }

  sorted(): Entry[] {
    return this.entries.sort(this.compare).slice(0, this.most);
  }
}

interface Match<R> {
  row: R;
  values: Values;
}

async function* matching<R>(table: StoredTable<R, unknown>, plan: ListPlan): AsyncGenerator<readonly Match<R>[]> {
  const { key, rest } = plan.pushed;
  const where = both(key, rest);
  const total = (await table.counted(key)) ?? (await table.count({ where: key }));
  const descending = plan.descending && !plan.sorter;
  const { page } = sizesOf(plan);
  for await (const { after: begin, upTo } of stretches(table, { ...plan, descending }, total, sizesOf(plan).stretch)) {
    for (let after = begin; ;) {
      const rows = await table.rows({ where, descending, after, upTo, limit: page });
      yield await kept(table, plan, rows);
      const last = rows.at(-1);
      if (rows.length < page || !last) break;
      after = table.placeOf(last);
      await giveWay(plan.whose);
    }
  }
}

async function kept<R>(table: StoredTable<R, unknown>, { matches }: ListPlan, rows: readonly R[]): Promise<Match<R>[]> {
  const seen = table.seen ? await table.seen(rows) : rows;
  const values = await table.values(seen, matches !== undefined);
  const all = seen.map((row, index) => ({ row, values: values[index] ?? {} }));
  return matches ? all.filter((one) => matches(one.values)) : all;
}

export function both(key: Condition | undefined, rest: Condition | undefined): Condition | undefined {
  return key && rest ? { kind: 'and', terms: [key, rest] } : (key ?? rest);
}
