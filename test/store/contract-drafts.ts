import type { EventRecord } from '../../src/store/event-record';
import type { JobProgress, JobRow, Store, UnitOfWork } from '../../src/store/store';
import { insert, newJob, resourceRow, tenant, type Bench } from './fixture';

/** Tests that what a worker writes with its Job is, in one go with others of the same moment, as by a transaction of its own, or not at all. */
export function draftContract(current: () => Bench): void {
  const event = (id: string, words: string): EventRecord => ({
    ...{ tenant, resource: `machines/${id}`, resourceType: 'Machine', type: 'urn:told', outcome: 'Success', job: id },
    content: { detail: words },
  });
  const end: JobProgress = { state: 'SUCCESS', returnCode: 0, progress: 100, statusMessage: 'well', expires: 9 };
  /** The end of a Job that changes its machine twice and tells two events of it. */
  const ends =
    (id: string, words = 'done') =>
    async (unit: UnitOfWork, row: JobRow): Promise<JobRow> => {
      const path = `machines/${id}`;
      const found = await unit.resource(path);
      if (found) await unit.updateResource(path, undefined, { internal: { ...found.internal, at: 1 } });
      await unit.recordEvent(event(id, `one ${words}`));
      const again = await unit.resource(path);
      if (again) await unit.updateResource(path, again.version, { state: 'STARTED', values: { name: id, image: { href: 'images/b' } } });
      const last = await unit.advanceJob(id, row.epoch, end);
      expect(last).toMatchObject({ id, state: 'SUCCESS', input: null, holds: [], statusMessage: 'well' });
      await unit.recordEvent(event(id, `two ${words}`));
      return last;
    };
  /** Jobs that a worker has, each with a machine of its own. */
  const leased = async (store: Store, ids: readonly string[]): Promise<JobRow[]> => {
    await store.transaction(async (unit) => {
      for (const id of ids)
        await unit.insertResource(resourceRow(`machines/${id}`, { values: { name: id, image: { href: 'images/a' } }, secrets: { p: id } }));
    });
    await insert(
      store,
      ...ids.map((id) => newJob(id, { target: `machines/${id}`, input: { id }, holds: [{ path: `machines/${id}`, shows: 'STARTING' }] })),
    );
    return (await Promise.all(ids.map((id) => store.leaseJob(id, 'w', 60_000)))) as JobRow[];
  };
  const atOnce = (store: Store, row: JobRow, work: (unit: UnitOfWork, row: JobRow) => Promise<JobRow> = ends(row.id)) =>
    store.advanceAtOnce(row, (unit) => work(unit, row));
  const all = async (store: Store) => ({
    jobs: (await store.jobs({})).map(({ id, state, epoch }) => `${id} ${state} ${epoch}`),
    rows: await store.resources({ type: 'Machine' }),
    holds: [...(await store.holds())],
    events: (await store.events({ tenant, limit: 100 })).length,
    counts: await store.counts(tenant),
  });

  test('all that was drafted is there, and is what a transaction leaves', async () => {
    const { store, dump } = current();
    const [once, step] = (await leased(store, ['once', 'step'])) as [JobRow, JobRow];
    const planned: JobRow[] = [];
    const last = await store.advanceAtOnce(
      once,
      (unit) => ends('once')(unit, once),
      (row) => planned.push(row),
    );
    await store.transaction((unit) => ends('step')(unit, step));
    expect(last).toEqual(await store.job('once'));
    expect(planned).toEqual([{ ...last, changed: once.changed }]);
    const plain = (value: unknown) =>
      JSON.stringify(value)
        .replace(/step/g, 'once')
        .replace(/"(created|changed|due|timestamp|recorded|id|onceSince|leaseUntil)":("[^"]*"|\d+)/g, '"$1":0');
    expect(plain(last)).toBe(plain(await store.job('step')));
    expect(plain(await store.resource('machines/once'))).toBe(plain(await store.resource('machines/step')));
    expect(await store.resource('machines/once')).toMatchObject({
      version: 3,
      state: 'STARTED',
      internal: { at: 1 },
      secrets: { p: 'once' },
    });
    expect([await store.referring(['images/a']), await store.referring(['images/b'])]).toEqual([[], ['machines/once', 'machines/step']]);
    const events = (await store.events({ tenant, limit: 10 })).map(plain);
    expect(events).toHaveLength(4);
    expect(events.slice(0, 2)).toEqual(events.slice(2));
    expect(await store.holds()).toEqual(new Map());
    expect(await dump()).not.toContain('"p"');
  });

  test('of many at once each ends by its own epoch: a lost one writes nothing at all, and events of a resource keep their order', async () => {
    const { store, another } = current();
    const ids = Array.from({ length: 20 }, (_, n) => `d${n}`);
    const rows = await leased(store, ids);
    const other = await another();
    // Another worker takes two of them over.
    for (const id of ['d3', 'd11']) {
      await store.renewLease(id, 1, -1);
      await other.leaseJob(id, 'other', 60_000);
    }
    const before = await store.resource('machines/d3');
    const told = await Promise.all(rows.map((row) => atOnce(store, row)));
    expect(ids.filter((_, n) => told[n] === undefined)).toEqual(['d3', 'd11']);
    expect(await store.resource('machines/d3')).toEqual(before);
    expect(await store.job('d11')).toMatchObject({ state: 'RUNNING', epoch: 2, leaseOwner: 'other' });
    expect((await store.holds()).size).toBe(2);
    for (const id of ids) {
      const details = (await store.events({ tenant, resource: `machines/${id}`, limit: 9 })).map(({ content }) => content.detail);
      expect(details).toEqual(['d3', 'd11'].includes(id) ? [] : ['two done', 'one done']);
    }
  });

  test('two of one moment that write the same row: one does, the other looks again', async () => {
    const { store } = current();
    const [a, b] = (await leased(store, ['a', 'b'])) as [JobRow, JobRow];
    await store.transaction((unit) => unit.insertResource(resourceRow('machines/shared')));
    const shared = (id: string) => async (unit: UnitOfWork, row: JobRow) => {
      const found = await unit.resource('machines/shared');
      await unit.updateResource('machines/shared', undefined, { internal: { ...found?.internal, [id]: 1 } });
      return ends(id)(unit, row);
    };
    const told = await Promise.all([atOnce(store, a, shared('a')), atOnce(store, b, shared('b'))]);
    expect(told.map((row) => row?.state)).toEqual(['SUCCESS', undefined]);
    expect((await store.resource('machines/shared'))?.internal).toEqual({ a: 1 });
    expect(await store.job('b')).toMatchObject({ state: 'RUNNING' });
    expect((await atOnce(store, b, shared('b')))?.state).toBe('SUCCESS');
    expect(await store.resource('machines/shared')).toMatchObject({ internal: { a: 1, b: 1 }, version: 3 });
  });

  test('a change of nothing but the version is one, too', async () => {
    const { store } = current();
    const [row] = (await leased(store, ['a'])) as [JobRow];
    const work = async (unit: UnitOfWork): Promise<JobRow> => {
      await unit.updateResource('machines/a', 1, {});
      return unit.advanceJob('a', 1, end);
    };
    expect(await atOnce(store, row, work)).toMatchObject({ state: 'SUCCESS' });
    expect(await store.resource('machines/a')).toMatchObject({ version: 2, values: { name: 'a' } });
  });

  test('two ends of the same Job in one moment, one under an epoch that is over: the one that has it', async () => {
    const { store } = current();
    const [old] = (await leased(store, ['a'])) as [JobRow];
    await store.renewLease('a', 1, -1);
    const mine = (await store.leaseJob('a', 'w', 60_000)) as JobRow;
    const told = await Promise.all([atOnce(store, old, ends('a', 'old')), atOnce(store, mine, ends('a', 'mine')), atOnce(store, mine)]);
    expect(told.map((row) => row?.epoch)).toEqual([undefined, 2, undefined]);
    expect((await store.events({ tenant, limit: 9 })).map(({ content }) => content.detail)).toEqual(['two mine', 'one mine']);
  });

  type Meanwhile = (store: Store) => Promise<unknown>;
  const set: Meanwhile = (store) => store.transaction((unit) => unit.updateResource('machines/a', undefined, { state: 'ELSE' }));
  const changes: [string, (unit: UnitOfWork) => Promise<unknown>, Meanwhile][] = [
    ['a row that was changed', (unit) => unit.resource('machines/a'), set],
    [
      'a row that came to be',
      (unit) => unit.resource('machines/new'),
      (store) => store.transaction((unit) => unit.insertResource(resourceRow('machines/new'))),
    ],
    [
      'one more of an owner',
      (unit) => unit.resources({ type: 'Disk', owner: 'machines/a' }),
      (store) => store.transaction((unit) => unit.insertResource(resourceRow('disks/1', { type: 'Disk', owner: 'machines/a' }))),
    ],
    [
      'one more that refers to it',
      (unit) => unit.referring(['machines/a']),
      (store) => store.transaction((unit) => unit.insertResource(resourceRow('machines/ref', { values: { of: { href: 'machines/a' } } }))),
    ],
    [
      'a stop that was asked for',
      (unit) => unit.job('a'),
      (store) => store.transaction((unit) => unit.updateJob('a', { state: 'STOPPING', dueInMs: 0 })),
    ],
  ];
  test.each(changes)('%s, after it was read: nothing is written', async (_name, read, change) => {
    const { store, another } = current();
    const [row] = (await leased(store, ['a'])) as [JobRow];
    const other = await another();
    let before: unknown;
    const work = async (unit: UnitOfWork): Promise<JobRow> => {
      await read(unit);
      const last = await unit.advanceJob('a', 1, end);
      await unit.recordEvent(event('a', 'never'));
      await change(other);
      before = await all(store);
      return last;
    };
    expect(await atOnce(store, row, work)).toBeUndefined();
    expect(await all(store)).toEqual(before);
  });

  test('what is deleted goes with all that it owns; what goes with it is not deleted again', async () => {
    const { store } = current();
    const [row] = (await leased(store, ['a'])) as [JobRow];
    await store.transaction(async (unit) => {
      for (const [path, owner] of [
        ['d/1', 'machines/a'],
        ['d/2', 'd/1'],
        ['d/3', 'machines/gone'],
        ['d/4', null],
      ] as const)
        await unit.insertResource(resourceRow(path, { type: 'Disk', owner }));
    });
    const work = async (unit: UnitOfWork): Promise<JobRow> => {
      expect(await unit.referring(['machines/a'])).toEqual([]);
      await unit.deleteResource('machines/a');
      await unit.deleteResource('machines/gone');
      expect([await unit.resource('machines/a'), await unit.resource('d/2'), await unit.resource('d/3')]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(await unit.resource('d/4')).toBeDefined();
      await unit.deleteResource('d/2');
      return unit.advanceJob('a', 1, { ...end, affected: [] });
    };
    expect(await atOnce(store, row, work)).toMatchObject({ state: 'SUCCESS', affected: [] });
    expect((await store.resources({ type: 'Disk' })).map(({ path }) => path)).toEqual(['d/4']);
    expect(await store.resource('machines/a')).toBeUndefined();
    expect(await store.retired(['machines/a', 'machines/gone', 'd/1', 'd/2', 'd/3'])).toEqual(new Set(['machines/a']));
    // Declared rules tell by it whose events one may see.
    expect(await store.retiredClouds(['machines/a', 'd/1'])).toEqual(new Map([['machines/a', 'east']]));
    expect(await store.referring(['images/a'])).toEqual([]);
  });

  test('what the database refuses is refused alone, with nothing written of it; the longest text is none of that', async () => {
    const { store } = current();
    const [a, b, c, d] = (await leased(store, ['a', 'b', 'c', 'd'])) as [JobRow, JobRow, JobRow, JobRow];
    await store.transaction((unit) => unit.updateResource('machines/d', undefined, { providerKey: 'taken' }));
    const long = 'é'.repeat(1 << 20);
    const told = await Promise.all([
      atOnce(store, a, ends('a', long)),
      atOnce(store, b, async (unit) => {
        await unit.recordEvent(event('b', 'never'));
        return unit.advanceJob('b', 1, { ...end, returnCode: Number.NaN });
      }),
      atOnce(store, c, async (unit) => {
        await unit.updateResource('machines/c', undefined, { providerKey: 'taken' });
        return ends('c')(unit, c);
      }),
      atOnce(store, d),
    ]);
    expect(told.map((row) => row?.state)).toEqual(['SUCCESS', undefined, undefined, 'SUCCESS']);
    expect((await store.events({ tenant, resource: 'machines/a', limit: 1 }))[0]?.content.detail).toBe(`two ${long}`);
    expect((await store.events({ tenant, limit: 9 })).map(({ job }) => job).sort()).toEqual(['a', 'a', 'd', 'd']);
    expect([...(await store.holds()).keys()].sort()).toEqual(['machines/b', 'machines/c']);
  });

  test('what no draft holds is left to a transaction, also where the work goes on, and so is work that throws', async () => {
    const { store } = current();
    const [row] = (await leased(store, ['a'])) as [JobRow];
    const before = await all(store);
    const refused: ((unit: UnitOfWork) => Promise<unknown>)[] = [
      (unit) => unit.insertJob(newJob('child')),
      (unit) => unit.deleteJob('none').catch(() => undefined),
      (unit) => unit.job('other'),
      (unit) => unit.resources({ type: 'Machine' }),
      (unit) => unit.recordEvent({ ...event('a', 'told'), told: { cloud: 'c', id: '1' } }),
    ];
    for (const ask of refused) {
      const work = async (unit: UnitOfWork): Promise<JobRow> => {
        await ask(unit);
        return unit.advanceJob('a', 1, end);
      };
      expect(await atOnce(store, row, work)).toBeUndefined();
    }
    // What it has read may be of two moments, between which another changed it.
    const doubts = async (unit: UnitOfWork): Promise<JobRow> => {
      const first = await unit.resource('machines/a');
      await store.transaction((other) => other.updateResource('machines/a', undefined, { internal: { at: 1 } }));
      const disks = await unit.resources({ type: 'Disk', owner: 'machines/a' });
      if (first?.internal.at !== 1 || disks.length > 0) throw new TypeError('oops');
      return unit.advanceJob('a', 1, end);
    };
    expect(await atOnce(store, row, doubts)).toBeUndefined();
    expect(await all(store)).toMatchObject({ jobs: before.jobs, events: before.events });
  });
}
