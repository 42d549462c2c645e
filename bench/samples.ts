import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { Client } from 'pg';
import { createCipher } from '../src/store/cipher';
import { openPostgresStore } from '../src/store/postgres';
import { openSqliteStore } from '../src/store/sqlite';
import type { Store } from '../src/store/store';
import { postgresAvailable, startPostgres } from '../test/backends/postgres';
import { measureMeters } from './metering';
import { type Line, line, median, unlessFailed } from './rounds';

/** Samples of Meters: what they take in the database, how fast they are written, and what reading and collecting them costs. */

const METERS = 1_000;
const LONG = 10_000;
/** Bytes that a sample may take in SQLite. */
const MOST_BYTES = 25;
const MINUTE = 60;
const BEGIN = 1_764_288_000;

/** A database with the gateway's tables, and a table without anything around it. */
interface Place {
  name: 'SQLite' | 'PostgreSQL';
  store: Store;
  /** Bytes of the samples and all that comes with them. */
  bytes(): Promise<number>;
  /** Inserts rows into the bare table by one statement. */
  bare(rows: readonly Row[]): Promise<void>;
  close(): Promise<void>;
}

type Row = readonly [meter: number, t: number, v: number];

export async function measureSamples(rounds: number): Promise<Line[]> {
  const on = async (name: string, place: () => Promise<Place>, turns: number, url?: string): Promise<Line[]> => [
    ...(await unlessFailed(`samples, ${name}`, async () => kept(await place(), turns))),
    ...(await unlessFailed(`Meters, ${name}`, () => measureMeters(name, rounds, url))),
  ];
  const lines = await on('SQLite', sqlite, 1_000);
  if (postgresAvailable() !== true) {
    console.error('SKIPPED: samples on PostgreSQL, no server here');
    return lines;
  }
  const server = await startPostgres();
  try {
    lines.push(...(await on('PostgreSQL', () => postgres(server.url), 100, server.url)));
  } finally {
    await server.stop();
  }
  return lines;
}

/** Writes samples as they come: one of each Meter a turn, and a Meter with many. @param turns samples of each Meter */
async function kept(place: Place, turns: number): Promise<Line[]> {
  const { name, store, bare } = place;
  try {
    const paths = Array.from({ length: METERS }, (_, index) => `meters/${index}`);
    const all = [...paths, 'meters/long'];
    await store.transaction(async (unit) => {
      for (const path of all) await unit.insertResource(meterRow(path));
    });
    const before = await place.bytes();
    const [ours, reference]: [number[], number[]] = [[], []];
    const aSecond = async (work: () => Promise<void>): Promise<number> => {
      const begun = performance.now();
      await work();
      return METERS / ((performance.now() - begun) / 1_000);
    };
    for (let turn = 0; turn < turns; turn++) {
      ours.push(await aSecond(() => put(store, paths, turn)));
      // Not always: what is compared are turns that are next to each other.
      if (turn % 20 === 19) {
        const rows = paths.map((_, meter): Row => [meter, BEGIN + turn * MINUTE, value()]);
        reference.push(await aSecond(() => bare(rows)));
      } else reference.push(Number.NaN);
    }
    await put(store, ['meters/long'], 0, LONG);
    const samples = METERS * turns + LONG;
    const each = ((await place.bytes()) - before) / samples;
    const compared = ours.flatMap((figure, turn) => (Number.isNaN(reference[turn]) ? [] : [[figure, reference[turn] ?? 0] as const]));
    const size = samples.toLocaleString('en');
    return [
      {
        measure: `bytes of a sample, ${name}, ${size} of them`,
        reference: 'at most',
        figures: [`${MOST_BYTES} bytes`, `${each.toFixed(1)} bytes`],
        ratio: each / MOST_BYTES,
        ...(name === 'SQLite' ? { aim: { most: 1 } } : {}),
      },
      line(
        {
          measure: `samples written, ${name}, one of each of ${METERS.toLocaleString('en')} Meters a transaction`,
          reference: 'one statement into a bare table',
          note: `(median of ${turns} turns: ${Math.round(median(ours)).toLocaleString('en')})`,
        },
        '/s',
        compared.map(([figure]) => figure),
        compared.map(([, figure]) => figure),
      ),
    ];
  } finally {
    await place.close();
  }
}

const value = (): number => Math.random() * 100;

/** Writes the next samples of these Meters, as the collector does. */
async function put(store: Store, paths: readonly string[], turn: number, count = 1): Promise<void> {
  const samples = (): { t: number; value: number; covered: null }[] =>
    Array.from({ length: count }, (_, index) => ({ t: BEGIN + (turn + index) * MINUTE, value: value(), covered: null }));
  await store.transaction((unit) =>
    unit.putSamples(
      paths.map((meter) => ({
        ...{ meter, samples: samples(), memory: null, ageing: true },
        ...{ reached: turn + 1, builtOn: turn === 0 ? undefined : turn },
      })),
    ),
  );
}

function meterRow(path: string) {
  const none = { cloud: null, providerKey: null, owner: null, state: null, secrets: null };
  return { path, type: 'Meter', tenant: 'bench', ...none, values: { name: path }, internal: {} };
}

async function sqlite(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-bench-'));
  const file = join(folder, 'samples.db');
  const store = await openSqliteStore({ file, cipher: createCipher(randomBytes(32)) });
  const database = new Database(file);
  const beside = new Database(join(folder, 'bare.db'));
  for (const setting of ['journal_mode = wal', 'synchronous = full']) beside.pragma(setting);
  beside.exec('create table bare (meter integer, t integer, v real, primary key (meter, t)) without rowid');
  const insert = beside.prepare(`insert into bare values ${Array<string>(METERS).fill('(?, ?, ?)').join(', ')}`);
  return {
    ...{ name: 'SQLite', store },
    bytes() {
      database.pragma('wal_checkpoint(TRUNCATE)');
      return Promise.resolve(statSync(file).size);
    },
    bare(rows) {
      insert.run(rows.flat());
      return Promise.resolve();
    },
    async close() {
      beside.close();
      database.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function postgres(url: string): Promise<Place> {
  const store = await openPostgresStore({ url, schema: 'kept', cipher: createCipher(randomBytes(32)) });
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('create table bare (meter bigint, t bigint, v double precision, primary key (meter, t))');
  return {
    ...{ name: 'PostgreSQL', store },
    async bytes() {
      const { rows } = await client.query<{ n: string }>("select pg_total_relation_size('kept.samples') as n");
      return Number(rows[0]?.n);
    },
    async bare(rows) {
      const column = (index: 0 | 1 | 2) => rows.map((row) => row[index]);
      await client.query('insert into bare select * from unnest($1::bigint[], $2::bigint[], $3::double precision[])', [
        column(0),
        column(1),
        column(2),
      ]);
    },
    async close() {
      await store.close();
      // The gateway that comes after it has its tables elsewhere.
      await client.query('drop schema kept cascade');
      await client.end();
    },
  };
}
