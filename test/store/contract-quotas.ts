import type { Quotas } from '../../src/protocol/quotas';
import { changeQuotas, tenantQuotas } from '../../src/http/tenants';
import { checkQuotas, quotaUses } from '../../src/protocol/quotas';
import type { Store } from '../../src/store/store';
import { insert, newJob, resourceRow, tenant, type Bench } from './fixture';

const bytesOf = (...values: unknown[]): number => values.reduce((sum: number, value) => sum + Buffer.byteLength(JSON.stringify(value)), 0);
const template = (path: string, more = {}) => resourceRow(path, { type: 'MachineTemplate', cloud: null, ...more });

/** Counts that quotas go by: kept with each change, by every process alike. */
export function quotaContract(current: () => Bench): void {
  const bytes = async (of = tenant): Promise<number> => (await current().store.counts(of)).bytes;

  test('bytes are those of all that a tenant’s resources hold, whatever comes, changes and goes', async () => {
    const { store } = current();
    expect(await bytes()).toBe(0);
    const row = template('machineTemplates/a', { values: { name: 'Ä\u{1F600}' }, internal: { k: 1 } });
    await store.transaction((unit) => unit.insertResource(row));
    expect(await bytes()).toBe(bytesOf(row.values, row.internal));
    await store.transaction((unit) => unit.updateResource(row.path, undefined, { values: { name: 'longer', more: 'x' } }));
    expect(await bytes()).toBe(bytesOf({ name: 'longer', more: 'x' }, row.internal));
    await store.transaction((unit) => unit.updateResource(row.path, undefined, { secrets: { password: 'p' } }));
    const withSecrets = await bytes();
    expect(withSecrets).toBeGreaterThan(bytesOf({ name: 'longer', more: 'x' }, row.internal));
    await store.transaction(async (unit) => {
      await unit.insertResource(resourceRow('machines/a', { providerKey: 'i-1' }));
      await unit.insertResource(resourceRow('machines/a/disks/1', { type: 'Disk', owner: 'machines/a' }));
      await unit.insertResource(resourceRow('machines/b', { tenant: 'other' }));
    });
    const [machine, disk] = [bytesOf({ name: 'machines/a' }, {}), bytesOf({ name: 'machines/a/disks/1' }, {})];
    expect([await bytes(), await bytes('other')]).toEqual([withSecrets + machine + disk, bytesOf({ name: 'machines/b' }, {})]);
    await store.transaction((unit) => unit.deleteResource('machines/a'));
    expect(await bytes()).toBe(withSecrets);
    await store.transaction((unit) => unit.deleteResource(row.path));
    expect(await bytes()).toBe(0);
  });

  test('the words that a Job keeps are cut at 4 KiB, however they come', async () => {
    const { store } = current();
    const long = '\u00e9'.repeat(100_000);
    await insert(store, newJob('j1', { statusMessage: long }), newJob('j2'));
    const words = async (id: string) => (await store.job(id))?.statusMessage ?? '';
    expect(Buffer.byteLength(await words('j1'))).toBeLessThanOrEqual(4_096);
    await store.transaction((unit) => unit.updateJob('j2', { statusMessage: long }));
    expect(Buffer.byteLength(await words('j2'))).toBeLessThanOrEqual(4_096);
    const leased = await store.leaseJob('j2', 'w', 1_000);
    const failure = { message: long, returnCode: 1, kind: 'invalid' };
    await store.transaction((unit) => unit.advanceJob('j2', leased?.epoch ?? 0, { statusMessage: `${long}, again`, failure }));
    const job = await store.job('j2');
    expect([job?.statusMessage, job?.failure?.message].map((text = '') => Buffer.byteLength(text) <= 4_096)).toEqual([true, true]);
  });

  test('a quota that is set is read with the counts, by every process at once, as long as it is not taken away', async () => {
    const { store } = current();
    const other = await current().another();
    await insert(store, newJob('j1'));
    const quotas: Quotas = { resources: 5, meters: 5, jobs: 5, unfinishedJobs: 5, bytes: 1e9, tenants: { [tenant]: { jobs: 3 } } };
    const jobs = async () => quotaUses(quotas, tenant, await other.counts(tenant)).jobs;
    expect(await jobs()).toEqual({ limit: 3, from: `quotas.tenants.${tenant}.jobs`, configured: 3, used: 1 });
    for (const most of [7, 1]) await store.transaction((unit) => unit.putQuota(tenant, 'jobs', most));
    await store.transaction((unit) => unit.putQuota('elsewhere', 'jobs', 9));
    expect(await jobs()).toEqual({ limit: 1, from: 'stored', configured: 3, used: 1 });
    expect(await other.tenants()).toEqual([tenant, 'elsewhere'].sort());
    await store.transaction((unit) => unit.putQuota(tenant, 'jobs', null));
    expect((await jobs()).from).toBe(`quotas.tenants.${tenant}.jobs`);
    const failed = store.transaction(async (unit) => {
      await unit.putQuota(tenant, 'bytes', 1);
      throw new Error('refused');
    });
    await expect(failed).rejects.toThrow('refused');
    expect((await other.counts(tenant)).quotas.size).toBe(0);
  });

  test('of two who change the quotas that they read at once, from two processes, one is told', async () => {
    const { store } = current();
    const other = await current().another();
    const quotas: Quotas = { resources: 5, meters: 5, jobs: 5, unfinishedJobs: 5, bytes: 1e9, tenants: {} };
    const parts = (of: Store) => ({ store: of, quotas, configured: [tenant], clouds: {} });
    const { tag } = await tenantQuotas(parts(store), tenant);
    const changed = await Promise.all(
      [store, other].map((of, at) => changeQuotas(parts(of), tenant, new Map([['jobs', 10 + at]]), { tags: [tag] })),
    );
    expect(changed.filter((one) => one === undefined)).toHaveLength(1);
    const won = changed.findIndex((one) => one !== undefined);
    expect((await tenantQuotas(parts(other), tenant)).listing.quotas.jobs).toMatchObject({ limit: 10 + won, from: 'stored' });
  });

  test('what is rolled back was never counted', async () => {
    const { store } = current();
    const failed = store.transaction(async (unit) => {
      await unit.insertResource(template('machineTemplates/a'));
      throw new Error('refused');
    });
    await expect(failed).rejects.toThrow('refused');
    expect(await bytes()).toBe(0);
  });

  test('of many changes at once, from two processes, exactly as many come through as the quota has room for', async () => {
    const { store } = current();
    const other = await current().another();
    const quotas: Quotas = { resources: 5, meters: 1000, jobs: 1000, unfinishedJobs: 1000, bytes: 1e9, tenants: {} };
    await insert(store, newJob('j1'));
    const results = await Promise.allSettled(
      Array.from({ length: 16 }, (_, at) =>
        (at % 2 === 0 ? store : other).transaction(async (unit) => {
          const row = template(`machineTemplates/${at}`);
          await unit.insertResource(row);
          const plan = { target: row.path, affected: [], insert: [row], statusMessage: '' };
          await checkQuotas(unit, quotas, tenant, plan, undefined);
        }),
      ),
    );
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as { status: number; message: string }] : [],
    );
    expect(refused.map(({ status }) => status)).toEqual(new Array(11).fill(403));
    expect(await store.resources({ type: 'MachineTemplate' })).toHaveLength(5);
  });
}
