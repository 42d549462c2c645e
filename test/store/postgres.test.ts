import { randomBytes } from 'node:crypto';
import { Kysely, PostgresDialect } from 'kysely';
import { Client, Pool } from 'pg';
import { createCipher, WrongKeyError, type Cipher } from '../../src/store/cipher';
import { openPostgresStore } from '../../src/store/postgres';
import type { Tables } from '../../src/store/schema';
import type { JobRow, Store } from '../../src/store/store';
import { StoreUnavailable } from '../../src/store/unavailable';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { expectAfter, fillBefore, takenBack } from './before-lists';
import { storeContract } from './contract';
import { failure, newJob, resourceRow, tenant, type Bench } from './fixture';
import { elapse, eventually, waitUntil } from '../harness/wait';

const key = randomBytes(32);

describeWith('PostgreSQL', postgresAvailable(), () => {
  let server: Postgres | undefined;
  let schemas = 0;
  const running = (): Postgres => {
    if (!server) throw new Error('PostgreSQL is not running');
    return server;
  };
  const open = (schema: string, more: { poolSize?: number; key?: Buffer; cipher?: Cipher } = {}): Promise<Store> =>
    openPostgresStore({ url: running().url, schema, poolSize: more.poolSize ?? 4, cipher: more.cipher ?? createCipher(more.key ?? key) });

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  storeContract('PostgreSQL', async (): Promise<Bench> => {
    const schema = `test_${++schemas}`;
    const stores = [await open(schema)];
    return {
      store: stores[0] as Store,
      key,
      another: async (cipher) => {
        const store = await open(schema, cipher && { cipher });
        stores.push(store);
        return store;
      },
      dump: () => dump(running().url, schema),
      direct: async (work) => {
        const pool = new Pool({ connectionString: running().url, max: 1, options: `-c search_path=${schema}` });
        const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
        await work(db).finally(() => db.destroy());
      },
      end: async () => {
        for (const store of stores) await store.close();
      },
    };
  });

  test('a database of before lists were made by SQL is brought up to date with all that is in it', async () => {
    const before = await open('before');
    await fillBefore(before);
    await before.close();
    const client = new Client({ connectionString: running().url, options: '-c search_path=before' });
    await client.connect();
    for (const statement of takenBack('PostgreSQL')) await client.query(statement);
    await client.end();
    const after = await open('before');
    await expectAfter(after);
    await after.close();
  });

  test('who only looks makes no tables', async () => {
    const looks = () => openPostgresStore({ url: running().url, schema: 'looked_at', cipher: createCipher(key), migrates: false });
    expect(String(await failure(looks()))).toMatch(/earlier version \(0001-first, .*changes nothing/);
    const client = new Client({ connectionString: running().url });
    await client.connect();
    const { rows } = await client.query("select schema_name from information_schema.schemata where schema_name = 'looked_at'");
    await client.end();
    expect(rows).toEqual([]);
    await (await open('looked_at')).close();
    await (await looks()).close();
  });

  test('several processes may start on an empty database at once', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => open('together')));
    await Promise.all(stores.map((store, n) => store.transaction((unit) => unit.insertResource(resourceRow(`m/${n}`)))));
    expect(await stores[0]?.countResources({ type: 'Machine' })).toBe(4);
    for (const store of stores) await store.close();
  });

  test('a process that falls silent in a transaction holds nobody up: its transaction is undone, the others go on', async () => {
    const silent = await openPostgresStore({
      url: running().url,
      schema: 'silent',
      poolSize: 2,
      silenceMs: 3_000,
      cipher: createCipher(key),
    });
    const other = await open('silent');
    await other.transaction((unit) => unit.insertResource(resourceRow('machines/a')));
    let holding = (): void => undefined;
    const held = new Promise<void>((resolve) => (holding = resolve));
    let wake = (): void => undefined;
    const awake = new Promise<void>((resolve) => (wake = resolve));
    const asleep = failure(
      silent.transaction(async (unit) => {
        await unit.updateResource('machines/a', undefined, { state: 'ASLEEP' });
        holding();
        await awake;
        await unit.resource('machines/a');
      }),
    );
    await held;
    // Waits for the row until the server has ended the silent transaction.
    await other.transaction((unit) => unit.updateResource('machines/a', 1, { state: 'AWAKE' }));
    wake();
    expect(await asleep).toBeInstanceOf(Error);
    expect(await other.resource('machines/a')).toMatchObject({ state: 'AWAKE', version: 2 });
    expect((await silent.resource('machines/a'))?.state).toBe('AWAKE');
    await silent.transaction((unit) => unit.updateResource('machines/a', 2, { state: 'AGAIN' }));
    expect((await other.resource('machines/a'))?.state).toBe('AGAIN');
    for (const store of [silent, other]) await store.close();
  });

  test('the wrong key is told when the store is opened', async () => {
    await (await open('keyed')).close();
    expect(await failure(open('keyed', { key: randomBytes(32) }))).toBeInstanceOf(WrongKeyError);
  });

  test('reading outside the transaction inside its callback does not wait for itself, with the smallest pool', async () => {
    const store = await open('small', { poolSize: 1 });
    const changes = [1, 2, 3].map((n) =>
      store.transaction(async (unit) => {
        await unit.insertResource(resourceRow(`m/${n}`));
        return store.resource(`m/${n}`);
      }),
    );
    expect(await Promise.all(changes)).toEqual([undefined, undefined, undefined]);
    await store.close();
  });

  test('transactions that wait for each other both come through', async () => {
    const store = await open('crossed');
    await store.transaction(async (unit) => {
      await unit.insertResource(resourceRow('m/a'));
      await unit.insertResource(resourceRow('m/b'));
    });
    const cross = (first: string, second: string) =>
      store.transaction(async (unit) => {
        await unit.updateResource(first, undefined, { state: 'X' });
        await elapse(50);
        await unit.updateResource(second, undefined, { state: 'X' });
      });
    await Promise.all([cross('m/a', 'm/b'), cross('m/b', 'm/a')]);
    expect((await store.resources({ type: 'Machine' })).map((row) => row.version)).toEqual([3, 3]);
    await store.close();
  });

  test('a connection that is cut while it ends Jobs: all are told, nothing is written, and each tries again under its epoch', async () => {
    const [store, other] = [await open('cut'), await open('cut')];
    const ids = ['a', 'b', 'c'];
    await store.transaction(async (unit) => {
      for (const id of ids) {
        await unit.insertResource(resourceRow(`machines/${id}`));
        await unit.insertJob(newJob(id, { target: `machines/${id}`, holds: [{ path: `machines/${id}`, shows: null }] }));
      }
    });
    const rows = await Promise.all(ids.map((id) => store.leaseJob(id, 'w', 60_000)));
    const end = (row: JobRow | undefined) => {
      if (!row) throw new Error('somebody else has it');
      return store.advanceAtOnce(row, async (unit) => {
        await unit.updateResource(row.target, undefined, { state: 'STARTED' });
        await unit.recordEvent({ tenant, resource: row.target, resourceType: 'Machine', type: 'ended', content: {}, outcome: 'Success' });
        return unit.advanceJob(row.id, row.epoch, { state: 'SUCCESS' });
      });
    };
    const server = new Client({ connectionString: running().url });
    await server.connect();
    const cut = async (): Promise<boolean> => {
      const { rowCount } = await server.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and query like '%recordset%'",
      );
      return (rowCount ?? 0) > 0;
    };
    let ended: PromiseSettledResult<unknown>[] = [];
    await other
      .transaction(async (unit) => {
        // The batch waits for this row until its connection is cut.
        await unit.updateResource('machines/b', undefined, { state: 'ELSE' });
        const all = Promise.allSettled(rows.map(end));
        await waitUntil(cut);
        ended = await all;
        throw new Error('taken back');
      })
      .catch(() => undefined);
    expect(ended.map((each) => each.status === 'rejected' && each.reason instanceof StoreUnavailable)).toEqual([true, true, true]);
    expect((await other.events({ tenant, limit: 9 })).length).toBe(0);
    expect((await other.holds()).size).toBe(3);
    // As a worker does: the pool may hand out a connection whose end it has not noticed yet.
    const passing = (error: unknown): undefined => {
      if (!(error instanceof StoreUnavailable)) throw error;
    };
    const again = await Promise.all(rows.map((row) => eventually(() => end(row).catch(passing))));
    expect(again.map((row) => row?.state)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(await Promise.all(rows.map(end))).toEqual([undefined, undefined, undefined]);
    expect((await other.events({ tenant, limit: 9 })).length).toBe(3);
    await server.end();
    for (const each of [store, other]) await each.close();
  });

  test('after a crash of the server the store goes on with what was committed', async () => {
    const store = await open('crashed');
    await store.transaction((unit) => unit.insertResource(resourceRow('m/a')));
    await running().restart();
    expect(await store.resource('m/a')).toBeDefined();
    await store.transaction((unit) => unit.insertResource(resourceRow('m/b')));
    expect(await store.countResources({ type: 'Machine' })).toBe(2);
    await store.close();
  });

  test('a schema that is no plain name is refused', async () => {
    expect(String(await failure(open('x; drop table jobs')))).toMatch(/can't be the name of a schema/);
  });
});

/** All rows of all tables as JSON, as pg_dump would see them. */
async function dump(url: string, schema: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      'select table_name as name from information_schema.tables where table_schema = $1',
      [schema],
    );
    const rows: unknown[] = [];
    for (const { name } of tables.rows) rows.push((await client.query(`select * from "${schema}"."${name}"`)).rows);
    return JSON.stringify(rows);
  } finally {
    await client.end();
  }
}
