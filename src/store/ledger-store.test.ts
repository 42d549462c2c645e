import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newJob, resourceRow } from '../../test/store/fixture';
import { Ledger } from '../model/ledger';
import { createCipher } from './cipher';
import { ledgerStore } from './ledger-store';
import { openSqliteStore } from './sqlite';
import type { JobRow, Store, UnitOfWork } from './store';

/** Each read that may be kept, against the writes that change what it shows, and those that do not. */
let folder: string;
let store: Store;
const ledger = new Ledger();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cimi-ledger-'));
  store = ledgerStore(await openSqliteStore({ file: join(folder, 'cimi.db'), cipher: createCipher(Buffer.alloc(32)) }), ledger);
  await store.transaction(async (unit) => {
    await unit.insertResource(resourceRow('machines/a', { providerKey: 'key-a' }));
    await unit.insertResource(resourceRow('machines/b', { providerKey: 'key-b', tenant: 'umbrella' }));
    await unit.insertJob(newJob('parent', { holds: [{ path: 'machines/a', shows: null }] }));
  });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Tells whether what a read showed is still known to be right after a write. */
async function stands(read: (store: Store) => Promise<unknown>, write: (unit: UnitOfWork) => Promise<unknown>): Promise<boolean> {
  const { footing } = await ledger.watch(() => read(store));
  if (!footing) throw new Error('the read is not told');
  await store.transaction(write);
  return ledger.stands(footing, 0);
}

const rename = (path: string) => (unit: UnitOfWork) => unit.updateResource(path, undefined, { values: { name: 'another' } });
const A = ['machines/a'] as const;

test.each<[string, (store: Store) => Promise<unknown>, (unit: UnitOfWork) => Promise<unknown>]>([
  ['a row, changed', (s) => s.resource('machines/a'), rename('machines/a')],
  ['a row with its hold, changed', (s) => s.heldResource('machines/a'), rename('machines/a')],
  ['a row, deleted with its owner', (s) => s.resource('machines/a'), (unit) => unit.deleteResource('machines/b')],
  ['rows by key, changed', (s) => s.resources({ type: 'Machine', cloud: 'east', providerKeys: ['key-a'] }), rename('machines/a')],
  ['rows by path, changed', (s) => s.resources({ type: 'Machine', paths: A }), rename('machines/a')],
  ['rows of a tenant, changed', (s) => s.resources({ type: 'Machine', tenants: ['acme'] }), rename('machines/a')],
  [
    'rows by a key that another row gets',
    (s) => s.resources({ type: 'Machine', cloud: 'east', providerKeys: ['key-c'] }),
    (unit) => unit.updateResource('machines/a', undefined, { providerKey: 'key-c' }),
  ],
  ['the number of rows, one more', (s) => s.countResources({ type: 'Machine' }), (unit) => unit.insertResource(resourceRow('machines/c'))],
  ['standings', (s) => s.standings(A), rename('machines/a')],
  ['a row that is not there, and comes', (s) => s.resource('machines/c'), (unit) => unit.insertResource(resourceRow('machines/c'))],
  ['what was retired', (s) => s.retired(A), (unit) => unit.deleteResource('machines/a')],
  ['a Job', (s) => s.job('parent'), (unit) => unit.updateJob('parent', { naming: { name: 'x' } })],
  ['the Jobs', (s) => s.jobs({ limit: 10 }), (unit) => unit.insertJob(newJob('other'))],
  ['Jobs in a Job', (s) => s.nestedJobs(['parent']), (unit) => unit.insertJob(newJob('child', { parent: 'parent' }))],
  ['a hold, of which the Job ends', (s) => s.holds(A), (unit) => unit.updateJob('parent', { state: 'STOPPED' })],
  [
    'a hold that is taken',
    (s) => s.heldResource('machines/b'),
    (unit) => unit.insertJob(newJob('other', { holds: [{ path: 'machines/b', shows: 'STOPPING' }] })),
  ],
  ['rows with their holds, one changed', (s) => s.heldResources({ type: 'Machine', tenants: ['acme'] }), rename('machines/a')],
  [
    'rows with their holds, one of which is taken',
    (s) => s.heldResources({ type: 'Machine', tenants: ['umbrella'] }),
    (unit) => unit.insertJob(newJob('other', { holds: [{ path: 'machines/b', shows: 'STOPPING' }] })),
  ],
  [
    'rows with their holds by path, of which the Job ends',
    (s) => s.heldResources({ type: 'Machine', paths: A }),
    (unit) => unit.updateJob('parent', { state: 'STOPPED' }),
  ],
  ['all holds, one more', (s) => s.holds(), (unit) => unit.insertJob(newJob('other', { holds: [{ path: 'machines/b', shows: null }] }))],
])('%s: what was read does not count any more', async (_what, read, write) => {
  expect(await stands(read, write)).toBe(false);
});

test.each<[string, (store: Store) => Promise<unknown>, (unit: UnitOfWork) => Promise<unknown>]>([
  ['a row, another changed', (s) => s.heldResource('machines/a'), rename('machines/b')],
  ['rows by key, another changed', (s) => s.resources({ type: 'Machine', cloud: 'east', providerKeys: ['key-a'] }), rename('machines/b')],
  ['rows of a tenant, another tenant’s changed', (s) => s.resources({ type: 'Machine', tenants: ['acme'] }), rename('machines/b')],
  ['a row, another Job ends', (s) => s.heldResource('machines/b'), (unit) => unit.updateJob('parent', { state: 'STOPPED' })],
  [
    'rows with their holds by path, another is taken',
    (s) => s.heldResources({ type: 'Machine', paths: A }),
    (unit) => unit.insertJob(newJob('other', { holds: [{ path: 'machines/b', shows: 'STOPPING' }] })),
  ],
  ['a Job, another comes', (s) => s.job('parent'), (unit) => unit.insertJob(newJob('other'))],
])('%s: what was read still counts', async (_what, read, write) => {
  expect(await stands(read, write)).toBe(true);
});

