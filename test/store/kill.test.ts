import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCipher } from '../../src/store/cipher';
import { openPostgresStore } from '../../src/store/postgres';
import { openSqliteStore } from '../../src/store/sqlite';
import { StaleError, type JobRow, type Store } from '../../src/store/store';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { runTypescript } from '../backends/run-typescript';
import { elapse } from '../harness/wait';

const key = randomBytes(32);
const KILLS = 12;

/** Starts the child, kills it a random moment after its first commit. @returns the ids it said were committed. */
async function killed(place: string, run: string): Promise<string[]> {
  const child = spawn(process.execPath, [...runTypescript(join(__dirname, 'kill-child.ts')), place, key.toString('hex'), run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said === '') void elapse(Math.random() * 60).then(() => child.kill('SIGKILL'));
    said += text;
  });
  await new Promise((done) => child.once('close', done));
  expect(child.signalCode).toBe('SIGKILL');
  return said.split('\n').slice(0, -1);
}

async function expectWhole(store: Store, told: readonly string[]): Promise<void> {
  const all = await store.jobs({});
  const jobs = all.filter(({ workflow }) => workflow === 'test');
  await expectBatches(
    store,
    all.filter(({ workflow }) => workflow === 'beside'),
    idsAfter('ended ', told),
  );
  await expectTold(
    store,
    all.filter(({ workflow }) => workflow === 'told'),
    idsAfter('told ', told),
  );
  const confirmed = told.filter((line) => !/^(ended|told) /.test(line));
  const machines = new Map((await store.resources({ type: 'Machine' })).map((row) => [row.path, row]));
  const events = (await store.events({ tenant: 'acme', limit: 1_000_000 })).filter(({ type }) => type === 'made');
  const holds = await store.holds();
  expect(jobs.map((job) => job.id)).toEqual(expect.arrayContaining([...confirmed]));
  expect(machines.size).toBe(jobs.length);
  expect(events.length).toBe(jobs.length);
  for (const job of jobs) {
    const ended = job.state === 'SUCCESS';
    expect(machines.get(job.target)).toMatchObject({
      state: ended ? 'STARTED' : 'CREATING',
      version: ended ? 2 : 1,
      secrets: { userData: job.id },
    });
    expect(job.input).toEqual(ended ? null : { id: job.id });
    expect(holds.get(job.target)?.job).toBe(ended ? undefined : job.id);
  }
}

const idsAfter = (word: string, told: readonly string[]): string[] =>
  told.flatMap((line) => (line.startsWith(word) ? [line.slice(word.length)] : []));

/** Each has ended with its resource changed and its events there, in their order, or with neither; what was told has ended. */
async function expectTold(store: Store, jobs: readonly JobRow[], ended: readonly string[]): Promise<void> {
  const done = jobs.filter(({ state }) => state === 'SUCCESS').map(({ id }) => id);
  expect(done).toEqual(expect.arrayContaining([...ended]));
  const rows = new Map((await store.resources({ type: 'Volume' })).map((row) => [row.path, row]));
  const held = await store.holds();
  const types = new Map<string, string[]>();
  for (const { job = '', type } of await store.events({ tenant: 'acme', limit: 1_000_000 }))
    types.set(job, [type, ...(types.get(job) ?? [])]);
  for (const { id, target, state } of jobs) {
    const isDone = state === 'SUCCESS';
    expect(rows.get(target)).toMatchObject(isDone ? { state: 'AVAILABLE', version: 2 } : { state: 'CREATING', version: 1 });
    expect(types.get(id)).toEqual(isDone ? ['one', 'two'] : undefined);
    expect(held.has(target)).toBe(!isDone);
  }
}

/** Each is queued, leased, one step further or ended, whole, whatever became of those beside it; what was told has ended. */
async function expectBatches(store: Store, jobs: readonly JobRow[], ended: readonly string[]): Promise<void> {
  const holds = await store.holds();
  const done = jobs.filter(({ state }) => state === 'SUCCESS');
  expect(done.map(({ id }) => id)).toEqual(expect.arrayContaining([...ended]));
  for (const job of jobs) {
    const isDone = job.state === 'SUCCESS';
    expect(job).toMatchObject({
      input: isDone ? null : { id: job.id },
      leaseOwner: isDone ? null : job.epoch === 1 ? expect.any(String) : null,
    });
    expect(job.results).toEqual(!isDone && job.step === 'two' ? { one: job.id } : null);
    expect(holds.get(`volumes/${job.id}`)?.job).toBe(isDone ? undefined : job.id);
    expect(job.state).toBe(isDone ? 'SUCCESS' : job.epoch === 1 ? 'RUNNING' : 'QUEUED');
    // Who comes after it has what is left, under the next epoch.
    if (!isDone && job.epoch === 1) {
      const late = store.advanceJob(job.id, 0, { state: 'SUCCESS' });
      await expect(late).rejects.toThrow(StaleError);
    }
  }
}

describe('an SQLite store whose process is killed', () => {
  test('keeps every confirmed transaction whole, and no other in part', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cimi-kill-'));
    const file = join(folder, 'gateway.db');
    const confirmed: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      confirmed.push(...(await killed(file, `run${kill}`)));
      const store = await openSqliteStore({ file, cipher: createCipher(key) });
      await expectWhole(store, confirmed);
      await store.close();
    }
    expect(confirmed.length).toBeGreaterThanOrEqual(KILLS);
    rmSync(folder, { recursive: true });
  });
});

describeWith('PostgreSQL', postgresAvailable(), () => {
  let server: Postgres | undefined;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test('a killed process leaves every confirmed transaction whole, and no lock', async () => {
    const url = server?.url ?? '';
    const confirmed: string[] = [];
    for (let kill = 0; kill < 4; kill++) {
      confirmed.push(...(await killed(url, `run${kill}`)));
      const store = await openPostgresStore({ url, cipher: createCipher(key) });
      await expectWhole(store, confirmed);
      await store.close();
    }
  });
});
