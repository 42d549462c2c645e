import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestoreDetector } from '../../src/store/restore-detector';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import { steadyClock } from '../../src/store/steady-clock';
import type { Store } from '../../src/store/store';
import { insert, newJob } from '../store/fixture';
import { keptLog } from '../jobs/harness';
import { ground } from './ground';
import { waitUntil } from '../harness/wait';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-restored-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (clock?: () => number, file = 'cimi.db'): Promise<Store> =>
  openSqliteStore({ file: join(folder, file), cipher: createCipher(Buffer.alloc(32, 1)), ...(clock ? { clock } : {}) });
const newest = (store: Store) => new RestoreDetector(store, join(folder, 'newest.json'), keptLog());

/**
 * Copies the database as docs/operations.md has it: with its log, which holds what no checkpoint brought over yet. By another
 * process: one that opens and closes a database's file drops the locks that SQLite holds on it.
 */
function backUp(): void {
  mkdirSync(join(folder, 'backup'));
  execFileSync('cp', ['cimi.db', 'cimi.db-wal', 'backup/'], { cwd: folder });
}

/** Waits until a job has ended well. */
async function ended(store: Store, id: string): Promise<void> {
  await waitUntil(async () => {
    const row = await store.job(id);
    if (row?.state === 'FAILED') throw new Error(row.statusMessage);
    return row?.state === 'SUCCESS';
  });
}

test('a backup with a queued create, restored on a cloud that ignores tokens, does not double it', async () => {
  const store = await open();
  const at = await ground({ ignoreTokens: true, settleMs: 30 }, { store });
  const { job, path } = await at.create('web');
  const first = await at.process({ restoreDetector: newest(store) });
  await ended(store, job);
  await first.close(1_000);
  // The backup: the create waits still (its process was told nothing yet).
  const waiting = await at.create('later');
  await store.close();
  backUp();
  const used = await open();
  const second = await at.process({ store: used, restoreDetector: newest(used) });
  await second.notify([waiting.job]);
  await ended(used, waiting.job);
  const kept = (await used.resource(waiting.path))?.providerKey;
  await second.close(1_000);
  await used.close();
  expect(at.cloud.instances()).toHaveLength(2);
  // Restored: to the store the create was never begun.
  const restored = await open(undefined, join('backup', 'cimi.db'));
  const third = await at.process({ store: restored, restoreDetector: newest(restored) });
  await third.notify([waiting.job]);
  await ended(restored, waiting.job);
  expect((await restored.resource(waiting.path))?.providerKey).toBe(kept);
  expect(at.cloud.instances()).toHaveLength(2);
  expect(path).not.toBe(waiting.path);
  await at.close();
  await restored.close();
});

describe('whether a store is the newest', () => {
  let store: Store;
  beforeEach(async () => {
    store = await open();
    await insert(store, newJob('j1'));
  });
  afterEach(() => store.close());
  const doubtful = async () => (await store.job('j1'))?.doubtful;

  test('a first start can’t tell, a later one can', async () => {
    await newest(store).begin();
    expect(await doubtful()).toBe(true);
    await insert(store, newJob('j2', { target: 'machines/b' }));
    await newest(store).begin();
    expect((await store.job('j2'))?.doubtful).toBe(false);
  });

  test('a store ahead of the file is the newest: the process died between the two', async () => {
    const one = newest(store);
    await one.begin();
    copyFileSync(join(folder, 'newest.json'), join(folder, 'kept.json'));
    await one.raise();
    copyFileSync(join(folder, 'kept.json'), join(folder, 'newest.json'));
    await insert(store, newJob('j2', { target: 'machines/b' }));
    await newest(store).begin();
    expect((await store.job('j2'))?.doubtful).toBe(false);
  });

  test('a worker that is new here believes others that work on the store now', async () => {
    await newest(store).begin();
    await insert(store, newJob('j2', { target: 'machines/b' }));
    await new RestoreDetector(store, join(folder, 'other.json'), keptLog()).begin();
    expect((await store.job('j2'))?.doubtful).toBe(false);
  });

  test('a doubtful job counts one attempt more in each of its steps', async () => {
    const log = keptLog();
    await new RestoreDetector(store, join(folder, 'none.json'), log).begin();
    expect(log.lines.map(({ words }) => words)).toEqual([expect.stringMatching(/may be a restored backup/)]);
    expect(await doubtful()).toBe(true);
  });
});

describe('a clock that is set back', () => {
  test('a steady clock follows the wall clock forward and never back', () => {
    let [wall, steady] = [1_000_000, 0];
    const now = steadyClock(
      () => wall,
      () => steady,
    );
    expect(now()).toBe(1_000_000);
    [wall, steady] = [1_000_100, 100];
    expect(now()).toBe(1_000_100);
    [wall, steady] = [400_200, 200];
    expect(now()).toBe(1_000_200);
    [wall, steady] = [400_300, 300];
    expect(now()).toBe(1_000_300);
    [wall, steady] = [2_000_000, 400];
    expect(now()).toBe(2_000_000);
  });

  test('a waiting job of this process is due when its time has passed', async () => {
    let [wall, steady] = [Date.now(), 0];
    const store = await open(
      steadyClock(
        () => wall,
        () => steady,
      ),
    );
    await insert(store, newJob('j1'));
    const leased = await store.leaseJob('j1', 'w', 1_000);
    await store.transaction((unit) => unit.advanceJob('j1', leased?.epoch ?? 0, { dueInMs: 5_000, release: true }));
    [wall, steady] = [wall - 3_600_000, 4_900];
    expect(await store.leaseJob('j1', 'w', 1_000)).toBeUndefined();
    steady = 5_100;
    expect((await store.dueJobs(10)).map(({ id }) => id)).toEqual(['j1']);
    expect(await store.leaseJob('j1', 'w', 1_000)).toBeDefined();
    await store.close();
  });

  test('what waits for a time an hour ahead, made before the process began, rests a minute at most', async () => {
    const before = await open(() => Date.now() + 3_600_000);
    await insert(before, newJob('j1'), newJob('j2', { target: 'machines/b' }));
    await before.leaseJob('j2', 'dead', 30_000);
    await before.close();
    const store = await open();
    const at = await ground({}, { store });
    const process = await at.process({ alone: true });
    const now = await store.now();
    for (const id of ['j1', 'j2']) {
      const row = await store.job(id);
      expect(Math.max((row?.due ?? 0) - now, (row?.leaseUntil ?? 0) - now)).toBeLessThanOrEqual(60_000);
    }
    await process.close(1_000);
    await at.close();
    await store.close();
  });
});
