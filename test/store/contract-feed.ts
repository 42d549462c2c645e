import type { NewsQuery } from '../../src/store/audit-store';
import type { EventRecord } from '../../src/store/event-record';
import type { Store } from '../../src/store/store';
import { failure, tenant, type Bench } from './fixture';

/** Tests that a reader who goes on from where it was is told every event once, whoever commits when. */
export function feedContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const event = (n: number, whose = tenant): EventRecord => ({
    ...{ tenant: whose, resource: `machines/${n}`, resourceType: 'Machine', type: 'http://events.example/state', content: { n } },
    ...{ outcome: 'Status' },
  });
  const record = (n: number, whose = tenant, on = store()) => on.transaction((unit) => unit.recordEvent(event(n, whose)));
  const read = async (after: string, limit = 100, query: NewsQuery = { view: { tenant } }) => {
    const { events, place } = await store().readNews(query, after, limit);
    return { told: events.map(({ content }) => content.n), place };
  };

  test('news begin after a place, are those of the tenant, and come in order', async () => {
    await record(1);
    const end = await store().feedEnd(tenant);
    expect(await read(end)).toEqual({ told: [], place: end });
    for (const n of [2, 3, 4]) await record(n);
    await record(9, 'other');
    const first = await read(end, 2);
    expect(first.told).toEqual([2, 3]);
    expect((await read(first.place)).told).toEqual([4]);
    expect((await read('0-0')).told).toEqual([1, 2, 3, 4]);
    expect(String(await failure(read('now')))).toMatch(/'now' is no place/);
  });

  test('each has its own place: a reader goes on from any of them', async () => {
    for (const n of [1, 2, 3]) await record(n);
    const { events } = await store().readNews({ view: { tenant } }, '0-0', 100);
    const after = await Promise.all(events.map(async ({ place }) => (await read(place)).told));
    expect(after).toEqual([[2, 3], [3], []]);
  });

  test('what somebody looks at is read alone, and the place moves past the rest', async () => {
    for (const n of [1, 2, 1, 3]) await record(n);
    const one: NewsQuery = { view: { tenant, resource: 'machines/1' } };
    const first = await read('0-0', 1, one);
    const second = await read(first.place, 1, one);
    expect([first.told, second.told]).toEqual([[1], [1]]);
    expect(await read(second.place, 1, one)).toMatchObject({ told: [], place: expect.not.stringMatching(second.place) as string });
    const where = { kind: 'text', field: 'resource', equal: true, value: 'machines/3' } as const;
    const { told, place } = await read('0-0', 100, { view: { tenant }, where });
    expect([told, await read(place)]).toEqual([[3], { told: [], place }]);
    const [, last = ''] = (await store().readNews(one, '0-0', 100)).events.map(({ id }) => id);
    expect((await read('0-0', 100, { view: { tenant, after: Number(last) } })).told).toEqual([3]);
  });

  test('one that is committed late is told, too, whatever was told before', async () => {
    const other = await bench().another();
    const seen: unknown[] = [];
    let place = await store().feedEnd(tenant);
    const look = async () => {
      const { told, place: next } = await read(place);
      seen.push(...told);
      place = next;
    };
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const late = store().transaction(async (unit) => {
      await unit.recordEvent(event(1));
      await held;
      await unit.recordEvent(event(2));
    });
    const meanwhile = [3, 4].map((n) => record(n, tenant, other));
    await look();
    release();
    await Promise.all([late, ...meanwhile]);
    await look();
    await record(5);
    await look();
    expect([...seen].sort()).toEqual([1, 2, 3, 4, 5]);
  });
}
