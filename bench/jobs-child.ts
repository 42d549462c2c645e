import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { RedisQueue } from '../src/jobs/redis-queue';
import { EmbeddedQueue } from '../src/jobs/queue';
import { createCipher } from '../src/store/cipher';
import { openPostgresStore } from '../src/store/postgres';
import { openSqliteStore } from '../src/store/sqlite';
import type { Store } from '../src/store/store';
import { ignore, noOpEngine, noOpJob, quiet } from './no-op';

/**
 * Works Jobs of one step that does nothing, in a process of its own; says Jobs per second on standard error.
 * Arguments: `bare` or the store, the queue, how many Jobs, how many at once.
 */

const [, , who = '', jobs = '500', concurrency = '10'] = process.argv;
const count = Number(jobs);
const atOnce = Number(concurrency);
/** BullMQ alone: messages put there beforehand, a worker that does nothing. */
async function bare(url: string): Promise<number> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('bare', { connection, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } });
  await queue.addBulk(Array.from({ length: count }, () => ({ name: 'job', data: { job: randomUUID() } })));
  const worker = new Worker('bare', () => Promise.resolve(), { connection: connection.duplicate(), concurrency: atOnce, autorun: false });
  let left = count;
  const done = new Promise<void>((resolve) => worker.on('completed', () => void (--left === 0 && resolve())));
  const begun = performance.now();
  void worker.run();
  await done;
  const seconds = (performance.now() - begun) / 1000;
  await worker.close();
  await queue.close();
  connection.disconnect();
  return count / seconds;
}

/** Our engine: Jobs accepted and told beforehand, until the last is recorded as ended. */
async function ours(store: Store, redis: string | undefined): Promise<number> {
  const queue = redis === undefined ? new EmbeddedQueue() : new RedisQueue({ url: redis, prefix: randomUUID(), log: quiet });
  let left = count;
  let finish = ignore;
  const done = new Promise<void>((resolve) => (finish = resolve));
  const engine = noOpEngine(store, queue, atOnce, () => {
    if (--left === 0) finish();
  });
  const ids = Array.from({ length: count }, () => randomUUID());
  for (const id of ids) {
    await store.transaction((unit) => unit.insertJob(noOpJob(id)));
  }
  for (let from = 0; from < count; from += 50) await engine.notify(ids.slice(from, from + 50));
  const begun = performance.now();
  await engine.start();
  await done;
  const seconds = (performance.now() - begun) / 1000;
  await engine.close(2_000);
  return count / seconds;
}

async function main(): Promise<void> {
  const { BENCH_REDIS: redis = '', BENCH_POSTGRES: postgres = '' } = process.env;
  if (who === 'bare') return report(await bare(redis));
  const cipher = createCipher(Buffer.alloc(32, 7));
  const folder = mkdtempSync(join(tmpdir(), 'cimi-bench-jobs-'));
  const onPostgres = who.startsWith('postgres');
  const store = onPostgres
    ? await openPostgresStore({ url: postgres, cipher })
    : await openSqliteStore({ file: join(folder, 'jobs.sqlite'), cipher });
  const rate = await ours(store, who.endsWith('redis') ? redis : undefined);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  // Last, since whoever waits for it ends this process.
  report(rate);
}

function report(rate: number): void {
  console.error(`rate ${rate.toFixed(1)}`);
}

// Whoever waits for the rate asks this process to end; it ends by itself, with its profile written.
process.once('SIGTERM', ignore);
main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
