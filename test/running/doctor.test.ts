import Database from 'libsql';
import { join } from 'node:path';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import type { Instance } from '../../drivers/simulator/things';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import { made, machineCreate } from '../protocol/scene';
import { newJob, resourceRow } from '../store/fixture';
import { Folder, KEY } from './program';

/** `cimi-gateway doctor`: what the store says against what the clouds say. */

const HOUR_MS = 3_600_000;
let folder: Folder;
let config: string;
let control: SimulatorControl;
/** Paths of Machines by what has become of them, and their keys at the provider. */
const paths = new Map<string, string>();
const keys = new Map<string, string>();
/** Instance of the one that is deleted, as it was. */
let leftover: Instance[];

const path = (name: string): string => paths.get(name) ?? '';
const database = (): InstanceType<typeof Database> => new Database(join(folder.data, 'cimi.db'));

/** Serves while something is done. */
async function served<T>(work: (client: Awaited<ReturnType<Folder['serve']>>['client']) => Promise<T>): Promise<T> {
  const gateway = await folder.serve(['serve', '-c', config]);
  const done = await work(gateway.client);
  await gateway.end('SIGTERM');
  return done;
}

interface Told {
  kind: string;
  what: string;
  key?: string;
  plan?: string;
  mended: boolean;
  words: string;
}

async function doctor(...args: string[]): Promise<{ code: number | null; told: Told[] }> {
  const { code, stdout, stderr } = await folder.run(['doctor', '-c', config, '--json', ...args]);
  expect(stderr).toBe('');
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { code, told: lines.map((line) => JSON.parse(line) as Told) };
}

const kinds = (told: readonly Told[]): (readonly [string, string])[] => told.map(({ kind, what }) => [kind, what] as const).sort();

beforeAll(async () => {
  folder = new Folder();
  config = folder.configuration({ access: { required: false }, clouds: { sim: { driver: 'simulator', options: {} } } });
  await served(async (client) => {
    for (const name of ['kept', 'lost', 'gone', 'twice', 'deleted', 'back']) {
      const { id } = await made(client, 'machines', machineCreate({ name }));
      paths.set(name, String(id).slice(client.base.length));
    }
    control = openControl(join(folder.data, 'clouds/sim/simulator.sqlite'));
    for (const { label, id } of control.instances()) keys.set(String(label), id);
    leftover = control.things('instance').flatMap((one) => (one.id === keys.get('deleted') ? [{ ...one, id: 'i-left' }] : []));
    await client.ended(await client.delete(client.base + path('deleted')));
  });
});

afterAll(async () => {
  control?.close();
  await folder.remove();
});

