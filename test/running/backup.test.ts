import { randomBytes } from 'node:crypto';
import Database from 'libsql';
import { existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createCipher, keyName, type Cipher } from '../../src/store/cipher';
import { openPostgresStore } from '../../src/store/postgres';
import { openSqliteStore } from '../../src/store/sqlite';
import type { Store } from '../../src/store/store';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { basic } from '../harness/client';
import { waitUntil } from '../harness/wait';
import { expectAfter, fillBefore, takenBack } from '../store/before-lists';
import { newJob, resourceRow } from '../store/fixture';
import { signed } from './backup-lines';
import { Folder, KEY, type Ended } from './program';

const OTHER = randomBytes(32).toString('base64');
const bytesOf = (key: string): Buffer => Buffer.from(key, 'base64');
const LOGIN = basic('ann', 'correct horse');

let folder: Folder;
let other: Folder;
beforeEach(() => {
  folder = new Folder();
  other = new Folder();
});
afterEach(() => Promise.all([folder.remove(), other.remove()]));

const addUser = (config: string): Promise<Ended> =>
  folder.run(['user', 'add', 'ann', '--role', 'admin', '-c', config], { input: 'correct horse\n' });
const storeOf = ({ data }: Folder, cipher: Cipher = createCipher(bytesOf(KEY))): Promise<Store> =>
  openSqliteStore({ file: join(data, 'cimi.db'), cipher });
const backup = (): string => join(folder.path, 'store.backup');

/** Something of every kind that a store keeps. */
async function fill(store: Store): Promise<void> {
  await store.transaction(async (unit) => {
    for (let n = 0; n < 1_203; n++)
      await unit.insertResource(resourceRow(`machines/${n}`, { secrets: { n }, values: { name: `Ä ${n}`, volume: 'volumes/1' } }));
    await unit.insertResource(resourceRow('machines/gone', { providerKey: 'i-1', secrets: { gone: true } }));
    await unit.takeAway('machines/gone', []);
    await unit.insertJob(newJob('j1', { input: { password: 'p' }, holds: [{ path: 'machines/1', shows: 'STARTING' }] }));
    await unit.putQuota('acme', 'jobs', 77);
    await unit.recordEvent({
      tenant: 'acme',
      resource: 'machines/1',
      resourceType: 'Machine',
      type: 'made',
      content: {},
      outcome: 'success',
    });
  });
  await store.addTasks(['look', 'webhook ops']);
}

async function expectSame(store: Store): Promise<void> {
  expect(await store.countResources({ type: 'Machine', tenants: ['acme'] })).toBe(1_203);
  expect(await store.resource('machines/1202')).toMatchObject({ secrets: { n: 1202 }, values: { name: 'Ä 1202' }, version: 1 });
  expect(await store.job('j1')).toMatchObject({
    input: { password: 'p' },
    doubtful: true,
    holds: [{ path: 'machines/1', shows: 'STARTING' }],
  });
  expect((await store.checkAudit([])).faults).toEqual([]);
  const counted = await store.counts('acme');
  expect([...counted.quotas]).toEqual([['jobs', 77]]);
  const back = await store.transaction((unit) => unit.bringBack('machines/gone', 'i-1'));
  expect(back?.secrets).toEqual({ gone: true });
  expect((await store.counts('acme')).bytes).toBeGreaterThan(counted.bytes);
  // Numbers go on where they were.
  await store.transaction((unit) =>
    unit.recordEvent({ tenant: 'acme', resource: 'machines/2', resourceType: 'Machine', type: 'made', content: {}, outcome: 'success' }),
  );
  expect(await store.events({ tenant: 'acme', limit: 10 })).toHaveLength(2);
}

