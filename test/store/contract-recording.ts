import { EVENT_TYPES } from '../../src/model/event-types';
import type { Store } from '../../src/store/store';
import { failure, resourceRow, tenant, type Bench } from './fixture';

/** Events as they are recorded, and told again. */
export function recordingContract(bench: () => Bench): void {
  const store = (): Store => bench().store;

  test('events come newest first and only with the change they tell of', async () => {
    const event = { tenant, resource: 'machines/a', resourceType: 'Machine', type: 't', content: { a: [1] }, outcome: 'success' };
    const more = { resource: 'machines/b', severity: 'high', contact: 'tel:1', job: 'j', told: { cloud: 'c', id: 'p' } } as const;
    await store().transaction(async (unit) => {
      await unit.insertResource(resourceRow('machines/a'));
      await unit.recordEvent(event);
      await unit.recordEvent({ ...event, ...more });
      await unit.recordEvent({ ...event, tenant: 'other' });
    });
    await failure(
      store().transaction(async (unit) => {
        await unit.recordEvent({ ...event, type: 'lost' });
        throw new Error('no');
      }),
    );
    const seen = await store().events({ tenant, limit: 10 });
    const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
    const known = { id: expect.any(String), timestamp: expect.stringMatching(stamp), recorded: expect.stringMatching(stamp) };
    expect(seen).toEqual([
      { ...event, ...more, ...known, naming: {}, updated: null },
      { ...event, ...known, naming: {}, updated: null },
    ]);
    expect(await store().events({ tenant, resource: 'machines/a', limit: 1 })).toHaveLength(1);
  });

  test("a provider's event is recorded once for each tenant, at its own time", async () => {
    const told = { resource: 'machines/a', resourceType: 'Machine', type: 't', content: {}, outcome: 'Warning', at: 1_000 };
    const record = (whose: string, cloud: string, id: string) =>
      store().transaction((unit) => unit.recordEvent({ ...told, tenant: whose, told: { cloud, id } }));
    expect(await record(tenant, 'c', '1')).toBe(true);
    expect(await record(tenant, 'c', '1')).toBe(false);
    for (const [whose, cloud, id] of [
      [tenant, 'd', '1'],
      [tenant, 'c', '2'],
      ['other', 'c', '1'],
    ] as const)
      expect(await record(whose, cloud, id)).toBe(true);
    const seen = await store().events({ tenant, limit: 10 });
    expect(seen.map(({ timestamp, told: by }) => [timestamp, by?.cloud, by?.id])).toEqual([
      ['1970-01-01T00:00:01.000Z', 'c', '2'],
      ['1970-01-01T00:00:01.000Z', 'd', '1'],
      ['1970-01-01T00:00:01.000Z', 'c', '1'],
    ]);
  });

  test('states and changes that were recorded lately are found whosever they are, oldest first', async () => {
    const { state, model, alarm } = EVENT_TYPES;
    const record = (type: string, n: number, more: object = {}) => ({
      ...{ tenant: `t${n % 2}`, resource: `machines/${n}`, resourceType: 'Machine', type, content: { n }, outcome: 'Status' },
      ...more,
    });
    const since = await store().now();
    await store().transaction(async (unit) => {
      for (const [n, type] of [state, alarm, model].entries()) await unit.recordEvent(record(type, n, { at: 0 }));
      await unit.recordEvent(record(state, 3, { resourceType: 'Volume' }));
    });
    const found = async (from: number) =>
      (await store().recentEvents({ resourceType: 'Machine', since: from })).map(({ content }) => content.n);
    expect(await found(since - 1000)).toEqual([0, 2]);
    expect(await found(since + 3_600_000)).toEqual([]);
  });
}