test.each([
  [
    'an earlier',
    "update kysely_migration set name = '0000-' || name where name = ?",
    "update kysely_migration set name = ? where name like '0000-%'",
    /earlier version \(.*not done yet\).*changes nothing/,
  ],
  [
    'a later',
    "insert into kysely_migration (timestamp, name) values ('2099', '9999-' || ?)",
    "delete from kysely_migration where name = '9999-' || ?",
    /later version \(9999-/,
  ],
])('a store of %s version is refused, and stays as it is', async (_what, before, after, words) => {
  const rows = database();
  const { name } = rows.prepare('select max(name) as name from kysely_migration').get() as { name: string };
  rows.prepare(before).run(name);
  const standing = () => rows.prepare('select name from kysely_migration order by name').all();
  const stood = standing();
  for (const command of [['doctor'], ['audit', 'verify'], ['key', 'status']]) {
    const { code, stdout, stderr } = await folder.run([...command, '-c', config]);
    expect([command, code, stdout, stderr]).toEqual([command, 1, '', expect.stringMatching(words)]);
  }
  expect(standing()).toEqual(stood);
  rows.prepare(after).run(name);
  rows.close();
});

test('where they agree it says so, beside a running gateway', async () => {
  const gateway = await folder.serve(['serve', '-c', config]);
  const { code, stdout } = await folder.run(['doctor', '-c', config]);
  expect([code, stdout]).toEqual([0, 'store and clouds agree\n']);
  const refused = await folder.run(['doctor', '-c', config, '--mend']);
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([1, '', expect.stringMatching(/^cimi-gateway: .*in use.*\n$/s)]);
  await gateway.end('SIGTERM');
});

test('what cannot be asked is told, and nothing is called gone', async () => {
  control.fail({ method: 'machines.list', kind: 'unavailable', message: 'maintenance', times: 1_000 });
  const { code, told } = await doctor('--mend');
  control.clearFailures();
  expect([code, kinds(told)]).toEqual([1, [['unknown', 'sim machines']]]);
  expect(told[0]?.words).toContain('maintenance');
  expect((await doctor()).told).toEqual([]);
});

test('what is asked wrongly', async () => {
  const { code, stderr } = await folder.run(['doctor', '-c', config, '--cloud', 'aws']);
  expect([code, stderr]).toEqual([1, 'cimi-gateway: there is no cloud aws in the configuration\n']);
});

test('each disagreement is told with its plan; what can be mended is, what only a person can stays told', async () => {
  const instances = new Map(control.things('instance').map((instance) => [instance.id, instance]));
  const twice = instances.get(keys.get('twice') ?? '');
  if (!twice) throw new Error('the machines are not there');
  const store = await openSqliteStore({ file: join(folder.data, 'cimi.db'), cipher: createCipher(Buffer.from(KEY, 'base64')) });
  await store.transaction(async (unit) => {
    await unit.takeAway(path('back'), []);
    await unit.insertResource(resourceRow('machines/half', { tenant: 'default', cloud: 'sim', state: 'CREATING', providerKey: null }));
    await unit.insertResource(resourceRow('machines/away', { tenant: 'default', cloud: 'elsewhere', providerKey: 'i-7' }));
    await unit.insertJob(newJob('late', { tenant: 'default', workflow: 'nothing-that-there-is' }));
  });
  await store.close();
  const db = database();
  db.prepare('DELETE FROM resources WHERE path = ?').run(path('lost'));
  db.prepare("UPDATE jobs SET due = due - ? WHERE id = 'late'").run(HOUR_MS);
  db.close();
  // A clone of one, and something with the tag of the one that was deleted.
  control.add([{ ...twice, id: 'i-clone', launchedAt: twice.launchedAt + 60_000 }, ...leftover]);
  control.remove([{ kind: 'instance', id: keys.get('gone') ?? '' }]);

  const before = await doctor();
  const mendable: [string, string][] = [
    ['gone', path('gone')],
    ['lost row', path('lost')],
    ['returned', path('back')],
  ];
  const told: [string, string][] = [
    ['duplicate', path('twice')],
    ['leftover', path('deleted')],
    ['no cloud', 'machines/away'],
    ['unfinished', 'machines/half'],
    ['waiting Job', 'jobs/late'],
  ];
  expect([before.code, kinds(before.told)]).toEqual([1, [...mendable, ...told].sort()]);
  expect(
    before.told
      .filter(({ plan }) => plan !== undefined)
      .map(({ kind }) => kind)
      .sort(),
  ).toEqual(mendable.map(([kind]) => kind));
  expect(before.told.some(({ mended }) => mended)).toBe(false);
  // Nothing was changed by looking.
  expect(kinds((await doctor()).told)).toEqual(kinds(before.told));

  const mended = await doctor('--mend');
  expect(mended.code).toBe(1);
  expect(kinds(mended.told.filter((one) => one.mended))).toEqual(mendable);
  const after = await doctor();
  expect([after.code, kinds(after.told)]).toEqual([1, told]);
  await served(async (client) => {
    for (const name of ['lost', 'back', 'kept']) {
      const { status, json } = await client.get(client.base + path(name));
      expect([name, status, json.state]).toEqual([name, 200, 'STARTED']);
    }
    expect((await client.get(client.base + path('gone'))).status).toBe(404);
  });
});
