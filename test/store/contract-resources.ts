import { StaleError, type Store } from '../../src/store/store';
import { failure, paths, resourceRow, type Bench } from './fixture';
import { expectRecent } from '../harness/wait';

export function resourceContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const add = (...rows: ReturnType<typeof resourceRow>[]) =>
    store().transaction(async (unit) => {
      for (const row of rows) await unit.insertResource(row);
    });

  test('a resource comes back as it was stored, at version 1, with a creation time in UTC with ms', async () => {
    const values = { name: 'é\u0001😀', memory: 2 ** 40, disks: [{ href: 'machines/a/disks/1' }], flag: false, nothing: null };
    const row = resourceRow('machines/a', { values, secrets: { userData: 'c2VjcmV0' }, internal: { __proto__x: 1 }, state: 'CREATING' });
    const inserted = await store().transaction((unit) => unit.insertResource(row));
    const read = await store().resource('machines/a');
    expect(read).toEqual({ ...row, created: expect.any(String), updated: null, version: 1 });
    expect(read).toEqual(inserted);
    expect(read?.created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expectRecent(read?.created);
  });

  test('a given creation time is kept as an instant', async () => {
    await add(resourceRow('machines/a', { created: '2020-01-02T03:04:05+01:00' }));
    expect((await store().resource('machines/a'))?.created).toBe('2020-01-02T02:04:05.000Z');
  });

  test('of what lived in a cloud and was deleted the path is remembered, of nothing else', async () => {
    await add(
      resourceRow('machines/a', { providerKey: 'i-1' }),
      resourceRow('machineTemplates/b', { cloud: null }),
      resourceRow('machines/c'),
    );
    const asked = ['machines/a', 'machineTemplates/b', 'machines/c', 'machines/none'];
    expect(await store().retired(asked)).toEqual(new Set());
    await store().transaction(async (unit) => {
      for (const path of ['machines/a', 'machineTemplates/b', 'machines/none']) await unit.deleteResource(path);
    });
    expect(await store().retired(asked)).toEqual(new Set(['machines/a']));
    await add(resourceRow('machines/a'));
    await store().transaction((unit) => unit.deleteResource('machines/a'));
    expect(await store().retired(asked)).toEqual(new Set(['machines/a']));
    expect(await store().retired([])).toEqual(new Set());
  });

  test('of many paths those with rows are told with whose they are, and what only overlays something found', async () => {
    await add(
      resourceRow('machines/a'),
      resourceRow('machineTemplates/b', { cloud: null, tenant: 'other', internal: { discovered: true } }),
    );
    expect(await store().standings(['machines/a', 'machineTemplates/b', 'machines/none', 'machines/\0'])).toEqual(
      new Map([
        ['machines/a', { tenant: resourceRow('machines/a').tenant, cloud: 'east', discovered: false }],
        ['machineTemplates/b', { tenant: 'other', cloud: null, discovered: true }],
      ]),
    );
    expect(await store().standings([])).toEqual(new Map());
    expect(await store().retired(['machines/\0'])).toEqual(new Set());
    expect(await store().takenAway({ type: 'Machine', cloud: 'east', providerKeys: ['i-\0'] })).toEqual([]);
    expect(await store().takenAway({ paths: ['machines/\0'] })).toEqual([]);
    expect(await store().holds(['machines/\0'])).toEqual(new Map());
  });

  test('what a reading took away comes back as it was, with what it owned and the associations to it', async () => {
    const machine = resourceRow('machines/a', {
      providerKey: 'i-1',
      internal: { kept: { name: 'mine' } },
      secrets: { userData: 'c2VjcmV0' },
    });
    const system = resourceRow('systems/s', { cloud: null, type: 'System' });
    const other = resourceRow('systems/t', { cloud: null, type: 'System' });
    const disk = resourceRow('machines/a/disks/d', { owner: 'machines/a', type: 'Disk', providerKey: 'd-1' });
    const values = { machine: { href: 'machines/a' } };
    const member = (of: string) => resourceRow(`${of}/machines/a`, { owner: of, cloud: null, type: 'SystemMachine', values });
    await add(machine, disk, system, other, member('systems/s'), member('systems/t'));
    const before = await store().resource('machines/a');
    await store().transaction((unit) => unit.takeAway('machines/a', ['systems/s/machines/a', 'systems/t/machines/a']));
    for (const path of ['machines/a', 'machines/a/disks/d', 'systems/s/machines/a']) expect(await store().resource(path)).toBeUndefined();
    expect(await store().retired(['machines/a'])).toEqual(new Set(['machines/a']));
    const asked = { type: 'Machine', cloud: 'east' };
    expect(await store().takenAway({ ...asked, providerKeys: ['i-1'] })).toEqual([before]);
    expect(await store().takenAway({ ...asked, providerKeys: ['i-2'] })).toEqual([]);
    expect(await store().takenAway({ paths: ['machines/a'] })).toEqual([before]);
    await store().transaction((unit) => unit.deleteResource('systems/t'));
    const back = await store().transaction((unit) => unit.bringBack('machines/a', 'i-9'));
    expect(back).toEqual({ ...before, providerKey: 'i-9', version: 2 });
    expect(await store().resource('machines/a')).toEqual(back);
    expect(await store().resource('machines/a/disks/d')).toMatchObject({ providerKey: 'd-1' });
    expect(await store().referring(['machines/a'])).toEqual(['systems/s/machines/a']);
    expect(await store().takenAway(asked)).toEqual([]);
    expect(await store().retired(['machines/a'])).toEqual(new Set());
    expect(await store().transaction((unit) => unit.bringBack('machines/a', 'i-9'))).toBeUndefined();
  });

  test('of many readings that take the same away at once one does; none does to a row that is another by now', async () => {
    await add(resourceRow('machines/a', { providerKey: 'i-1' }), resourceRow('machines/a/disks/d', { owner: 'machines/a', type: 'Disk' }));
    const again = await bench().another();
    const takers = Array.from({ length: 12 }, (_, n) => (n % 2 ? store() : again));
    const version = (await store().resource('machines/a'))?.version ?? 0;
    const old = await store().transaction((unit) => unit.takeAway('machines/a', [], version + 1));
    const taken = await Promise.all(takers.map((taker) => taker.transaction((unit) => unit.takeAway('machines/a', [], version))));
    expect([old, taken.filter((did) => did).length]).toEqual([false, 1]);
    expect(await store().takenAway({ paths: ['machines/a'] })).toHaveLength(1);
  });

  test('what was taken away stays away while another row has the thing', async () => {
    await add(resourceRow('machines/a', { providerKey: 'i-1' }));
    await store().transaction((unit) => unit.takeAway('machines/a', []));
    await add(resourceRow('machines/b', { providerKey: 'i-1' }));
    expect(await store().transaction((unit) => unit.bringBack('machines/a', 'i-1'))).toBeUndefined();
    expect(await store().takenAway({ paths: ['machines/a'] })).toHaveLength(1);
    await store().transaction((unit) => unit.deleteResource('machines/none'));
    expect(await store().takenAway({ paths: ['machines/none'] })).toEqual([]);
  });

  test('absent and impossible paths are absent', async () => {
    expect(await store().resource('machines/none')).toBeUndefined();
    expect(await store().resource('machines/\0')).toBeUndefined();
  });

  test('a second row for a path, or for a provider key of the same cloud and type, is refused without harm to the transaction', async () => {
    await add(resourceRow('machines/a', { providerKey: 'i-1' }));
    await store().transaction(async (unit) => {
      expect(await failure(unit.insertResource(resourceRow('machines/a')))).toBeInstanceOf(StaleError);
      expect(await failure(unit.insertResource(resourceRow('machines/b', { providerKey: 'i-1' })))).toBeInstanceOf(StaleError);
      await unit.insertResource(resourceRow('machines/c', { providerKey: 'i-1', cloud: 'west' }));
      await unit.insertResource(resourceRow('machines/d', { providerKey: 'i-1', type: 'MachineImage' }));
      await unit.insertResource(resourceRow('machines/e', { providerKey: 'i-2' }));
    });
    const taken = store().transaction((unit) => unit.updateResource('machines/e', undefined, { providerKey: 'i-1' }));
    expect(await failure(taken)).toBeInstanceOf(StaleError);
    expect((await store().resource('machines/e'))?.providerKey).toBe('i-2');
  });

  test('an update is made at the expected version only, raises it, and sets updated for explicit changes only', async () => {
    await add(resourceRow('machines/a', { secrets: { userData: 'x' } }));
    const seen = await store().transaction((unit) => unit.updateResource('machines/a', 1, { state: 'STARTED', providerKey: 'i-1' }));
    expect(seen).toMatchObject({ version: 2, state: 'STARTED', providerKey: 'i-1', updated: null, secrets: { userData: 'x' } });
    const changed = await store().transaction((unit) =>
      unit.updateResource('machines/a', undefined, { values: { name: 'n' }, explicit: true }),
    );
    expect(changed).toMatchObject({ version: 3, values: { name: 'n' }, state: 'STARTED' });
    expect(changed.updated).toMatch(/Z$/);
    expect(await failure(store().transaction((unit) => unit.updateResource('machines/a', 2, { state: 'STOPPED' })))).toBeInstanceOf(
      StaleError,
    );
    expect(await failure(store().transaction((unit) => unit.updateResource('machines/z', undefined, {})))).toBeInstanceOf(StaleError);
    expect(await store().resource('machines/a')).toEqual(changed);
  });

  test('a transaction that throws leaves nothing', async () => {
    const broken = store().transaction(async (unit) => {
      await unit.insertResource(resourceRow('machines/a'));
      expect(await unit.resource('machines/a')).toBeDefined();
      throw new Error('no');
    });
    expect(await failure(broken)).toEqual(new Error('no'));
    expect(await store().resource('machines/a')).toBeUndefined();
  });

  test('reads outside a transaction see what is committed and wait for nobody', async () => {
    await add(resourceRow('machines/a', { state: 'STARTED' }));
    await store().transaction(async (unit) => {
      await unit.updateResource('machines/a', undefined, { state: 'STOPPED' });
      expect((await unit.resource('machines/a'))?.state).toBe('STOPPED');
      expect((await store().resource('machines/a'))?.state).toBe('STARTED');
    });
    expect((await store().resource('machines/a'))?.state).toBe('STOPPED');
  });

  test('queries narrow by type, tenant, cloud, owner and provider key; counts agree', async () => {
    await add(
      resourceRow('machines/a', { providerKey: 'i-1' }),
      resourceRow('machines/b', { tenant: 'other' }),
      resourceRow('machines/c', { cloud: null }),
      resourceRow('machines/a/disks/1', { type: 'Disk', owner: 'machines/a' }),
    );
    const queries = [
      [{ type: 'Machine' }, ['machines/a', 'machines/b', 'machines/c']],
      [{ type: 'Machine', tenants: ['acme', 'nobody'] }, ['machines/a', 'machines/c']],
      [{ type: 'Machine', tenants: [] }, []],
      [{ type: 'Machine', cloud: null }, ['machines/c']],
      [{ type: 'Machine', cloud: 'east', tenants: ['other'] }, ['machines/b']],
      [{ type: 'Machine', providerKeys: ['i-1', 'i-9'] }, ['machines/a']],
      [{ type: 'Disk', owner: 'machines/a' }, ['machines/a/disks/1']],
      [{ type: 'Disk', owner: null }, []],
    ] as const;
    for (const [query, expected] of queries) {
      expect(paths(await store().resources(query)).sort()).toEqual(expected);
      expect(await store().countResources(query)).toBe(expected.length);
    }
  });

  test('pages follow each other in (created, path) order by code points', async () => {
    const late = '2021-01-01T00:00:00.000Z';
    const rows = ['m/b', 'm/B', 'm/a-', 'm/a', 'm/_'].map((path) => resourceRow(path, { created: '2020-01-01T00:00:00.000Z' }));
    await add(resourceRow('m/0', { created: late }), ...rows);
    const seen: string[] = [];
    for (let page = await store().resources({ type: 'Machine', limit: 2 }); page.length > 0;) {
      seen.push(...paths(page));
      const last = page.at(-1);
      if (!last) break;
      page = await store().resources({ type: 'Machine', limit: 2, after: last });
    }
    expect(seen).toEqual(['m/B', 'm/_', 'm/a', 'm/a-', 'm/b', 'm/0']);
  });

  test('referring finds references at any depth, follows changes, and forgets with the row', async () => {
    await add(
      resourceRow('machineTemplates/t', {
        values: { machineConfig: { href: 'machineConfigs/c' }, volumes: [{ volume: { href: 'volumes/v' } }] },
      }),
      resourceRow('machineTemplates/u', { values: { machineConfig: { href: 'machineConfigs/c' } } }),
    );
    expect(await store().referring(['machineConfigs/c', 'volumes/v'])).toEqual(['machineTemplates/t', 'machineTemplates/u']);
    expect(await store().referring(['volumes/v'])).toEqual(['machineTemplates/t']);
    expect(await store().referring([])).toEqual([]);
    await store().transaction((unit) => unit.updateResource('machineTemplates/t', 1, { values: { name: 'machineConfigs/c' } }));
    expect(await store().referring(['machineConfigs/c', 'volumes/v'])).toEqual(['machineTemplates/u']);
    await store().transaction((unit) => unit.deleteResource('machineTemplates/u'));
    expect(await store().referring(['machineConfigs/c'])).toEqual([]);
  });

  test('many paths are asked for at once', async () => {
    await add(resourceRow('machines/a', { providerKey: 'i-1', values: { image: { href: 'machineImages/1' } } }));
    const many = Array.from({ length: 70_000 }, (_, n) => `machineImages/${n}`);
    expect(await store().referring(many)).toEqual(['machines/a']);
    expect(paths(await store().resources({ type: 'Machine', providerKeys: [...many, 'i-1'] }))).toEqual(['machines/a']);
    expect((await store().holds(many)).size).toBe(0);
  });

  test('deleting removes what is owned at any depth, also below an owner without a row', async () => {
    await add(
      resourceRow('machines/a'),
      resourceRow('machines/a/disks/1', { owner: 'machines/a' }),
      resourceRow('machines/a/disks/1/x', { owner: 'machines/a/disks/1' }),
      resourceRow('machines/b'),
      resourceRow('machines/c/disks/1', { owner: 'machines/c' }),
    );
    await store().transaction(async (unit) => {
      await unit.deleteResource('machines/a');
      await unit.deleteResource('machines/c');
      await unit.deleteResource('machines/none');
    });
    expect(paths(await store().resources({ type: 'Machine' }))).toEqual(['machines/b']);
  });
}
