import { createHash, randomBytes } from 'node:crypto';
import Database from 'libsql';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createCipher, keyName, type Cipher } from '../../src/store/cipher';
import { openPostgresStore } from '../../src/store/postgres';
import { openSqliteStore } from '../../src/store/sqlite';
import type { Store } from '../../src/store/store';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { basic } from '../harness/client';
import { expectAfter, fillBefore, takenBack } from '../store/before-lists';
import { newJob, resourceRow } from '../store/fixture';
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

/** The lines with the end that belongs to them: a backup that was really made so. */
function signed(text: string): string {
  const lines = text.split('\n').slice(0, -1);
  const { rows } = JSON.parse(lines.pop() ?? '') as { rows: object };
  const content = lines.map((line) => `${line}\n`).join('');
  return `${content}${JSON.stringify({ rows, sha256: createHash('sha256').update(content).digest('hex') })}\n`;
}

/** Something of every kind that a store keeps. */
async function fill(store: Store): Promise<void> {
  await store.transaction(async (unit) => {
    for (let n = 0; n < 1_203; n++)
      await unit.insertResource(resourceRow(`machines/${n}`, { secrets: { n }, values: { name: `Ä ${n}`, volume: 'volumes/1' } }));
    await unit.insertResource(resourceRow('machines/gone', { providerKey: 'i-1', secrets: { gone: true } }));
    await unit.takeAway('machines/gone', []);
    await unit.insertJob(newJob('j1', { input: { password: 'p' }, holds: [{ path: 'machines/1', shows: 'STARTING' }] }));
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
    expect(JSON.parse((await folder.run(['user', 'list', '-c', config])).stdout)).toMatchObject({ name: 'ann' });
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

  it('a store in which a restore was broken off is refused by every start', async () => {
    const config = folder.configuration();
    await addUser(config);
    const database = new Database(join(folder.data, 'cimi.db'));
    database.exec("insert into meta (name, value) values ('restoring', '')");
    database.close();
    const { code, stderr } = await folder.run(['serve', '-c', config]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('did not come to its end: restore it again, with --replace')]);
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
});
