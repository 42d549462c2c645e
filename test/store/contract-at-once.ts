import { EVENT_TYPES } from '../../src/model/event-types';
import type { EventRecord } from '../../src/store/event-record';
import type { AcceptedChange, JobRow, Store } from '../../src/store/store';
import { insert, newJob, resourceRow, tenant, type Bench } from './fixture';

/** Tests that a change accepted in one go is the same as one accepted step by step, or is not there at all. */
export function atOnceContract(current: () => Bench): void {
  const event = (type: string, resource: string, job: string): EventRecord => ({
    ...{ tenant, resource, resourceType: 'Machine', type, outcome: 'Success', job },
    content: { detail: `of ${job}` },
  });
  const change = (id: string, more: Partial<AcceptedChange> = {}): AcceptedChange => ({
    claims: [],
    resources: [resourceRow(`machines/${id}`, { values: { name: id, image: { href: 'machineImages/i' } }, secrets: { password: 'p' } })],
    events: [event(EVENT_TYPES.model, `machines/${id}`, id)],
    job: newJob(id, {
      ...{ target: 'machines', affected: ['machines', `machines/${id}`], input: { secret: id }, requestId: 'r1' },
      holds: [{ path: `machines/${id}`, shows: 'CREATING' }],
    }),
    keepMs: 60_000,
    entry: event(EVENT_TYPES.access, 'machines', id),
    fits: () => true,
    ...more,
  });
  /** The first entry of a tenant makes its chains. */
  const begun = (store: Store) => store.transaction((unit) => unit.recordEvent(event(EVENT_TYPES.access, 'machines', 'j0')));
  const all = async (store: Store) => {
    const { entries, faults } = await store.checkAudit();
    const jobs = (await store.jobs({ tenants: [tenant] })).map(({ id }) => id);
    const rows = (await store.resources({ type: 'Machine' })).map(({ path, version }) => `${path} ${version}`);
    const { jobs: counted, bytes } = await store.counts(tenant);
    const events = (await store.events({ tenant, limit: 100 })).length;
    return { entries, faults, jobs, rows, holds: [...(await store.holds()).keys()], events, counted: [...counted], bytes };
  };
  const nothing = async (store: Store, refused: AcceptedChange): Promise<void> => {
    const before = await all(store);
    expect(await store.acceptAtOnce(refused)).toBeUndefined();
    expect(await all(store)).toEqual(before);
  };

  test('all that was accepted is there, and is what a transaction step by step leaves', async () => {
    const { store, dump } = current();
    await begun(store);
    const once = change('once');
    const job = await store.acceptAtOnce(once);
    const steps = change('step');
    await store.transaction(async (unit) => {
      for (const row of steps.resources) await unit.insertResource(row);
      for (const one of steps.events) await unit.recordEvent(one);
      await unit.insertJob(steps.job);
      await unit.recordEvent(steps.entry);
    });
    expect(job).toEqual(await store.job('once'));
    const plain = (value: unknown) =>
      JSON.stringify(value)
        .replace(/step/g, 'once')
        .replace(/"(created|changed|due|timestamp|recorded|id)":("[^"]*"|\d+)/g, '"$1":0');
    expect(plain(job)).toBe(plain(await store.job('step')));
    expect(plain(await store.resource('machines/once'))).toBe(plain(await store.resource('machines/step')));
    expect(await store.referring(['machineImages/i'])).toEqual(['machines/once', 'machines/step']);
    const events = (await store.events({ tenant, limit: 4 })).map(plain);
    expect(events.slice(2)).toEqual(events.slice(0, 2));
    expect(await store.holds(['machines/once'])).toEqual(new Map([['machines/once', { job: 'once', shows: 'CREATING' }]]));
    expect(await all(store)).toMatchObject({ entries: 3, faults: [], events: 5, counted: [['QUEUED', 2]] });
    expect(await dump()).not.toContain('"secret"');
  });

  test('in one moment by one clock: what is recorded last is no older than what it tells of', async () => {
    const { store } = current();
    await begun(store);
    const job = (await store.acceptAtOnce(change('a'))) as JobRow;
    const [entry, told] = await store.events({ tenant, limit: 2 });
    expect([told?.type, entry?.type]).toEqual([EVENT_TYPES.model, EVENT_TYPES.access]);
    expect((entry?.recorded ?? '') >= (told?.recorded ?? 'z')).toBe(true);
    expect((await store.leaseJob(job.id, 'w', 1_000))?.input).toEqual({ secret: 'a' });
  });

  test('a Job that is born ended holds nothing and expires', async () => {
    const { store } = current();
    await begun(store);
    const job = await store.acceptAtOnce(
      change('a', { job: newJob('a', { state: 'SUCCESS', holds: [{ path: 'machines/a', shows: null }] }) }),
    );
    expect([job?.state, job?.progress, job?.holds, job?.input]).toEqual(['SUCCESS', 100, [], null]);
    const now = await store.now();
    expect(job?.expires).toBeGreaterThan(now);
    expect(job?.expires).toBeLessThanOrEqual(now + 60_000);
    expect(await store.holds()).toEqual(new Map());
  });

  test('a version is claimed once, and only as it was read', async () => {
    const { store } = current();
    await begun(store);
    const row = await store.transaction((unit) => unit.insertResource(resourceRow('machines/m')));
    const claim = (id: string) => change(id, { claims: [row], resources: [], job: newJob(id) });
    const both = await Promise.all([store.acceptAtOnce(claim('a')), (await current().another()).acceptAtOnce(claim('b'))]);
    expect(both.filter((job) => job !== undefined)).toHaveLength(1);
    expect((await store.resource('machines/m'))?.version).toBe(2);
    await nothing(store, claim('c'));
  });

  test('where anything speaks against it nothing is written', async () => {
    const { store } = current();
    // The first of a tenant has no chain yet.
    await nothing(store, change('a'));
    await begun(store);
    await store.transaction((unit) => unit.insertResource(resourceRow('machines/there')));
    await insert(store, newJob('h', { idempotencyKey: 'k', holds: [{ path: 'machines/held', shows: null }] }));
    await nothing(store, change('there'));
    await nothing(store, change('held'));
    await nothing(store, change('b', { job: newJob('b', { idempotencyKey: 'k' }) }));
    await nothing(store, change('h'));
    await nothing(store, change('c', { fits: () => false }));
    expect(await store.acceptAtOnce(change('d'))).toBeDefined();
  });

  test('it is asked whether there is room by the counts beforehand, and the bytes that are to come', async () => {
    const { store } = current();
    await begun(store);
    const asked: unknown[] = [];
    const fits: AcceptedChange['fits'] = ({ jobs, bytes }, more) => asked.push([jobs.get('QUEUED') ?? 0, bytes, more]) > 0;
    await store.acceptAtOnce(change('a', { fits }));
    const { bytes } = await store.counts(tenant);
    await store.acceptAtOnce(change('b', { fits }));
    expect(asked).toEqual([
      [0, 0, bytes],
      [1, bytes, bytes],
    ]);
  });

  test('many at once, of two processes and beside transactions step by step: each is there once, and the audit is whole', async () => {
    const { store } = current();
    await begun(store);
    const other = await current().another();
    const ids = Array.from({ length: 48 }, (_, n) => `m${n}`);
    const done = await Promise.all(
      ids.map(async (id, n) => {
        const on = n % 2 ? other : store;
        const { resources, events, job, entry } = change(id);
        if (n % 3 > 0) {
          const accepted = await on.acceptAtOnce(change(id));
          if (accepted) return 'at once';
        }
        await on.transaction(async (unit) => {
          for (const row of resources) await unit.insertResource(row);
          for (const one of events) await unit.recordEvent(one);
          await unit.insertJob(job);
          await unit.recordEvent(entry);
        });
        return 'step by step';
      }),
    );
    expect(new Set(done)).toEqual(new Set(['at once', 'step by step']));
    const { entries, faults, jobs, rows, holds, events } = await all(store);
    expect([entries, faults, jobs.length, rows.length, holds.length, events]).toEqual([49, [], 48, 48, 48, 97]);
  });
}
