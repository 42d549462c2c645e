import { HeldError, type Store } from '../../src/store/store';
import { failure, ids, insert, newJob, resourceRow, tenant, type Bench } from './fixture';

/** Tests what holds between stores over the same data, and what the stored bytes may show. */
export function sharedContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const won = (results: PromiseSettledResult<unknown>[]) => results.filter((result) => result.status === 'fulfilled');
  const lost = (results: PromiseSettledResult<unknown>[]) =>
    results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const rounds = Array.from({ length: 15 }, (_, n) => n);

  test('of racing workers exactly one gets the lease', async () => {
    const other = await bench().another();
    for (const n of rounds) {
      await insert(store(), newJob(`j${n}`));
      const leases = await Promise.all([store(), other, store(), other].map((each, w) => each.leaseJob(`j${n}`, `w${w}`, 60_000)));
      const [winner, ...more] = leases.filter((lease) => lease !== undefined);
      expect(more).toEqual([]);
      expect(await store().job(`j${n}`)).toMatchObject({ epoch: 1, attempts: 1, leaseOwner: winner?.leaseOwner });
    }
  });

  test('of racing changes of overlapping resources exactly one holds them, and none in part', async () => {
    const other = await bench().another();
    for (const n of rounds) {
      const wants = [
        ['m/a', 'm/b', 'm/c'],
        ['m/c', 'm/b'],
        ['m/b', 'm/a'],
        ['m/d', 'm/b'],
      ];
      const races = wants.map((paths, w) =>
        insert(w % 2 ? other : store(), newJob(`j${n}-${w}`, { holds: paths.map((path) => ({ path, shows: null })) })),
      );
      const results = await Promise.allSettled(races);
      expect(won(results)).toHaveLength(1);
      const [winner] = (await store().jobs({ states: ['QUEUED'] })).slice(-1);
      for (const reason of lost(results)) expect(reason).toMatchObject({ name: 'HeldError', job: winner?.id });
      expect(await store().holds()).toEqual(new Map(winner?.holds.map(({ path }) => [path, { job: winner.id, shows: null }])));
      await store().leaseJob(winner?.id ?? '', 'w', 60_000);
      await store().transaction((unit) => unit.advanceJob(winner?.id ?? '', 1, { state: 'SUCCESS' }));
    }
  });

  test('of racing requests with one Idempotency-Key exactly one makes a Job', async () => {
    const other = await bench().another();
    for (const n of rounds) {
      const races = [store(), other, store(), other].map((each, w) => insert(each, newJob(`j${n}-${w}`, { idempotencyKey: `k${n}` })));
      const results = await Promise.allSettled(races);
      expect(won(results)).toHaveLength(1);
      const first = await store().jobByKey(tenant, `k${n}`);
      for (const reason of lost(results)) expect(reason).toMatchObject({ name: 'DuplicateKeyError', job: first?.id });
    }
  });

  test('of racing writers at one version exactly one writes; unconditional ones all do', async () => {
    const other = await bench().another();
    await store().transaction((unit) => unit.insertResource(resourceRow('machines/a', { values: {} })));
    const write = (version: number | undefined) => (each: Store, n: number) =>
      each.transaction((unit) => unit.updateResource('machines/a', version, { values: { n, ref: { href: `machines/${n}` } } }));
    const results = await Promise.allSettled([store(), other, store(), other].map(write(1)));
    expect(won(results)).toHaveLength(1);
    expect(lost(results)).toEqual(Array(3).fill(expect.objectContaining({ name: 'StaleError' })));
    await Promise.all([store(), other, store(), other].map(write(undefined)));
    const last = await store().resource('machines/a');
    expect(last?.version).toBe(6);
    expect(await store().referring([0, 1, 2, 3].map((n) => `machines/${n}`))).toEqual(['machines/a']);
    expect(await store().referring([`machines/${String(last?.values.n)}`])).toEqual(['machines/a']);
  });

  test('another store sees what is committed, and a Job freed by one is taken by the other', async () => {
    const other = await bench().another();
    await insert(store(), newJob('j1', { holds: [{ path: 'machines/a', shows: null }] }));
    expect(await failure(insert(other, newJob('j2', { holds: [{ path: 'machines/a', shows: null }] })))).toBeInstanceOf(HeldError);
    expect(ids(await other.dueJobs(5))).toEqual(['j1']);
    expect(await other.leaseJob('j1', 'w', 1000)).toMatchObject({ epoch: 1 });
    await other.transaction((unit) => unit.advanceJob('j1', 1, { state: 'SUCCESS' }));
    await insert(store(), newJob('j2', { holds: [{ path: 'machines/a', shows: null }] }));
  });

  test('what is confidential is nowhere in the stored bytes', async () => {
    const marker = 'MARKER-3b1f';
    await store().transaction(async (unit) => {
      await unit.insertResource(resourceRow('machines/a', { values: { name: 'VISIBLE-3b1f' }, secrets: { deep: [{ userData: marker }] } }));
      await unit.insertResource(resourceRow('machines/b'));
      await unit.updateResource('machines/b', 1, { secrets: { password: marker } });
      await unit.insertJob(newJob('j1', { input: { marker } }));
    });
    await store().leaseJob('j1', 'w', 60_000);
    await store().transaction((unit) => unit.advanceJob('j1', 1, { results: { a: marker }, memory: { marker } }));
    expect((await store().resource('machines/b'))?.secrets).toEqual({ password: marker });
    expect(await store().job('j1')).toMatchObject({ results: { a: marker }, memory: { marker }, input: { marker } });
    const dump = await bench().dump();
    expect(dump).toContain('VISIBLE-3b1f');
    expect(dump).not.toContain(marker);
    expect(dump).not.toContain(Buffer.from(marker).toString('base64').slice(0, 12));
  });

  test('of admins who lower or remove each other at once one stays, where that is demanded', async () => {
    const { access } = store();
    const admin = (name: string, whose: string) => ({ name, tenant: whose, role: 'admin' as const, passwordHash: null });
    for (let times = 0; times < 5; times += 1) {
      const whose = `pair${times}`;
      const names = ['a', 'b', 'c'].map((one) => `${one}${times}`);
      for (const name of names) await access.putPrincipal(admin(name, whose));
      const rows = await Promise.all(names.map((name) => access.principal(name)));
      const changes = rows.map((row, index) =>
        index === 0
          ? access.removePrincipal(names[0] ?? '', whose, 'an admin stays')
          : access.putPrincipal({ ...admin(names[index] ?? '', whose), role: 'reader' }, row, 'an admin stays'),
      );
      const ends = await Promise.allSettled(changes);
      expect(ends.filter(({ status }) => status === 'rejected')).toEqual([
        { status: 'rejected', reason: expect.objectContaining({ name: 'LastAdminError' }) },
      ]);
      const left = (await access.principals()).filter((row) => row.tenant === whose && row.role === 'admin');
      expect(left).toHaveLength(1);
      expect(await access.removePrincipal(left[0]?.name ?? '', whose)).toBe(true);
    }
  });

  test('users and tokens are kept, replaced, listed and removed', async () => {
    const { access } = store();
    await access.putPrincipal({ name: 'bob', tenant, role: 'reader', passwordHash: 'h1' });
    await access.putPrincipal({ name: 'ann', tenant, role: 'admin', passwordHash: null });
    const first = await access.principal('bob');
    await access.putPrincipal({ name: 'bob', tenant: 'other', role: 'operator', passwordHash: 'h2' });
    expect(await access.principal('bob')).toEqual({ ...first, tenant: 'other', role: 'operator', passwordHash: 'h2' });
    expect((await access.principals()).map((each) => each.name)).toEqual(['ann', 'bob']);
    await access.addToken({ id: 't1', principal: 'bob', hash: 'aa', expires: null });
    await access.addToken({ id: 't2', principal: 'bob', hash: 'bb', expires: '2030-01-01T00:00:00.000Z' });
    expect(await access.tokenByHash('bb')).toMatchObject({ id: 't2', principal: 'bob', expires: '2030-01-01T00:00:00.000Z' });
    expect(await access.tokenByHash('cc')).toBeUndefined();
    expect(ids(await access.tokens('bob'))).toEqual(['t1', 't2']);
    await access.addToken({ id: 't4', principal: 'bob', hash: 'ee', expires: null, name: 'ci', role: 'reader' });
    expect(await access.tokenByHash('ee')).toMatchObject({ name: 'ci', role: 'reader', used: null });
    expect(await access.tokenByHash('aa')).toMatchObject({ name: null, role: null, used: null });
    await access.useToken('t4');
    expect(Date.parse((await access.tokenByHash('ee'))?.used ?? '')).not.toBeNaN();
    expect(await access.addToken({ id: 't5', principal: 'bob', hash: 'ff', expires: null, name: 'ci' })).toBe(false);
    expect([await access.removeToken('t1'), await access.removeToken('t1')]).toEqual([true, false]);
    expect([await access.removePrincipal('bob'), await access.removePrincipal('bob')]).toEqual([true, false]);
    expect(await access.tokenByHash('bb')).toBeUndefined();
    expect(await access.addToken({ id: 't3', principal: 'bob', hash: 'dd', expires: null })).toBe(false);
    expect(await access.principal('x\0')).toBeUndefined();
  });

  test('a user is changed only where it still is as it was read, never made anew, and removed only in its tenant', async () => {
    const { access } = store();
    const row = { name: 'kim', tenant, role: 'admin' as const, passwordHash: null };
    expect([await access.putPrincipal(row, null), await access.putPrincipal({ ...row, tenant: 'other' }, null)]).toEqual([true, false]);
    const read = await access.principal('kim');
    expect(read).toMatchObject(row);
    if (!read) return;
    expect(await access.putPrincipal({ ...row, role: 'reader' }, read)).toBe(true);
    // What was read before the change is not good for another.
    expect(await access.putPrincipal({ ...row, passwordHash: 'h' }, read)).toBe(false);
    expect(await access.principal('kim')).toMatchObject({ role: 'reader', passwordHash: null });
    const lowered = await access.principal('kim');
    expect(await access.removePrincipal('kim', 'other')).toBe(false);
    expect(await access.removePrincipal('kim', tenant)).toBe(true);
    expect(await access.putPrincipal({ ...row, passwordHash: 'h' }, lowered)).toBe(false);
    expect(await access.principal('kim')).toBeUndefined();
  });

  test('sessions are kept until their time is over, they are removed, or their user is', async () => {
    const { access } = store();
    const [past, future] = [{ createdBefore: '2000', usedBefore: '2000' }, '2999'];
    await access.putPrincipal({ name: 'eve', tenant, role: 'reader', passwordHash: 'h1' });
    const add = (hash: string, ended = past) => access.addSession({ hash, principal: 'eve', proof: 'token t1' }, ended);
    await add('s1');
    const first = await access.sessionByHash('s1');
    expect(first).toEqual({ hash: 's1', principal: 'eve', proof: 'token t1', created: first?.used, used: first?.created });
    await access.useSession('s1');
    expect(Date.parse((await access.sessionByHash('s1'))?.used ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.used ?? ''));
    await add('s2', { ...past, usedBefore: future });
    expect(await access.sessionByHash('s1')).toBeUndefined();
    await add('s3', { ...past, createdBefore: future });
    expect(await access.sessionByHash('s2')).toBeUndefined();
    await add('s4');
    expect([await access.removeSession('s4'), await access.removeSession('s4')]).toEqual([true, false]);
    await access.removePrincipal('eve');
    expect(await access.sessionByHash('s3')).toBeUndefined();
    // Users of an issuer have no row.
    await access.addSession({ hash: 's5', principal: 'corp:eve', proof: 'issuer {}' }, past);
    expect(await access.sessionByHash('s5')).toMatchObject({ principal: 'corp:eve', proof: 'issuer {}' });
    await access.removeSession('s5');
  });
}