describe('an SQLite store', () => {
  it('is backed up beside a running gateway and restored elsewhere, users, secrets and audit included', async () => {
    const config = folder.configuration();
    await addUser(config);
    const gateway = await folder.serve(['serve', '-c', config]);
    const made = await gateway.client.post('credentials', { credentialTemplate: { userName: 'root', password: 'hush-hush' } }, LOGIN);
    expect(made.status).toBe(201);
    const done = await folder.run(['backup', backup(), '-c', config]);
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`\\(SQLite, .* resources; needs key ${keyName(bytesOf(KEY))}\n`)),
    ]);
    expect(statSync(backup()).mode & 0o077).toBe(0);
    expect(gunzipSync(readFileSync(backup())).toString()).not.toMatch(/hush-hush|correct horse/);
    expect(await folder.run(['backup', backup(), '-c', config])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already') as string,
    });
    const there = other.configuration();
    const restored = await other.run(['restore', backup(), '-c', there]);
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    const second = await other.serve(['serve', '-c', there]);
    expect((await second.client.get('credentials', LOGIN)).json).toMatchObject({ count: 1 });
    expect(await other.run(['audit', 'verify', '-c', there])).toMatchObject({ code: 0 });
  });

  it('comes back whole, page by page, with doubtful Jobs, counts and numbers that go on', async () => {
    const config = folder.configuration();
    const store = await storeOf(folder);
    await fill(store);
    await store.close();
    expect((await folder.run(['backup', backup(), '-c', config])).code).toBe(0);
    expect((await other.run(['restore', backup(), '-c', other.configuration()])).code).toBe(0);
    const again = await storeOf(other);
    await expectSame(again);
    await again.close();
  });

  it('is not restored into while it is used, nor over what is there without a word for it; what was there is kept', async () => {
    const config = folder.configuration();
    await addUser(config);
    await folder.run(['backup', backup(), '-c', config]);
    const full = await folder.run(['restore', backup(), '-c', config]);
    expect([full.code, full.stderr]).toEqual([1, expect.stringContaining('not empty: say --replace')]);
    const gateway = await folder.serve(['serve', '-c', config]);
    const used = await folder.run(['restore', backup(), '--replace', '-c', config]);
    expect([used.code, used.stderr]).toEqual([1, expect.stringContaining('in use by another gateway')]);
    await gateway.end();
    const replaced = await folder.run(['restore', backup(), '--replace', '-c', config]);
    expect([replaced.code, existsSync(join(folder.data, 'cimi.db.before-restore'))]).toEqual([0, true]);
    expect(statSync(join(folder.data, 'cimi.db')).mode & 0o077).toBe(0);
    expect(JSON.parse((await folder.run(['user', 'list', '-c', config])).stdout)).toMatchObject({ name: 'ann' });
  });

  it('the store that a restore kept is not dropped by the next, but for what is the present store itself', async () => {
    const config = folder.configuration();
    await addUser(config);
    await folder.run(['backup', backup(), '-c', config]);
    const [file, former] = [join(folder.data, 'cimi.db'), join(folder.data, 'cimi.db.before-restore')];
    const restore = () => folder.run(['restore', backup(), '--replace', '-c', config]);
    // As a restore leaves it that was killed before its last step.
    linkSync(file, former);
    expect((await restore()).code).toBe(0);
    const [kept, present] = [statSync(former).ino, statSync(file).ino];
    const refused = await restore();
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('is kept from an earlier restore: move it away or delete it'),
    ]);
    expect([statSync(former).ino, statSync(file).ino]).toEqual([kept, present]);
    rmSync(former);
    expect((await restore()).code).toBe(0);
    expect(statSync(former).ino).toBe(present);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['cut', (text) => text.split('\n').slice(0, -3).join('\n'), /damaged or was cut/],
    ['changed', (text) => text.replace('"ann"', '"bob"'), /damaged or was cut/],
    ['something else', () => '{}\n', /is no backup of this gateway/],
    ['of a newer schema', (text) => signed(text.replace(/"schema":"[^"]*"/, '"schema":"9999-later"')), /schema \(9999-later\) is newer/],
  ])('a file that is %s is refused, and nothing is changed', async (_, change, words) => {
    const config = folder.configuration();
    await addUser(config);
    await folder.run(['backup', backup(), '-c', config]);
    writeFileSync(backup(), gzipSync(change(gunzipSync(readFileSync(backup())).toString())));
    const { code, stderr } = await other.run(['restore', backup(), '-c', other.configuration()]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
    expect(existsSync(join(other.data, 'cimi.db'))).toBe(false);
  });

  it('a backup of an earlier schema is restored as that, and then brought up to date', async () => {
    const store = await storeOf(folder);
    await fillBefore(store);
    await store.close();
    const database = new Database(join(folder.data, 'cimi.db'));
    for (const statement of takenBack('SQLite')) database.exec(statement);
    database.close();
    const made = await folder.run(['backup', backup(), '-c', folder.configuration()]);
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('schema 0004-found-again')]);
    expect((await other.run(['restore', backup(), '-c', other.configuration()])).stderr).toBe('');
    const again = await storeOf(other);
    await expectAfter(again);
    await again.close();
  });

  it('a store that cannot be read any more is replaced, and kept', async () => {
    const config = folder.configuration();
    await addUser(config);
    await folder.run(['backup', backup(), '-c', config]);
    writeFileSync(join(folder.data, 'cimi.db'), 'no database, but long enough to be read as one: '.repeat(100));
    const { code, stderr } = await folder.run(['restore', backup(), '--replace', '-c', config]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('cannot be read; it is kept as it is')]);
    expect(readFileSync(join(folder.data, 'cimi.db.before-restore'), 'utf8')).toMatch(/^no database/);
    expect(JSON.parse((await folder.run(['user', 'list', '-c', config])).stdout)).toMatchObject({ name: 'ann' });
  });

  it('a store in which a restore was broken off is refused by every start and backup', async () => {
    const config = folder.configuration();
    await addUser(config);
    const database = new Database(join(folder.data, 'cimi.db'));
    database.exec('create table cimi_restoring (since text)');
    database.close();
    for (const command of [['serve'], ['backup', backup()], ['check']]) {
      const { code, stderr, stdout } = await folder.run([...command, '-c', config]);
      expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('did not come to its end: restore it again, with --replace')]);
    }
    expect(existsSync(backup())).toBe(false);
  });

  it('another key is refused in words, and one of two that is missing', async () => {
    const config = folder.configuration();
    await addUser(config);
    const mixed = await storeOf(folder, createCipher(bytesOf(OTHER), [bytesOf(KEY)]));
    await mixed.transaction((unit) => unit.insertResource(resourceRow('machines/a', { secrets: { a: 1 } })));
    await mixed.close();
    await folder.run(['backup', backup(), '-c', config]);
    const tried = async (secrets: object): Promise<string> =>
      (await other.run(['restore', backup(), '--check', '-c', other.configuration({ secrets })])).stderr;
    expect(await tried({ key: OTHER })).toMatch(`encrypted with key ${keyName(bytesOf(KEY))}, but key ${keyName(bytesOf(OTHER))} is`);
    expect(await tried({ key: KEY })).toMatch(`encrypted with key ${keyName(bytesOf(OTHER))}`);
    expect(await tried({})).toMatch(/needs key .*: set secrets.key/);
    expect(await tried({ key: KEY, otherKeys: [OTHER] })).toBe('');
  });
});

