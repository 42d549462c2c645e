import type { Severity } from '../../src/model/event';
import { EVENT_TYPES } from '../../src/model/event-types';
import { severities } from '../../src/model/event';
import type { EventQuery, EventRow } from '../../src/store/event-record';
import { StaleError, type Store } from '../../src/store/store';
import { failure, tenant, type Bench } from './fixture';

const COUNT = 40;
/** Moments finer than those that are stored, and after all that can be. */
const FINER = Date.UTC(2026, 0, 1, 0, 0, 3) + 0.4;
const BEYOND = Date.UTC(10_000, 0, 1);
const at = (n: number): number => Date.UTC(2026, 0, 1) + Math.floor((n * 7) % 11) * 1_000;
const resourceOf = (n: number): string => `machines/${n % 3}`;
const severityOf = (n: number): Severity | undefined => (n % 5 === 4 ? undefined : severities[n % 4]);

/** Events as logs show them: narrowed, ordered by their occurrence and cut by the database, in both databases alike (5.17.9). */
export function eventContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const place = ({ timestamp, id }: EventRow) => ({ created: timestamp, path: id });
  const ids = (rows: readonly EventRow[]): string[] => rows.map(({ id }) => id);
  let all: EventRow[];

  beforeEach(async () => {
    await store().transaction(async (unit) => {
      for (let n = 0; n < COUNT; n++) {
        const severity = severityOf(n);
        const common = {
          resource: resourceOf(n),
          resourceType: 'Machine',
          type: `t:${n % 2}`,
          content: { n },
          outcome: 'Status',
          at: at(n),
        };
        await unit.recordEvent({ tenant, ...common, ...(severity ? { severity } : {}), ...(n % 4 === 0 ? { job: `j${n}` } : {}) });
        await unit.recordEvent({ tenant: 'other', ...common, severity: 'critical' });
      }
    });
    all = await store().eventList({ view: { tenant } });
  });

  const inOrder = (rows: readonly EventRow[], descending = false): string[] =>
    ids([...rows].sort((a, b) => (descending ? -1 : 1) * a.timestamp.localeCompare(b.timestamp) || Number(a.id) - Number(b.id)));

  test.each([false, true])('stand in the order of their occurrence, descending %p, from any place to any place', async (descending) => {
    const view = { tenant };
    const whole = await store().eventList({ view, descending });
    expect(whole).toHaveLength(COUNT);
    expect(ids(whole)).toEqual(inOrder(all, descending));
    for (const [from, to] of [
      [0, 1],
      [3, 17],
      [20, COUNT - 1],
    ] as const) {
      const after = place(whole[from] as EventRow);
      const upTo = place(whole[to] as EventRow);
      const query: EventQuery = { view, descending, after, upTo };
      expect(ids(await store().eventList(query))).toEqual(ids(whole).slice(from + 1, to + 1));
      expect(await store().countEvents(query)).toBe(to - from);
      expect(await store().eventPlace({ ...query, offset: 0 })).toEqual(place(whole[from + 1] as EventRow));
      expect(await store().eventPlace({ ...query, offset: 0, fromEnd: true })).toEqual(upTo);
      expect(await store().eventPlace({ ...query, offset: to - from })).toBeUndefined();
    }
  });

  test('are a view of one resource, after a number, from a moment on; of one tenant always', async () => {
    const tenth = ids(all).sort((a, b) => Number(a) - Number(b))[10];
    const [resource, after, since] = ['machines/1', Number(tenth), new Date(Date.UTC(2026, 0, 1, 0, 0, 3)).toISOString()];
    const seen = all.filter((row) => row.resource === resource && Number(row.id) > after && row.timestamp >= since);
    const view = { tenant, resource, after, since };
    expect(seen.length).toBeGreaterThan(3);
    expect(ids(await store().eventList({ view }))).toEqual(inOrder(seen));
    const [first, second] = ids(seen);
    expect(ids(await store().eventList({ view, ids: [first ?? '', second ?? '', ids(all)[0] ?? ''] })).sort()).toEqual(
      [first, second].sort(),
    );
    const counted = (severity: Severity) => seen.filter((row) => row.severity === severity).length;
    const summary = await store().eventSummary(view);
    for (const severity of severities) expect([severity, summary.get(severity) ?? 0]).toEqual([severity, counted(severity)]);
  });

  test('are counted by severity as they come and go, by tenant, and not where that was undone', async () => {
    const right = (rows: readonly EventRow[]) =>
      Object.fromEntries(severities.map((severity) => [severity, rows.filter((row) => row.severity === severity).length]));
    const counts = async () => {
      const { events } = await store().counts(tenant);
      const summary = Object.fromEntries(await store().eventSummary({ tenant }));
      const since = Object.fromEntries(await store().eventSummary({ tenant, since: '2026-01-01T00:00:00.000Z' }));
      return { without: events.get(''), summary, since };
    };
    const without = (rows: readonly EventRow[]) => rows.filter(({ severity }) => severity === undefined).length;
    expect(await counts()).toEqual({ without: without(all), summary: right(all), since: right(all) });
    const [first, second] = all;
    const remove = (row: EventRow | undefined) => store().transaction((unit) => unit.deleteEvent(tenant, row?.id ?? ''));
    await remove(first);
    await remove(first);
    await store()
      .transaction(async (unit) => {
        await unit.deleteEvent(tenant, second?.id ?? '');
        throw new Error('undone');
      })
      .catch(() => undefined);
    const provider = { tenant, resource: 'machines/0', resourceType: 'Machine', type: 't:0', content: {}, outcome: 'Status' };
    const told = { ...provider, severity: 'high', told: { cloud: 'c', id: 'e' } } as const;
    for (let n = 0; n < 60; n++) await store().transaction((unit) => unit.recordEvent(told));
    // One of each tenant's is too many.
    expect(await store().removeEvents({ keepMs: 1_000_000_000_000, perTenant: COUNT - 1 }, 1)).toBe(2);
    const left = await store().eventList({ view: { tenant } });
    expect(left).toHaveLength(COUNT - 1);
    for (let round = 0; round < 2; round++) {
      expect(await counts()).toEqual({ without: without(left), summary: right(left), since: right(left) });
      await store().mergeCounts();
    }
  });

  test.each([false, true])(
    'are there without the entries of the audit: lists, counts, places and summary, descending %p',
    async (descending) => {
      const entry = { tenant, resource: 'machines/0', resourceType: 'Machine', type: EVENT_TYPES.access, content: {}, outcome: 'Success' };
      await store().transaction(async (unit) => {
        for (let n = 0; n < COUNT; n += 3) await unit.recordEvent({ ...entry, at: at(n), severity: 'high' });
      });
      const entries = Math.ceil(COUNT / 3);
      const [whole, view] = [{ tenant }, { tenant, withoutAudit: true }];
      expect(await store().countEvents({ view: whole })).toBe(COUNT + entries);
      expect(ids(await store().eventList({ view, descending }))).toEqual(inOrder(all, descending));
      expect(await store().countEvents({ view })).toBe(COUNT);
      expect(await store().eventPlace({ view, descending, offset: 0, fromEnd: true })).toEqual(
        place(all.find(({ id }) => id === inOrder(all, descending).at(-1)) as EventRow),
      );
      const high = all.filter(({ severity }) => severity === 'high').length;
      expect((await store().eventSummary(view)).get('high')).toBe(high);
      expect((await store().eventSummary(whole)).get('high')).toBe(high + entries);
      const [hidden] = await store().auditEntries(tenant, 1);
      expect(await store().eventList({ view, ids: [hidden?.id ?? ''] })).toEqual([]);
      expect(await store().eventList({ view: whole, ids: [hidden?.id ?? ''] })).toHaveLength(1);
    },
  );

  test.each([
    [{ kind: 'text', field: 'severity', equal: true, value: 'high' }, (row: EventRow) => row.severity === 'high'],
    [{ kind: 'text', field: 'severity', equal: true, value: '' }, (row: EventRow) => row.severity === undefined],
    [{ kind: 'among', field: 'type', equal: true, values: ['t:1'] }, (row: EventRow) => row.type === 't:1'],
    [{ kind: 'among', field: 'job', equal: false, values: ['j0'] }, (row: EventRow) => row.job !== undefined && row.job !== 'j0'],
    [{ kind: 'among', field: 'resource', equal: true, values: ['machines/2'] }, (row: EventRow) => row.resource === 'machines/2'],
    [{ kind: 'text', field: 'id', equal: true, value: 'no number' }, () => false],
    [{ kind: 'holds', text: 'x' }, () => false],
    [{ kind: 'moment', field: 'timestamp', operator: '!=', value: FINER }, () => true],
    [{ kind: 'moment', field: 'timestamp', operator: '=', value: FINER }, () => false],
    [{ kind: 'moment', field: 'timestamp', operator: '>', value: FINER }, (row: EventRow) => Date.parse(row.timestamp) > FINER],
    [{ kind: 'moment', field: 'timestamp', operator: '<=', value: FINER }, (row: EventRow) => Date.parse(row.timestamp) <= FINER],
    [{ kind: 'moment', field: 'updated', operator: '!=', value: FINER }, () => false],
    [{ kind: 'moment', field: 'timestamp', operator: '<', value: BEYOND }, () => true],
    [{ kind: 'moment', field: 'timestamp', operator: '>=', value: BEYOND }, () => false],
  ] as const)('are narrowed by %j', async (where, matches) => {
    const wanted = inOrder(all.filter(matches));
    expect(ids(await store().eventList({ view: { tenant }, where }))).toEqual(wanted);
    expect(await store().countEvents({ view: { tenant }, where })).toBe(wanted.length);
  });

  test('take a name, and go, for their tenant alone', async () => {
    const [first] = all;
    const id = first?.id ?? '';
    const one = async () => (await store().eventList({ view: { tenant }, ids: [id] }))[0];
    await store().transaction((unit) => unit.nameEvent(tenant, id, { name: 'seen' }));
    expect(await one()).toMatchObject({ naming: { name: 'seen' }, content: first?.content, updated: expect.stringMatching(/Z$/) });
    expect(await failure(store().transaction((unit) => unit.nameEvent('other', id, {})))).toBeInstanceOf(StaleError);
    await store().transaction((unit) => unit.deleteEvent('other', id));
    expect(await one()).toBeDefined();
    await store().transaction((unit) => unit.deleteEvent(tenant, id));
    expect(await one()).toBeUndefined();
    expect(await store().lastEvent(tenant)).toBe(Math.max(...all.map((row) => Number(row.id))));
    expect(await store().lastEvent('nobody')).toBe(0);
  });
}
