import { DuplicateKeyError, HeldError, StaleError, type JobRow, type Store } from '../../src/store/store';
import { failure, ids, insert, jobOf, newJob, resourceRow, tenant, type Bench } from './fixture';
import { elapse } from '../harness/wait';

export function jobContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const job = (id: string): Promise<JobRow> => jobOf(store(), id);

  test('a new Job is queued, due now, unleased, with what was given', async () => {
    const holds = [
      { path: 'machines/b', shows: null },
      { path: 'machines/a', shows: 'STARTING' },
    ];
    const naming = { name: 'n', properties: { k: 'v' } };
    await insert(
      store(),
      newJob('j1', { input: { userData: 'x' }, naming, holds, requestHash: 'h', idempotencyKey: 'k', answer: { status: 202 } }),
    );
    const row = await job('j1');
    expect(row).toMatchObject({ state: 'QUEUED', progress: 0, returnCode: 0, input: { userData: 'x' }, naming, answer: { status: 202 } });
    expect(row).toMatchObject({
      results: null,
      memory: null,
      step: null,
      undoing: false,
      attempts: 0,
      epoch: 0,
      leaseOwner: null,
      expires: null,
    });
    expect(row.holds).toEqual([holds[1], holds[0]]);
    expect(row.changed).toMatch(/^\d{4}-.*\.\d{3}Z$/);
    expect(Math.abs(row.due - (await store().now()))).toBeLessThan(5000);
    expect(await store().jobByKey(tenant, 'k')).toEqual(row);
    expect(await store().jobByKey('other', 'k')).toBeUndefined();
    expect(ids(await store().dueJobs(10))).toEqual(['j1']);
    expect(await store().job('none\0')).toBeUndefined();
  });

  test('a Job born finished holds nothing, keeps no input and is never due', async () => {
    const born = { state: 'SUCCESS' as const, workflow: null, input: 1, holds: [{ path: 'machines/a', shows: 'X' }], expires: 5 };
    await insert(store(), newJob('held', { holds: [{ path: 'machines/a', shows: null }] }), newJob('j1', born));
    expect(await job('j1')).toMatchObject({ state: 'SUCCESS', progress: 100, input: null, holds: [], expires: 5 });
    expect(ids(await store().dueJobs(10))).toEqual(['held']);
    expect(await store().leaseJob('j1', 'w', 1000)).toBeUndefined();
  });

  test('a resource is read with the hold on it, and without one where nobody holds it', async () => {
    await store().transaction(async (unit) => {
      for (const path of ['machines/a', 'machines/b']) await unit.insertResource(resourceRow(path));
    });
    await insert(store(), newJob('j1', { holds: [{ path: 'machines/a', shows: 'STARTING' }] }));
    const [a, b] = [await store().resource('machines/a'), await store().resource('machines/b')];
    expect(await store().heldResource('machines/a')).toEqual({ row: a, held: { job: 'j1', shows: 'STARTING' } });
    expect(await store().heldResource('machines/b')).toEqual({ row: b, held: undefined });
    expect(await store().heldResource('machines/none')).toBeUndefined();
    expect(await store().heldResource('machines/\0')).toBeUndefined();
  });

  test('a list of rows is read with the holds on them, however many others are held, in the order and by the conditions of the list', async () => {
    const paths = ['machines/a', 'machines/b', 'machines/c'];
    await store().transaction(async (unit) => {
      for (const [day, path] of paths.entries()) {
        const created = `2026-01-0${day + 1}T00:00:00.000Z`;
        await unit.insertResource(resourceRow(path, { providerKey: `key ${path}`, created }));
      }
      await unit.insertResource(resourceRow('machines/other', { tenant: 'umbrella' }));
      for (let number = 0; number < 300; number += 1)
        await unit.insertJob(newJob(`w${number}`, { holds: [{ path: `machines/w${number}`, shows: 'CREATING' }] }));
    });
    await insert(
      store(),
      newJob('j1', {
        holds: [
          { path: 'machines/b', shows: 'STARTING' },
          { path: 'machines/c', shows: null },
        ],
      }),
    );
    const query = { type: 'Machine', tenants: ['acme'] };
    const rows = await store().resources(query);
    const held = [undefined, { job: 'j1', shows: 'STARTING' }, { job: 'j1', shows: null }];
    const all = rows.map((row, index) => ({ row, held: held[index] }));
    expect(all.map(({ row }) => row.path)).toEqual(paths);
    expect(await store().heldResources(query)).toEqual(all);
    const [first, second, third] = all;
    expect(await store().heldResources({ ...query, descending: true, limit: 2 })).toEqual([third, second]);
    expect(await store().heldResources({ ...query, after: { created: String(first?.row.created), path: 'machines/a' } })).toEqual([
      second,
      third,
    ]);
    expect(await store().heldResources({ ...query, paths: ['machines/b', 'machines/none'] })).toEqual([second]);
    const keyed = { type: 'Machine', cloud: 'east', providerKeys: ['key machines/c', 'key machines/a'] };
    expect(await store().heldResources(keyed)).toEqual([first, third]);
    expect(await store().heldResources({ ...keyed, providerKeys: [] })).toEqual([]);
  });

  test('of two Jobs on one resource the second is told the first and leaves nothing, in the same transaction or not', async () => {
    await insert(store(), newJob('j1', { holds: [{ path: 'machines/b', shows: 'STOPPING' }] }));
    const wanted = ['machines/c', 'machines/b', 'machines/a'].map((path) => ({ path, shows: null }));
    const error = await failure(insert(store(), newJob('j2', { holds: wanted })));
    expect(error).toBeInstanceOf(HeldError);
    expect(error).toMatchObject({ path: 'machines/b', job: 'j1' });
    await store().transaction(async (unit) => {
      expect(await failure(unit.insertJob(newJob('j2', { holds: wanted })))).toBeInstanceOf(HeldError);
      await unit.insertJob(newJob('refused', { state: 'FAILED', workflow: null }));
    });
    expect(await store().job('j2')).toBeUndefined();
    expect(await store().job('refused')).toBeDefined();
    expect(await store().holds()).toEqual(new Map([['machines/b', { job: 'j1', shows: 'STOPPING' }]]));
    expect(await store().holds(['machines/a', 'machines/c'])).toEqual(new Map());
    expect(await store().holds([])).toEqual(new Map());
    await insert(store(), newJob('j3', { holds: [{ path: 'machines/c', shows: null }] }));
    expect((await store().holds(undefined, 1)).size).toBe(1);
    expect((await store().holds(undefined, 3)).size).toBe(2);
  });

  test('an Idempotency-Key is unique per tenant; the second use is told the first Job', async () => {
    await insert(store(), newJob('j1', { idempotencyKey: 'k' }), newJob('j2', { idempotencyKey: 'k', tenant: 'other' }));
    await store().transaction(async (unit) => {
      expect(await failure(unit.insertJob(newJob('j3', { idempotencyKey: 'k' })))).toMatchObject({ name: 'DuplicateKeyError', job: 'j1' });
      expect(await unit.job('j3')).toBeUndefined();
    });
    expect(await failure(insert(store(), newJob('j1')))).toBeInstanceOf(StaleError);
    expect(new DuplicateKeyError('j1').message).toContain('j1');
  });

  test('who is told of a key that is taken can read the Job that has it, also where both were written at once', async () => {
    for (let round = 0; round < 20; round++) {
      const key = `k${round}`;
      const tries = Array.from({ length: 6 }, (_, n) => insert(store(), newJob(`j${round}-${n}`, { idempotencyKey: key })));
      const taken = await Promise.all(
        tries.map((one) =>
          one.then(
            () => [],
            async (error: DuplicateKeyError) => [[error.job, (await store().jobByKey(tenant, key))?.id]],
          ),
        ),
      );
      expect(taken.flat()).toHaveLength(5);
      for (const [told, read] of taken.flat()) expect([told, read]).toEqual([told, told]);
    }
  });

  test('a lease makes the Job RUNNING, counts the attempt, raises the epoch, and shuts others out until it is over', async () => {
    await insert(store(), newJob('j1'));
    const before = await job('j1');
    await elapse(5);
    const leased = await store().leaseJob('j1', 'w1', 60_000);
    expect(leased).toMatchObject({ state: 'RUNNING', epoch: 1, attempts: 1, leaseOwner: 'w1' });
    expect(leased?.changed).not.toBe(before.changed);
    const now = await store().now();
    expect(Math.abs((leased?.leaseUntil ?? 0) - now - 60_000)).toBeLessThan(5000);
    expect(Math.abs((leased?.stepSince ?? 0) - now)).toBeLessThan(5000);
    expect(await store().leaseJob('j1', 'w2', 60_000)).toBeUndefined();
    expect(await store().dueJobs(10)).toEqual([]);
    expect(await store().renewLease('j1', 1, -1)).toBe(true);
    expect(ids(await store().dueJobs(10))).toEqual(['j1']);
    expect(await store().leaseJob('j1', 'w2', 60_000)).toMatchObject({
      epoch: 2,
      attempts: 2,
      changed: leased?.changed,
      stepSince: leased?.stepSince,
    });
    expect(await store().renewLease('j1', 1, 1000)).toBe(false);
    await store().releaseJob('j1', 1, 0);
    expect((await job('j1')).leaseOwner).toBe('w2');
    expect(await failure(store().transaction((unit) => unit.advanceJob('j1', 1, { progress: 5 })))).toBeInstanceOf(StaleError);
    await store().releaseJob('j1', 2, 60_000);
    expect(await job('j1')).toMatchObject({ leaseOwner: null, leaseUntil: null, state: 'RUNNING', epoch: 2 });
    expect(await store().leaseJob('j1', 'w3', 1000)).toBeUndefined();
    expect(await store().renewLease('j1', 2, 1000)).toBe(false);
    expect(await store().leaseJob('none', 'w', 1000)).toBeUndefined();
  });

  test('a Job says whose request it comes of, and which process it was taken from; Jobs that have not ended are counted', async () => {
    await insert(
      store(),
      newJob('j1', { requestId: 'r1', trace: 't1' }),
      newJob('j2'),
      newJob('ended', { state: 'SUCCESS', workflow: null }),
    );
    expect([await job('j1'), await job('j2')]).toMatchObject([
      { requestId: 'r1', takenFrom: null, trace: 't1' },
      { requestId: null, trace: null },
    ]);
    expect(await store().leaseJob('j1', 'lost', -1)).toMatchObject({ takenFrom: null });
    expect(await store().leaseJob('j1', 'w2', 60_000)).toMatchObject({ takenFrom: 'lost', requestId: 'r1' });
    const { workflow } = await job('j1');
    expect(await store().jobLoad()).toEqual([{ workflow, waiting: 1, running: 1, oldestMs: expect.any(Number) as number }]);
    await store().releaseJob('j1', 2, 0);
    expect(await store().leaseJob('j1', 'w3', 60_000)).toMatchObject({ takenFrom: null });
  });

  test('leases that are asked for at once are each their own: with its epoch, its holds, and to one worker only', async () => {
    const names = ['c1', 'c2', 'c3', 'c4'];
    for (const id of names) await insert(store(), newJob(id, { holds: [{ path: `machines/${id}`, shows: 'STARTING' }] }));
    await store().leaseJob('c2', 'before', -1);
    await store().leaseJob('c3', 'before', 60_000);
    const ask = (worker: string, ids: readonly string[]) => Promise.all(ids.map((id) => store().leaseJob(id, worker, 60_000)));
    const both = await Promise.all([ask('w1', [...names, 'none', 'nul\0']), ask('w2', names.toReversed())]);
    const got = both.flat().filter((row) => row !== undefined);
    expect(got.map(({ id }) => id).sort()).toEqual(['c1', 'c2', 'c4']);
    expect(got.map(({ epoch }) => epoch).sort()).toEqual([1, 1, 2]);
    for (const row of got) {
      expect(row).toEqual(await job(row.id));
      expect(row).toMatchObject({ state: 'RUNNING', holds: [{ path: `machines/${row.id}`, shows: 'STARTING' }] });
    }
    expect((await job('c3')).leaseOwner).toBe('before');
  });

  test('progress is kept until the end; the end frees the resources and erases what was confidential', async () => {
    const holds = [
      { path: 'machines/a', shows: 'CREATING' },
      { path: 'machines/b', shows: null },
    ];
    await insert(store(), newJob('j1', { input: { a: 1 }, holds }));
    await store().leaseJob('j1', 'w', 60_000);
    const progress = {
      step: 'create',
      results: { resolve: { x: 1 } },
      memory: [1],
      attempts: 0,
      undoing: true,
      progress: 40,
      dueInMs: 1000.6,
    };
    const failed = { message: 'm', returnCode: 2, kind: 'quota' };
    const change = {
      ...progress,
      stepBegins: true,
      failure: failed,
      holds: [{ path: 'machines/a', shows: 'STARTING' }],
      statusMessage: 's',
    };
    const row = await store().transaction((unit) => unit.advanceJob('j1', 1, change));
    expect(row).toMatchObject({
      step: 'create',
      results: { resolve: { x: 1 } },
      memory: [1],
      attempts: 0,
      undoing: true,
      progress: 40,
      failure: failed,
    });
    expect(row).toMatchObject({ statusMessage: 's', input: { a: 1 }, holds: [{ path: 'machines/a', shows: 'STARTING' }, holds[1]] });
    expect(row.due).toBeGreaterThan((await store().now()) + 500);
    expect(await job('j1')).toEqual(row);
    await elapse(5);
    const end = {
      state: 'FAILED' as const,
      returnCode: 2,
      expires: 9,
      affected: ['x'],
      holds: [{ path: 'machines/c', shows: null }],
      memory: 'late',
    };
    const last = await store().transaction((unit) => unit.advanceJob('j1', 1, end));
    expect(last).toMatchObject({
      state: 'FAILED',
      progress: 100,
      input: null,
      results: null,
      memory: null,
      leaseOwner: null,
      leaseUntil: null,
    });
    expect(last).toMatchObject({ holds: [], expires: 9, affected: ['x'] });
    expect(last.changed > row.changed).toBe(true);
    expect(await store().holds()).toEqual(new Map());
    expect(await failure(store().transaction((unit) => unit.advanceJob('j1', 1, { progress: 1 })))).toBeInstanceOf(StaleError);
    expect(await job('j1')).toEqual(last);
  });

  test('a stop request is not lost to the worker at work', async () => {
    await insert(store(), newJob('j1'));
    await store().leaseJob('j1', 'w', 60_000);
    const asked = await store().transaction((unit) => unit.updateJob('j1', { state: 'STOPPING', dueInMs: 0 }, ['QUEUED', 'RUNNING']));
    expect(asked).toMatchObject({ state: 'STOPPING', leaseOwner: 'w' });
    const row = await store().transaction((unit) => unit.advanceJob('j1', 1, { state: 'RUNNING', results: { a: 1 } }));
    expect(row).toMatchObject({ state: 'STOPPING', results: { a: 1 }, changed: asked.changed });
    await store().releaseJob('j1', 1, 0);
    expect(await store().leaseJob('j1', 'w', 1000)).toMatchObject({ state: 'STOPPING', changed: asked.changed });
    await store().transaction((unit) => unit.advanceJob('j1', 2, { state: 'STOPPED' }));
    expect(await failure(store().transaction((unit) => unit.updateJob('j1', { state: 'STOPPING' })))).toBeInstanceOf(StaleError);
    const late = store().transaction((unit) => unit.updateJob('j1', { statusMessage: 'x' }, ['QUEUED', 'RUNNING', 'STOPPING']));
    expect(await failure(late)).toBeInstanceOf(StaleError);
    const named = await store().transaction((unit) =>
      unit.updateJob('j1', { naming: { name: 'n' }, answer: { status: 200, location: 'machines/a' } }),
    );
    expect(named).toMatchObject({ state: 'STOPPED', naming: { name: 'n' }, answer: { status: 200, location: 'machines/a' } });
    expect(await failure(store().transaction((unit) => unit.updateJob('none', {})))).toBeInstanceOf(StaleError);
  });

  test('lists Jobs by tenant, state and parent, page by page', async () => {
    await insert(
      store(),
      newJob('j1'),
      newJob('j2', { parent: 'j1' }),
      newJob('j3', { tenant: 'other' }),
      newJob('j4', { state: 'FAILED' }),
    );
    expect(ids(await store().jobs({})).sort()).toEqual(['j1', 'j2', 'j3', 'j4']);
    expect(ids(await store().jobs({ tenants: [tenant], states: ['QUEUED'] })).sort()).toEqual(['j1', 'j2']);
    expect(ids(await store().jobs({ parent: 'j1' }))).toEqual(['j2']);
    const seen: string[] = [];
    for (let page = await store().jobs({ limit: 3 }); page.length > 0;) {
      seen.push(...ids(page));
      const last = page.at(-1);
      page = last ? await store().jobs({ limit: 3, after: { created: last.created, path: `jobs/${last.id}` } }) : [];
    }
    expect(seen.sort()).toEqual(['j1', 'j2', 'j3', 'j4']);
  });

  test('due Jobs come oldest first, the future ones not at all', async () => {
    const now = await store().now();
    await insert(store(), newJob('soon', { due: now - 10 }), newJob('first', { due: now - 1000 }), newJob('later', { due: now + 60_000 }));
    expect(ids(await store().dueJobs(10))).toEqual(['first', 'soon']);
    expect(ids(await store().dueJobs(1))).toEqual(['first']);
    expect(await store().leaseJob('later', 'w', 1000)).toBeUndefined();
  });

  test('an unfinished Job is not deleted, an ended one is, an absent one is success', async () => {
    await insert(store(), newJob('j1', { holds: [{ path: 'machines/a', shows: null }] }), newJob('j2', { state: 'SUCCESS' }));
    expect(await failure(store().transaction((unit) => unit.deleteJob('j1')))).toBeInstanceOf(StaleError);
    await store().transaction((unit) => unit.deleteJob('j2'));
    await store().transaction((unit) => unit.deleteJob('j2'));
    expect(ids(await store().jobs({}))).toEqual(['j1']);
    expect((await store().holds()).size).toBe(1);
  });

  test('expired Jobs go, at most as many as asked, and the oldest refused ones above the bound of their tenant', async () => {
    const now = await store().now();
    const ended = { state: 'SUCCESS' as const };
    await insert(store(), newJob('old1', { ...ended, expires: now - 20 }), newJob('old2', { ...ended, expires: now - 10 }));
    await insert(store(), newJob('kept', { ...ended, expires: now + 60_000 }), newJob('work', { expires: now - 10 }));
    expect(await store().removeExpiredJobs(1, 10)).toBe(1);
    expect(ids(await store().jobs({})).sort()).toEqual(['kept', 'old2', 'work']);
    const parent = { ...ended, parent: 'work', expires: now - 30 };
    await insert(store(), newJob('child', { ...parent, target: 'machines/c' }), newJob('orphan', { ...parent, parent: 'gone' }));
    // What ended nested Jobs tell is read by the parent.
    await store().removeExpiredJobs(10, 10);
    expect(ids(await store().jobs({})).sort()).toEqual(['child', 'kept', 'work']);
    const leased = await store().leaseJob('work', 'w', 1_000);
    await store().transaction((unit) => unit.advanceJob('work', leased?.epoch ?? 0, { state: 'SUCCESS', expires: now + 60_000 }));
    await store().removeExpiredJobs(10, 10);
    expect(ids(await store().jobs({})).sort()).toEqual(['kept', 'work']);
    const refused = { state: 'FAILED' as const, workflow: null, expires: now + 60_000 };
    for (const id of ['r1', 'r2', 'r3']) {
      await insert(store(), newJob(id, refused));
      await elapse(3);
    }
    await insert(store(), newJob('ran', { ...refused, workflow: 'test' }), newJob('theirs', { ...refused, tenant: 'other' }));
    expect(await store().removeExpiredJobs(10, 2)).toBe(1);
    expect(ids(await store().jobs({})).sort()).toEqual(['kept', 'r2', 'r3', 'ran', 'theirs', 'work']);
  });
}
