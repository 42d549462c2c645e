import { HeldError, StaleError, type JobRow, type Store } from '../../src/store/store';
import { failure, insert, jobOf, newJob, type Bench } from './fixture';

/** Writes of workers to Jobs that come at the same moment, and are one transaction. */
export function jobWritesContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const job = (id: string): Promise<JobRow> => jobOf(store(), id);

  test('writes to many Jobs at once are each their own: a lost lease among them is refused alone, and the others are written', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `b${n}`);
    await insert(store(), ...names.map((id) => newJob(id, { input: { id }, holds: [{ path: `machines/${id}`, shows: 'STARTING' }] })));
    for (const id of ['b7', 'b11']) await store().leaseJob(id, 'before', -1);
    await Promise.all(names.map((id) => store().leaseJob(id, 'w', 60_000)));
    await store().renewLease('b11', 2, -1);
    await store().leaseJob('b11', 'other', 60_000);
    const lost = await job('b11');
    await store().transaction((unit) => unit.updateJob('b3', { state: 'STOPPING', dueInMs: 0 }));
    const epoch = (id: string) => (['b7', 'b11'].includes(id) ? 2 : 1);
    const ways = [
      (id: string) => ({ state: 'SUCCESS' as const, returnCode: 0, statusMessage: `done ${id}`, expires: 7, affected: [id] }),
      (id: string) => ({ step: 'two', results: { one: id }, attempts: 1, stepBegins: true, progress: 50, memory: { id } }),
      (id: string) => ({ statusMessage: `waits ${id}`, dueInMs: 60_000, release: true, memory: null }),
      (id: string) => ({ state: 'RUNNING' as const, progress: id.length }),
    ];
    const asked = [
      ...names.map((id, n) => ({ id, way: ways[n % ways.length] ?? (() => ({})) })),
      { id: 'none', way: () => ({ progress: 1 }) },
    ];
    const told = await Promise.allSettled(asked.map(({ id, way }) => store().advanceJob(id, epoch(id), way(id))));
    expect(told.flatMap((each, n) => (each.status === 'rejected' ? [[asked[n]?.id, each.reason]] : []))).toEqual([
      ['b11', expect.any(StaleError)],
      ['none', expect.any(StaleError)],
    ]);
    expect(await job('b11')).toEqual(lost);
    for (const [n, id] of names.entries()) {
      if (id === 'b11') continue;
      const row = await job(id);
      expect(told[n]).toEqual({ status: 'fulfilled', value: row });
      const held = [{ path: `machines/${id}`, shows: 'STARTING' }];
      if (n % 4 === 0) expect(row).toMatchObject({ ...ways[0]?.(id), holds: [], input: null, leaseOwner: null, progress: 100 });
      if (n % 4 === 1) expect(row).toMatchObject({ step: 'two', results: { one: id }, memory: { id }, holds: held, leaseOwner: 'w' });
      if (n % 4 === 2) expect(row).toMatchObject({ statusMessage: `waits ${id}`, leaseOwner: null, holds: held, input: { id } });
      if (n % 4 === 2) expect(row.due).toBeGreaterThan((await store().now()) + 30_000);
      if (n % 4 === 3) expect(row).toMatchObject({ state: id === 'b3' ? 'STOPPING' : 'RUNNING', progress: id.length, holds: held });
    }
    expect((await store().holds()).size).toBe(15);
  });

  test('a write that the database refuses fails alone, whatever was asked for at the same moment', async () => {
    const names = ['f1', 'f2', 'f3', 'f4'];
    await insert(store(), ...names.map((id) => newJob(id, { holds: [{ path: `machines/${id}`, shows: null }] })));
    await Promise.all(names.map((id) => store().leaseJob(id, 'w', 60_000)));
    const before = await job('f2');
    const written = (id: string) => store().advanceJob(id, 1, { progress: id === 'f2' ? Number.NaN : 40, state: 'RUNNING' });
    const told = await Promise.allSettled([...names, 'nul\0'].map(written));
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected']);
    expect(await job('f2')).toEqual(before);
    for (const id of ['f1', 'f3', 'f4']) expect(await job(id)).toMatchObject({ progress: 40, state: 'RUNNING', epoch: 1 });
    // Nor is one told that its end was refused, which was written before another of the batch failed.
    const ends = await Promise.allSettled([
      store().advanceJob('f3', 1, { state: 'SUCCESS', statusMessage: 'well' }),
      store().advanceJob('f2', 1, { progress: Number.NaN }),
      store().advanceJob('f4', 1, { state: 'SUCCESS', statusMessage: 'well' }),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    for (const id of ['f3', 'f4']) expect(await job(id)).toMatchObject({ state: 'SUCCESS', statusMessage: 'well', holds: [] });
    // What is held is changed in a transaction of its own, whole or not at all.
    const taken = store().advanceJob('f1', 1, {
      progress: 60,
      holds: ['a', 'f2'].map((name) => ({ path: `machines/${name}`, shows: null })),
    });
    expect(await failure(taken)).toBeInstanceOf(HeldError);
    expect(await job('f1')).toMatchObject({ progress: 40, holds: [{ path: 'machines/f1', shows: null }] });
    const more = await store().advanceJob('f1', 1, { holds: [{ path: 'machines/a', shows: 'X' }] });
    expect(more.holds).toEqual([
      { path: 'machines/a', shows: 'X' },
      { path: 'machines/f1', shows: null },
    ]);
  });

  test('of two that end the same Job at once under one epoch one does', async () => {
    await insert(store(), newJob('once'));
    await store().leaseJob('once', 'w', 60_000);
    const end = (message: string) => store().advanceJob('once', 1, { state: 'SUCCESS', statusMessage: message });
    const told = await Promise.allSettled([end('one'), end('two')]);
    const won = told.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(won).toEqual([await job('once')]);
  });
}