test.each<[string, () => Promise<unknown>]>([
  ['Jobs that have expired', () => store.removeExpiredJobs(10, 10)],
  ['what was retired', () => store.forgetRetired({ remainsMs: 0, idMs: 0 }, 10)],
  ['Jobs in doubt', () => store.doubtJobs()],
])('a look for %s: where there are none all that was read still counts, where there are some nothing does', async (what, look) => {
  const reading = async () => {
    const { footing } = await ledger.watch(() => store.resource('machines/b'));
    if (!footing) throw new Error('the read is not told');
    return footing;
  };
  if (what === 'Jobs in doubt') await store.transaction((unit) => unit.updateJob('parent', { state: 'STOPPED' }));
  const before = await reading();
  expect(await look()).toBe(0);
  expect(ledger.stands(before, 0)).toBe(true);
  await store.transaction(async (unit) => {
    await unit.deleteResource('machines/a');
    await unit.insertJob(newJob('ended', { state: 'SUCCESS', workflow: null, expires: 1 }));
    if (what === 'Jobs in doubt') await unit.insertJob(newJob('under way'));
  });
  // What was retired in this very millisecond is none that is older than it.
  for (const now = await store.now(); (await store.now()) === now;);
  const after = await reading();
  expect(await look()).toBeGreaterThan(0);
  expect(ledger.stands(after, 0)).toBe(false);
});

test('a transaction that fails may have been committed: what it wrote counts as changed', async () => {
  const { footing } = await ledger.watch(() => store.resource('machines/a'));
  const failed = store.transaction(async (unit) => {
    await rename('machines/a')(unit);
    throw new Error('not this time');
  });
  await expect(failed).rejects.toThrow('not this time');
  expect(footing && ledger.stands(footing, 0)).toBe(false);
});

test.each<[string, (store: Store) => Promise<unknown>]>([
  ['what is read in a transaction', (s) => s.transaction((unit) => unit.resource('machines/a'))],
  ['the time', (s) => s.now()],
  ['numbers that are kept', (s) => s.counts('acme')],
  ['what is due', (s) => s.dueJobs(1)],
  ['events', (s) => s.lastEvent('acme')],
  ['news', (s) => s.feedEnd('acme')],
])('%s is not told, so that nothing made of it is kept', async (_what, read) => {
  expect((await ledger.watch(() => read(store))).footing).toBeUndefined();
});

test.each<[string, (unit: UnitOfWork) => Promise<unknown>, string[] | undefined]>([
  ['a row, changed', rename('machines/a'), ['machines/a']],
  ['a row, made', (unit) => unit.insertResource(resourceRow('machines/c')), ['machines/c']],
  ['a row, deleted', (unit) => unit.deleteResource('machines/a'), undefined],
  ['a row, taken away', (unit) => unit.takeAway('machines/a', []), undefined],
  ['a row with another key', (unit) => unit.updateResource('machines/a', undefined, { providerKey: 'key-c' }), undefined],
  ['a row that moves', (unit) => unit.updateResource('machines/a', undefined, { cloud: 'west' }), undefined],
  ['a hold, of which the Job ends', (unit) => unit.updateJob('parent', { state: 'STOPPED' }), ['machines/a']],
  [
    'a hold that is taken',
    (unit) => unit.insertJob(newJob('other', { holds: [{ path: 'machines/b', shows: 'STOPPING' }] })),
    ['machines/b'],
  ],
])('%s: where something has changed is known by its path', async (_what, write, paths) => {
  const mark = store.recent?.mark() ?? 0;
  await store.transaction(write);
  const changed = store.recent?.changed(mark, 'Machine');
  expect(changed && [...changed]).toEqual(paths);
});

test('who asks what has changed has read the rows of the type, and the holds', async () => {
  const ask = (s: Store) => Promise.resolve(s.recent?.changed(s.recent.mark(), 'Machine'));
  expect(await stands(ask, rename('machines/b'))).toBe(false);
  expect(await stands(ask, (unit) => unit.updateJob('parent', { state: 'STOPPED' }))).toBe(false);
});

test('an end that a draft could not hold changes no more than its own when a transaction writes it', async () => {
  const job = (await store.leaseJob('parent', 'w', 60_000)) as JobRow;
  const work = async (unit: UnitOfWork): Promise<JobRow> => {
    const ended = await unit.advanceJob('parent', job.epoch, { state: 'SUCCESS' });
    await unit.insertJob(newJob('other'));
    return ended;
  };
  const { footing } = await ledger.watch(() => store.heldResource('machines/b'));
  const mark = store.recent?.mark() ?? 0;
  expect(await store.advanceAtOnce(job, work)).toBeUndefined();
  await store.transaction(work);
  expect(footing && ledger.stands(footing, 0)).toBe(true);
  expect(store.recent?.changed(mark, 'Machine')).toEqual(new Set(['machines/a']));
});
