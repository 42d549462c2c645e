import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createCipher, keyName } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import { basic } from '../harness/client';
import { waitUntil } from '../harness/wait';
import { resourceRow } from '../store/fixture';
import { Folder, KEY } from './program';

const NEW = randomBytes(32).toString('base64');
const nameOf = (key: string): string => keyName(Buffer.from(key, 'base64'));
const LOGIN = basic('ann', 'correct horse');

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const configured = (secrets: object): string => folder.configuration({ secrets });
const addUser = async (config: string): Promise<unknown> =>
  folder.run(['user', 'add', 'ann', '--role', 'admin', '-c', config], { input: 'correct horse\n' });

/** A store with so many secrets, as a gateway leaves it. */
async function fill(count: number): Promise<void> {
  const store = await openSqliteStore({ file: join(folder.data, 'cimi.db'), cipher: createCipher(Buffer.from(KEY, 'base64')) });
  await store.transaction(async (unit) => {
    for (let n = 0; n < count; n++) await unit.insertResource(resourceRow(`machines/${n}`, { secrets: { n } }));
  });
  await store.close();
}

it('a key is changed beside a running gateway, which then does without the former one; neither is ever shown', async () => {
  const first = folder.configuration();
  await addUser(first);
  const config = configured({ key: NEW, otherKeys: [KEY] });
  const gateway = await folder.serve(['serve', '-c', config]);
  await fill(3);
  const made = await gateway.client.post('credentials', { credentialTemplate: { userName: 'root', password: 'hush-hush' } }, LOGIN);
  expect(made.status).toBe(201);
  const before = await folder.run(['key', 'status', '-c', config]);
  expect(before.stdout).toBe(
    `key ${nameOf(NEW)} (written with): 1 value encrypted\n` +
      `key ${nameOf(KEY)} (secrets.otherKeys[0]): 3 values encrypted: still needed; run cimi-gateway key rotate\n`,
  );
  const rotated = await folder.run(['key', 'rotate', '-c', config]);
  expect([rotated.code, rotated.stdout]).toEqual([
    0,
    `3 values encrypted with key ${nameOf(NEW)}\nthe other keys are not needed any more, but for backups that were made with them\n`,
  ]);
  expect((await gateway.client.get('credentials', LOGIN)).status).toBe(200);
  await gateway.end();
  const alone = configured({ key: NEW });
  const last = await folder.serve(['serve', '-c', alone]);
  expect((await last.client.get('credentials', LOGIN)).status).toBe(200);
  expect(await folder.run(['audit', 'verify', '-c', alone])).toMatchObject({ code: 0 });
  const former = await folder.run(['check', '-c', configured({ key: KEY })]);
  expect([former.code, former.stdout]).toEqual([
    1,
    expect.stringContaining(`encrypted with key ${nameOf(NEW)}, but key ${nameOf(KEY)} is configured`),
  ]);
  const said = [before, rotated, former].map(({ stdout, stderr }) => stdout + stderr).join('') + gateway.stdout + last.stdout;
  for (const key of [NEW, KEY]) expect(said).not.toContain(key);
});

/** Values whose sealing anew takes longer than a busy machine needs to kill it. */
const MANY = 8_000;

it('a rotation that is killed goes on where it was', async () => {
  await addUser(folder.configuration());
  await fill(MANY);
  const config = configured({ key: NEW, otherKeys: [KEY] });
  const rotation = folder.start(['key', 'rotate', '-c', config]);
  await waitUntil(() => rotation.stderr.includes(' anew') || rotation.over);
  await rotation.end('SIGKILL');
  const alone = await folder.run(['serve', '-c', configured({ key: NEW })]);
  expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining(`encrypted with key ${nameOf(KEY)}`)]);
  configured({ key: NEW, otherKeys: [KEY] });
  const { code, stdout } = await folder.run(['key', 'rotate', '-c', config]);
  const [sealed] = /^\d+/.exec(stdout) ?? [];
  expect([code, Number(sealed) > 0 && Number(sealed) < MANY]).toEqual([0, true]);
  expect((await folder.run(['key', 'status', '-c', configured({ key: NEW })])).stdout).toContain(`: ${MANY} values encrypted`);
});

it('a key comes from a command, whose arguments and output nobody sees', async () => {
  const program = folder.write(
    'vault.js',
    `process.stderr.write('${KEY}'); console.log(process.argv[2] === 'kv/cimi' ? '${KEY}' : 'hush');`,
  );
  const config = configured({ key: { $command: [process.execPath, program, 'kv/cimi'] } });
  await addUser(config);
  const good = await folder.run(['check', '-c', config]);
  expect(good.stdout).toMatch(/key for secrets: ok/);
  const bad = await folder.run(['check', '-c', configured({ key: { $command: [process.execPath, program, 'kv/other'] } })]);
  expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('must be 32 bytes in base64')]);
  for (const { stdout, stderr } of [good, bad]) for (const text of [KEY, 'hush', 'kv/']) expect(stdout + stderr).not.toContain(text);
});

it('key status ends with 1 where a stored secret needs a key that is not configured', async () => {
  const config = folder.configuration();
  await addUser(config);
  const store = await openSqliteStore({
    file: join(folder.data, 'cimi.db'),
    cipher: createCipher(Buffer.from(NEW, 'base64'), [Buffer.from(KEY, 'base64')]),
  });
  await store.transaction((unit) => unit.insertResource(resourceRow('machines/a', { secrets: { a: 1 } })));
  await store.close();
  const { code, stdout } = await folder.run(['key', 'status', '-c', config]);
  expect([code, stdout]).toEqual([
    1,
    expect.stringContaining(`key ${nameOf(NEW)} (NOT CONFIGURED): 1 value encrypted, which cannot be read`),
  ]);
});
