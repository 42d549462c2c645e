import type { EventRecord } from '../../src/store/event-record';
import type { Store } from '../../src/store/store';
import { resourceRow, tenant, type Bench } from './fixture';

const DAY = 86_400_000;
const LONG = { remainsMs: DAY, idMs: DAY };

/** Rows that nobody deletes go after their time, a batch at a time (protection.md 12). */
export function retentionContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const event = (n: number, whose = tenant): EventRecord => ({
    ...{ tenant: whose, resource: `machines/${n}`, resourceType: 'Machine', type: 'http://events.example/state' },
    ...{ content: { n }, outcome: 'Success' },
  });
  const left = async (whose = tenant) => (await store().events({ tenant: whose, limit: 100 })).map(({ content }) => content.n);

  test('of events the oldest go, those above the number of their tenant and no others', async () => {
    await store().transaction(async (unit) => {
      for (let n = 1; n <= 6; n++) await unit.recordEvent(event(n));
      for (let n = 1; n <= 2; n++) await unit.recordEvent(event(n, 'other'));
    });
    expect(await store().removeEvents({ keepMs: DAY, perTenant: 6 }, 10)).toBe(0);
    expect(await store().removeEvents({ keepMs: DAY, perTenant: 2 }, 3)).toBe(3);
    expect(await left()).toEqual([6, 5, 4]);
    expect(await store().removeEvents({ keepMs: DAY, perTenant: 2 }, 3)).toBe(1);
    expect(await store().removeEvents({ keepMs: DAY, perTenant: 2 }, 3)).toBe(0);
    expect([await left(), await left('other')]).toEqual([
      [6, 5],
      [2, 1],
    ]);
  });

  test('events that are too old go whoever has them, in batches', async () => {
    await store().transaction(async (unit) => {
      for (let n = 1; n <= 3; n++) for (const whose of [tenant, 'other']) await unit.recordEvent(event(n, whose));
    });
    // A minute that is yet to come: all of them are older.
    const keep = { keepMs: -60_000, perTenant: 100 };
    expect(await store().removeEvents(keep, 4)).toBe(4);
    expect([await left(), await left('other')]).toEqual([[3], [3]]);
    expect(await store().removeEvents(keep, 4)).toBe(2);
    expect(await store().removeEvents(keep, 4)).toBe(0);
  });

  test('what a resource was that is gone is forgotten before its id is, and neither before its time', async () => {
    const path = 'machines/gone';
    await store().transaction(async (unit) => {
      await unit.insertResource(resourceRow(path, { providerKey: 'k' }));
      await unit.insertResource(resourceRow('machines/deleted', { providerKey: 'd' }));
      await unit.takeAway(path, []);
      await unit.deleteResource('machines/deleted');
    });
    const both = [path, 'machines/deleted'];
    expect(await store().forgetRetired(LONG, 10)).toBe(0);
    expect(await store().takenAway({ paths: [path] })).toHaveLength(1);
    expect(await store().forgetRetired({ ...LONG, remainsMs: -60_000 }, 10)).toBe(1);
    expect(await store().takenAway({ paths: [path] })).toEqual([]);
    expect(await store().retired(both)).toEqual(new Set(both));
    expect(await store().forgetRetired({ ...LONG, idMs: -60_000 }, 1)).toBe(1);
    expect((await store().retired(both)).size).toBe(1);
    expect(await store().forgetRetired({ ...LONG, idMs: -60_000 }, 1)).toBe(1);
    expect(await store().retired(both)).toEqual(new Set());
  });
}
