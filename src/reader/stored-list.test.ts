import { compareText } from '../query/order';
import type { ListPlace, ListQuery } from '../store/listing';
import { partOf, type ListPlan, type StoredTable } from './stored-list';

interface Row {
  created: string;
  path: string;
}

const sizes = { slice: 10, stretch: 10, page: 2, kept: 100 };
const plan: ListPlan = {
  pushed: { exact: true },
  descending: false,
  first: undefined,
  last: undefined,
  ...{ maxItems: 1_000, sizes, whose: 'acme' },
};
const row = (created: number, path = `r${created}`): Row => ({ created: String(created).padStart(4, '0'), path });
const compare = (a: ListPlace, b: ListPlace) => compareText(a.created, b.created) || compareText(a.path, b.path);

/** A table into which rows are committed after its rows were counted. */
class Busy implements StoredTable<Row, string> {
  rowsNow: Row[];

  constructor(
    rows: readonly Row[],
    private readonly late: Row[],
  ) {
    this.rowsNow = [...rows];
  }

  counted(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  count(query: ListQuery): Promise<number> {
    return Promise.resolve(this.within(query).length);
  }

  place({ offset, fromEnd, ...query }: ListQuery & { offset: number; fromEnd?: boolean }): Promise<ListPlace | undefined> {
    const all = this.within(query);
    return Promise.resolve(all[fromEnd ? all.length - 1 - offset : offset]);
  }

  rows({ limit, ...query }: ListQuery & { limit?: number }): Promise<Row[]> {
    this.rowsNow.push(...this.late.splice(0));
    return Promise.resolve(this.within(query).slice(0, limit));
  }

  placeOf(of: Row): ListPlace {
    return of;
  }

  values(rows: readonly Row[]): Promise<{ id: string }[]> {
    return Promise.resolve(rows.map(({ path }) => ({ id: path })));
  }

  views(rows: readonly Row[]): Promise<string[]> {
    return Promise.resolve(rows.map(({ path }) => path));
  }

  private within({ after, upTo, descending }: ListQuery): Row[] {
    const order = descending ? -1 : 1;
    return [...this.rowsNow]
      .sort((a, b) => order * compare(a, b))
      .filter((one) => (!after || order * compare(one, after) > 0) && (!upTo || order * compare(one, upTo) <= 0));
  }
}

async function listed(table: Busy, change: Partial<ListPlan> = {}): Promise<{ count: number; paths: string[] }> {
  const part = await partOf(table, { ...plan, ...change });
  const { count, pages } = (await part.atOnce?.()) ?? part;
  const paths: string[] = [];
  for await (const page of pages()) paths.push(...page);
  return { count, paths };
}

// Its transaction was begun before that of the row behind it, and committed after the count.
const LATE = row(1, 'late');

test.each([false, true])(
  'a row that is committed before others while a list is read leaves none of those out (descending: %p)',
  async (descending) => {
    const rows = [1, 2, 3, 4, 5].map((at) => row(at));
    const { count, paths } = await listed(new Busy(rows, [LATE]), { descending });
    expect(paths).toEqual(expect.arrayContaining(rows.map(({ path }) => path)));
    expect(count).toBe(paths.length);
  },
);

test('nor in a list that is too long to be read at once, nor in one of which the database looks through slices', async () => {
  const rows = Array.from({ length: 55 }, (_, at) => row(at));
  const rest = { kind: 'not', term: { kind: 'and', terms: [] } } as unknown as ListPlan['pushed']['rest'];
  for (const pushed of [plan.pushed, { rest, exact: true } as ListPlan['pushed']]) {
    const { paths } = await listed(new Busy(rows, [LATE]), { pushed });
    expect(paths).toEqual(expect.arrayContaining(rows.map(({ path }) => path)));
  }
});

test('a window has no more than was asked for', async () => {
  const rows = [1, 2, 3, 4, 5].map((at) => row(at));
  expect((await listed(new Busy(rows, [LATE]), { first: 1, last: 3 })).paths).toHaveLength(3);
  expect((await listed(new Busy(rows, [LATE]), { first: 1, last: 5 })).paths).toHaveLength(5);
  const rest = await listed(new Busy(rows, [LATE]), { first: 4, last: 100 });
  expect(rest.paths).toEqual(expect.arrayContaining(['r4', 'r5']));
  expect(rest.count).toBe(3 + rest.paths.length);
});