describeWith('PostgreSQL', postgresAvailable(), () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('goes from SQLite into PostgreSQL and back, and is refused while a gateway has it open', async () => {
    const sqlite = folder.configuration();
    const store = await storeOf(folder);
    await fill(store);
    await store.close();
    expect((await folder.run(['backup', backup(), '-c', sqlite])).code).toBe(0);
    const shared = { store: { kind: 'postgres', url: server.url } };
    const config = other.configuration(shared);
    const first = await other.run(['restore', backup(), '-c', config]);
    expect([first.code, first.stderr]).toEqual([0, '']);
    const open = await openPostgresStore({ url: server.url, cipher: createCipher(bytesOf(KEY)) });
    await expectSame(open);
    const used = await other.run(['restore', backup(), '--replace', '-c', config]);
    expect([used.code, used.stderr]).toEqual([1, expect.stringContaining('in use by a gateway')]);
    const back = join(other.path, 'postgres.backup');
    expect((await other.run(['backup', back, '-c', config])).code).toBe(0);
    await open.close();
    expect((await other.run(['restore', back, '-c', config])).stderr).toMatch(/not empty: say --replace/);
    expect((await other.run(['restore', back, '--replace', '-c', config])).code).toBe(0);
    expect((await folder.run(['restore', back, '--replace', '-c', sqlite])).code).toBe(0);
    const again = await storeOf(folder);
    expect(await again.countResources({ type: 'Machine', tenants: ['acme'] })).toBe(1_204);
    expect((await again.checkAudit([])).faults).toEqual([]);
    await again.close();
  });

  /** Makes an empty database, and a configuration of it. */
  async function database(name: string): Promise<{ url: string; config: string }> {
    await on(server.url, (client) => client.query(`create database ${name}`));
    const url = server.url.replace(/postgres$/, name);
    return { url, config: other.configuration({ store: { kind: 'postgres', url } }) };
  }
  async function on<T>(url: string, work: (client: Client) => Promise<T>, application = 'another'): Promise<T> {
    const client = new Client({ connectionString: url, application_name: application });
    await client.connect();
    return work(client).finally(() => client.end());
  }
  async function madeBackup(): Promise<void> {
    const config = folder.configuration();
    await addUser(config);
    expect((await folder.run(['backup', backup(), '-c', config])).code).toBe(0);
  }

  it.each<[string, string, string]>([
    ['tables', 'create table sessions (theirs text)', 'sessions'],
    ['migrations', "create table kysely_migration (name text); insert into kysely_migration values ('2020-theirs')", 'kysely_migration'],
  ])('%s of another program are never dropped', async (what, statement, name) => {
    await madeBackup();
    const { url, config } = await database(`theirs_${what}`);
    await on(url, (client) => client.query(statement));
    const { code, stderr } = await other.run(['restore', backup(), '--replace', '-c', config]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`tables of another program (${name}): give the gateway a database of its own`),
    ]);
    await on(url, (client) => client.query(`select * from ${name}`));
  });

  it('what other schemas and programs have beside it does not disturb, and stays', async () => {
    await madeBackup();
    const { url, config } = await database('shared');
    await on(url, async (client) => {
      await client.query("create schema theirs; create table theirs.principals (name text); insert into theirs.principals values ('bob')");
      await client.query("create function countsx() returns trigger language plpgsql as 'begin return new; end'");
      await client.query("create function counts_x(n int) returns int language sql as 'select n'");
    });
    for (const more of [[], ['--replace']]) {
      const { code, stderr } = await other.run(['restore', backup(), ...more, '-c', config]);
      expect([code, stderr]).toEqual([0, '']);
    }
    await on(url, async (client) => {
      expect((await client.query('select name from theirs.principals')).rows).toEqual([{ name: 'bob' }]);
      expect((await client.query("select proname from pg_proc where proname in ('countsx', 'counts_x')")).rowCount).toBe(2);
    });
  });

  it('a gateway that comes while tables are dropped is told of, and the store is refused until it is restored', async () => {
    await madeBackup();
    const { url, config } = await database('late');
    const restore = () => other.run(['restore', backup(), '--replace', '-c', config]);
    expect((await restore()).code).toBe(0);
    const late = await on(url, async (client) => {
      await client.query('begin');
      await client.query('lock table meta in access share mode');
      const restored = restore();
      const waits = "select 1 from pg_stat_activity where application_name = 'cimi-gateway restore' and wait_event_type = 'Lock'";
      await waitUntil(
        async () => ((await on(server.url, (watch) => watch.query(waits))).rowCount ?? 0) > 0,
        () => 'the restore waits',
      );
      const open = async (): Promise<Ended> => {
        await client.query('rollback');
        return restored;
      };
      return on(url, open, 'cimi-gateway');
    });
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('opened the store meanwhile: stop all of them')]);
    const unfinished = 'a restore into this store did not come to its end: restore it again, with --replace';
    const cipher = createCipher(bytesOf(KEY));
    await expect(openPostgresStore({ url, cipher })).rejects.toThrow(unfinished);
    for (const command of [['backup', join(other.path, 'late.backup')], ['check']]) {
      const { code, stderr, stdout } = await other.run([...command, '-c', config]);
      expect([code, stdout + stderr]).toEqual([1, expect.stringContaining(unfinished)]);
    }
    expect((await restore()).code).toBe(0);
    await (await openPostgresStore({ url, cipher })).close();
  });

  it('an idle gateway is seen by who restores', async () => {
    const { url } = await database('idle');
    const store = await openPostgresStore({ url, cipher: createCipher(bytesOf(KEY)), idleMs: 1 });
    const connections = (): Promise<number> =>
      on(server.url, async (client) => {
        const query = "select 1 from pg_stat_activity where datname = 'idle' and application_name = 'cimi-gateway'";
        return (await client.query(query)).rowCount ?? 0;
      });
    await Promise.all(Array.from({ length: 8 }, () => store.countResources({ type: 'Machine', tenants: ['acme'] })));
    await waitUntil(
      async () => (await connections()) <= 2,
      () => 'connections that nobody uses are ended',
    );
    // More than these would be ended by now, were they to be.
    for (let n = 0; n < 5; n++) expect(await connections()).toBe(2);
    await store.close();
  });
});
