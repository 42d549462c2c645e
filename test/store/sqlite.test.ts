import Database from 'libsql';
import { Kysely } from 'kysely';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCipher, NoKeyError, WrongKeyError } from '../../src/store/cipher';
import type { Tables } from '../../src/store/schema';
import { openSqliteStore } from '../../src/store/sqlite';
import { libsqlDialect } from '../../src/store/sqlite-driver';
import type { Store } from '../../src/store/store';
import { expectAfter, fillBefore, takenBack } from './before-lists';
import { storeContract } from './contract';
import { failure, newJob, resourceRow, type Bench } from './fixture';

const key = randomBytes(32);

async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'cimi-store-'));
  const file = join(folder, 'gateway.db');
  const stores: Store[] = [];
  const another = async (cipher = createCipher(key)): Promise<Store> => {
    const store = await openSqliteStore({ file, cipher });
    stores.push(store);
    return store;
  };
  return {
    store: await another(),
    another,
    key,
    // Read by another process: closing the file here would drop this process's locks on it.
    dump: async () => execFileSync('sh', ['-c', 'cat "$0"*', file], { encoding: 'latin1', maxBuffer: 1e8 }),
    direct: async (work) => {
      const db = new Kysely<Tables>({ dialect: libsqlDialect({ file, readOnly: false, patienceMs: 10_000 }) });
      await work(db).finally(() => db.destroy());
    },
    end: async () => {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

storeContract('SQLite', openBench);

describe('an SQLite store', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cimi-store-'));
    file = join(folder, 'data', 'gateway.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('who only looks makes none', async () => {
    const error = await failure(openSqliteStore({ file, cipher: createCipher(key), migrates: false }));
    expect(String(error)).toBe(`Error: there is no store at ${file}`);
    expect(existsSync(folder) && !existsSync(join(folder, 'data'))).toBe(true);
  });

  test('says at once that the key is another one', async () => {
    await (await openSqliteStore({ file, cipher: createCipher(key) })).close();
    const error = await failure(openSqliteStore({ file, cipher: createCipher(randomBytes(32)) }));
    expect(error).toBeInstanceOf(WrongKeyError);
    expect(String(error)).toMatch(/encrypted with key [0-9a-f]{8}, but key [0-9a-f]{8} is configured/);
  });

  test('without a key manages users and refuses everything confidential', async () => {
    const keyed = await openSqliteStore({ file, cipher: createCipher(key) });
    await keyed.transaction((unit) => unit.insertResource(resourceRow('m/s', { secrets: { a: 1 } })));
    await keyed.close();
    const store = await openSqliteStore({ file, cipher: createCipher(undefined) });
    await store.access.putPrincipal({ name: 'ann', tenant: 't', role: 'admin', passwordHash: 'h' });
    await store.transaction((unit) => unit.insertResource(resourceRow('m/plain')));
    const secret = store.transaction((unit) => unit.insertResource(resourceRow('m/a', { secrets: {} })));
    expect(await failure(secret)).toBeInstanceOf(NoKeyError);
    expect(await failure(store.transaction((unit) => unit.insertJob(newJob('j', { input: 1 }))))).toBeInstanceOf(NoKeyError);
    expect(await failure(store.transaction((unit) => unit.updateResource('m/plain', 1, { secrets: { a: 1 } })))).toBeInstanceOf(NoKeyError);
    expect(await failure(store.resource('m/s'))).toBeInstanceOf(NoKeyError);
    await store.close();
  });

  test('finds a tenant’s rows in one cloud by an index, in their order, whatever it has elsewhere', async () => {
    await (await openSqliteStore({ file, cipher: createCipher(key) })).close();
    const database = new Database(file);
    const listed = "select * from resources where type = 'Machine' and tenant = 't' and cloud = 'east' order by created, path limit 500";
    const plan = database.prepare(`explain query plan ${listed}`).all() as { detail: string }[];
    database.close();
    expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH resources USING INDEX resources_own (type=? AND tenant=? AND cloud=?)']);
  });

  test('commits together what queues up, and each transaction fails by itself', async () => {
    const store = await openSqliteStore({ file, cipher: createCipher(key) });
    const other = await openSqliteStore({ file, cipher: createCipher(key) });
    const seen: boolean[] = [];
    const write = async (n: number): Promise<void> => {
      await store.transaction(async (unit) => {
        await unit.insertResource(resourceRow(`m/${n}`));
        if (n % 5 === 0) throw new Error('not this one');
      });
      // Told of success, so on the disk: another connection sees it.
      seen.push((await other.resource(`m/${n}`)) !== undefined);
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => write(n)));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(20);
    expect(seen).toEqual(Array.from({ length: 80 }, () => true));
    expect(await store.resource('m/5')).toBeUndefined();
    expect(await store.countResources({ type: 'Machine' })).toBe(80);
    await store.close();
    await other.close();
  });

  test('of before lists were made by SQL is brought up to date with all that is in it', async () => {
    const before = await openSqliteStore({ file, cipher: createCipher(key) });
    await fillBefore(before);
    await before.close();
    const database = new Database(file);
    for (const statement of takenBack('SQLite')) database.exec(statement);
    database.close();
    const after = await openSqliteStore({ file, cipher: createCipher(key) });
    await expectAfter(after);
    await after.close();
  });

  test('is readable by its owner only, and several open at once', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => openSqliteStore({ file, cipher: createCipher(key) })));
    await Promise.all(stores.map((store, n) => store.transaction((unit) => unit.insertResource(resourceRow(`m/${n}`)))));
    expect(await stores[0]?.countResources({ type: 'Machine' })).toBe(4);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const store of stores) await store.close();
  });
});
