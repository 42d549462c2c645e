import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { RedisQueue } from '../src/jobs/redis-queue';
import { EmbeddedQueue } from '../src/jobs/queue';
import { createCipher } from '../src/store/cipher';
import { openPostgresStore } from '../src/store/postgres';
import { openSqliteStore } from '../src/store/sqlite';
import type { Store } from '../src/store/store';
import { acceptTelling, ignore, noOpEngine, noOpJob, quiet } from './no-op';
import { processorTime } from './processor';

/**
 * Works Jobs of one step that does nothing, in a process of its own; says Jobs per second on standard error, and for one Job the processor
 * time of this process, that of PostgreSQL's for it (ms), and its transactions.
 * Arguments: `bare` or the store and the queue (`postgres-redis`), how many Jobs, how many at once, `telling` where their ends leave events.
 */

const [, , who = '', jobs = '500', concurrency = '10', kind = ''] = process.argv;
const tells = kind === 'telling';
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
async function ours(store: Store, redis: string | undefined, server: () => Promise<Server>): Promise<Rate> {
  const queue = redis === undefined ? new EmbeddedQueue() : new RedisQueue({ url: redis, prefix: randomUUID(), log: quiet });
  let left = count;
  let finish = ignore;
  const done = new Promise<void>((resolve) => (finish = resolve));
  const onEnded = (): void => {
    if (--left === 0) finish();
  };
  const engine = noOpEngine(store, queue, atOnce, { onEnded, tells });
  const ids = Array.from({ length: count }, () => randomUUID());
  for (const id of ids) {
    await (tells ? acceptTelling(store, id) : store.transaction((unit) => unit.insertJob(noOpJob(id))));
  }
  for (let from = 0; from < count; from += 50) await engine.notify(ids.slice(from, from + 50));
  const before = await server();
  const own = processorTime(process.pid);
  const begun = performance.now();
  await engine.start();
  await done;
  const seconds = (performance.now() - begun) / 1000;
  const ownMs = (processorTime(process.pid) - own) / count;
  const after = await server();
  await engine.close(2_000);
  const more = { serverMs: (after.ms - before.ms) / count, transactions: (after.transactions - before.transactions) / count };
  return { perSecond: count / seconds, ownMs, ...more };
}

interface Rate {
  perSecond: number;
  ownMs: number;
  serverMs: number;
  transactions: number;
}

/** Processor time of PostgreSQL's processes, ms, and transactions that have written. */
interface Server {
  ms: number;
  transactions: number;
}

/** Reads what PostgreSQL has spent; nothing where there is none. */
function spentBy(client: Client | undefined): () => Promise<Server> {
  return async () => {
    if (!client) return { ms: 0, transactions: 0 };
    const { rows: pids } = await client.query<{ pid: number }>('select pid from pg_stat_activity where datname = current_database()');
    const { rows } = await client.query<{ n: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as n');
    return { ms: pids.reduce((sum, { pid }) => sum + processorTime(pid), 0), transactions: Number(rows[0]?.n) };
  };
}

async function main(): Promise<void> {
  const { BENCH_REDIS: redis = '', BENCH_POSTGRES: postgres = '' } = process.env;
  if (who === 'bare') return report({ perSecond: await bare(redis), ownMs: Number.NaN, serverMs: Number.NaN, transactions: Number.NaN });
  const cipher = createCipher(Buffer.alloc(32, 7));
  const folder = mkdtempSync(join(tmpdir(), 'cimi-bench-jobs-'));
  const onPostgres = who.startsWith('postgres');
  const store = onPostgres
    ? await openPostgresStore({ url: postgres, cipher })
    : await openSqliteStore({ file: join(folder, 'jobs.sqlite'), cipher });
  const client = onPostgres ? new Client({ connectionString: postgres }) : undefined;
  await client?.connect();
  const rate = await ours(store, who.endsWith('redis') ? redis : undefined, spentBy(client));
  await client?.end();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  // Last, since whoever waits for it ends this process.
  report(rate);
}

function report({ perSecond, ownMs, serverMs, transactions }: Rate): void {
  console.error(
    `rate ${perSecond.toFixed(1)} own ${ownMs.toFixed(3)} server ${serverMs.toFixed(3)} transactions ${transactions.toFixed(2)}`,
  );
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
