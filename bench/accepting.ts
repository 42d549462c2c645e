import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import Database from 'libsql';
import { postgresAvailable, startPostgres } from '../test/backends/postgres';
import { redisAvailable, startRedis } from '../test/backends/redis';
import { ownRows, ROWS } from './accept-rows';
import { createAsk, type Ask } from './load';
import { createBody } from './machines';
import { interleave, type Line, line, quantile, unlessFailed } from './rounds';
import { startWorld, type World } from './world';

const BARE_ROWS = `one libsql transaction of ${ROWS} plain rows, synced`;

/** Requests at once. */
const AT_ONCE = 16;

/** Requests (or transactions) of one figure. */
const ONE_AFTER_THE_OTHER = 40;

/** The accept alone: no grace, and no worker beside it. */
const ACCEPT_ONLY = { jobs: { graceMs: 0 }, worker: { inProcess: false } };

/** Accept of POST /machines, from the request to its 202, against the writes that it cannot do without. */
export async function measureAccept(rounds: number): Promise<Line[]> {
  const lines = await unlessFailed('POST /machines accepted, SQLite', () => onSqlite(rounds));
  if (redisAvailable() === true && postgresAvailable() === true) {
    lines.push(...(await unlessFailed('POST /machines accepted, PostgreSQL and Redis', () => onServers(rounds))));
  } else console.error('SKIPPED: accept on PostgreSQL and Redis, no servers here');
  return lines;
}

async function onSqlite(rounds: number): Promise<Line[]> {
  const world = await startWorld(ACCEPT_ONLY);
  const bare = bareSqlite(join(world.folder, 'bare.sqlite'));
  const own = await ownRows(join(world.folder, 'own.sqlite'));
  try {
    const lines = await compare(rounds, world, 'POST /machines accepted, SQLite', BARE_ROWS, bare.once);
    for (let warm = 0; warm < 200; warm++) await own.once();
    const { bare: plain, ours } = await interleave(rounds, { bare: () => meanMs(bare.once), ours: () => meanMs(own.once) });
    const measure = 'rows of an accept, SQLite, by the store alone';
    return [line({ measure, reference: BARE_ROWS, aim: { most: 2 } }, 'ms', ours, plain), ...lines];
  } finally {
    await own.close();
    bare.close();
    await world.stop();
  }
}

async function onServers(rounds: number): Promise<Line[]> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const world = await startWorld({
    ...ACCEPT_ONLY,
    store: { kind: 'postgres', url: postgres.url },
    queue: { kind: 'redis', url: redis.url },
  });
  const bare = bareRedis(redis.url);
  try {
    return await compare(rounds, world, 'POST /machines accepted, PostgreSQL and Redis', 'one Redis MULTI + one BullMQ add', bare.once);
  } finally {
    await bare.close();
    await world.stop();
    await Promise.all([redis.remove(), postgres.stop()]);
  }
}

async function compare(rounds: number, world: World, measure: string, reference: string, once: () => Promise<void>): Promise<Line[]> {
  const { ask, close } = createAsk();
  try {
    const entry = `${world.base}clouds/one/`;
    const body = await createBody(ask, entry);
    const [all, least]: [number[], number[]] = [[], []];
    const post = () => accepted(ask, `${entry}machines`, body);
    const http = () => ask(new URL('/healthz', world.base).href);
    for (let warm = 0; warm < 60; warm++) await Promise.all([post(), once()]);
    const figures = await interleave(rounds, {
      reference: () => meanMs(once),
      http: () => meanMs(http),
      both: () => meanMs(async () => void least.push(await msOf(async () => void (await http(), await once())))),
      ours: () => meanMs(async () => void all.push(await post())),
      alone: () => rateOf(post, 1),
      together: () => rateOf(post, AT_ONCE),
    });
    const both = `a bare request and ${reference}`;
    const p99 = [quantile(all, 0.99), quantile(least, 0.99)] as const;
    return [
      line({ measure, reference: both, aim: { most: 2.5 } }, 'ms', figures.ours, figures.both),
      line({ measure: `${measure}, 99th percentile`, reference: both, aim: { most: 2.5 } }, 'ms', [p99[0]], [p99[1]]),
      line(
        { measure: `${measure}, ${AT_ONCE} at once`, reference: 'one after the other', aim: { least: 2 } },
        'a second',
        figures.together,
        figures.alone,
      ),
      line(
        { measure: `${measure}, beside what any HTTP request takes`, reference, note: '(the request to /healthz taken off)' },
        'ms',
        figures.ours.map((ms, round) => ms - (figures.http[round] ?? 0)),
        figures.reference,
      ),
    ];
  } finally {
    close();
  }
}

async function meanMs(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  for (let index = 0; index < ONE_AFTER_THE_OTHER; index++) await work();
  return (performance.now() - begun) / ONE_AFTER_THE_OTHER;
}

async function msOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Requests per second, so many at once. */
async function rateOf(work: () => Promise<unknown>, atOnce: number): Promise<number> {
  let left = 2 * ONE_AFTER_THE_OTHER;
  const ms = await msOf(async () => {
    const one = async (): Promise<void> => {
      while (left-- > 0) await work();
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  });
  return (2 * ONE_AFTER_THE_OTHER * 1_000) / ms;
}

async function accepted(ask: Ask, url: string, body: string): Promise<number> {
  const answer = await ask(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (answer.status !== 202) throw new Error(`${answer.status} ${answer.body.toString()}`);
  return answer.ms;
}

/** Writes as many rows as the gateway's accepting transaction does, into tables without anything around them. */
function bareSqlite(file: string): { once(): Promise<void>; close(): void } {
  const database = new Database(file);
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');
  for (const table of ['resources', 'events', 'jobs', 'holds'])
    database.exec(`create table ${table} (id text primary key, value text not null)`);
  const inserts = ['resources', 'events', 'jobs', 'holds'].map((table) => database.prepare(`insert into ${table} values (?, ?)`));
  const value = JSON.stringify({ name: 'measured', more: 'x'.repeat(400) });
  return {
    once() {
      database.exec('begin immediate');
      for (let row = 0; row < ROWS; row++) inserts[row % inserts.length]?.run([randomUUID(), value]);
      database.exec('commit');
      return Promise.resolve();
    },
    close: () => void database.close(),
  };
}

function bareRedis(url: string): { once(): Promise<void>; close(): Promise<void> } {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('bare', { connection: client, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } });
  const value = JSON.stringify({ name: 'measured', more: 'x'.repeat(400) });
  return {
    async once() {
      const id = randomUUID();
      await client.multi().set(`resource:${id}`, value).set(`job:${id}`, value).set(`hold:${id}`, id).rpush('events', value).exec();
      await queue.add('job', { job: id });
    },
    async close() {
      await queue.close();
      client.disconnect();
    },
  };
}
