import Database from 'libsql';
import { join } from 'node:path';
import { basic } from '../harness/client';
import { CLOUDS, Folder } from './program';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const lines = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { [key: string]: unknown });

it('lists who changed what, and which users were changed by command, and verifies it; the anchor finds a cut end', async () => {
  const config = folder.configuration();
  const add = async (name: string) => folder.run(['user', 'add', name, '--role', 'admin', '-c', config], { input: 'correct horse\n' });
  await add('ann');
  const gateway = await folder.serve(['serve', '-c', config]);
  const made = await gateway.client.post('machineConfigs', { cpu: 1, memory: 1024 }, basic('ann', 'correct horse'));
  expect(made.status).toBe(201);
  await gateway.client.get('machines', basic('ann', 'wrong horse'));
  await add('bob');
  const listed = await folder.run(['audit', 'list', '-c', config]);
  expect(lines(listed.stdout)).toEqual([
    expect.objectContaining({ operation: 'cimi-gateway', outcome: 'Success', detail: 'added user bob (admin)' }),
    expect.objectContaining({ operation: 'GET', outcome: 'Failure', initiator: 'ann from 127.0.0.1' }),
    expect.objectContaining({
      operation: 'POST',
      outcome: 'Success',
      initiator: 'ann (admin) from 127.0.0.1',
      resource: 'machineConfigs',
    }),
    expect.objectContaining({ operation: 'cimi-gateway', outcome: 'Success', detail: 'added user ann (admin)' }),
  ]);
  const anchor = join(folder.path, 'anchor.json');
  const first = await folder.run(['audit', 'verify', '--anchor', anchor, '-c', config]);
  expect(first).toMatchObject({ code: 0, stdout: 'ok: 4 entries of 1 tenants are as they were written\n' });
  await gateway.end();
  const database = new Database(join(folder.data, 'cimi.db'));
  database.exec(
    `delete from events where link = 4; update audit_chains set link = 3, mac = (select mac from events where link = 3) where link = 4`,
  );
  database.close();
  expect(await folder.run(['audit', 'verify', '-c', config])).toMatchObject({ code: 0 });
  expect(await folder.run(['audit', 'verify', '--anchor', anchor, '-c', config])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('entries 4 to 4 were there when it was checked before') as string,
  });
});

it('verifies entries of both contents, and those of reads, and finds a change of any', async () => {
  const config = folder.configuration({ audit: { reads: true } });
  await folder.run(['user', 'add', 'ann', '--role', 'admin', '-c', config], { input: 'correct horse\n' });
  const login = basic('ann', 'correct horse');
  for (const content of ['access', 'cadf']) {
    const gateway = await folder.serve(['serve', '-c', folder.configuration({ audit: { content, reads: true } })]);
    expect((await gateway.client.post('machineConfigs', { cpu: 1, memory: 1024 }, login)).status).toBe(201);
    expect((await gateway.client.get('machineConfigs', login)).status).toBe(200);
    await gateway.end();
  }
  const actions = lines((await folder.run(['audit', 'list', '-c', config])).stdout).map(({ operation, action }) => operation ?? action);
  expect(actions).toEqual(['read', 'create', 'GET', 'POST', 'cimi-gateway']);
  expect(await folder.run(['audit', 'verify', '-c', config])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: 5 /) as string,
  });
  const database = new Database(join(folder.data, 'cimi.db'));
  database.exec(`update events set content = replace(content, '"action":"read"', '"action":"allow"') where link = 5`);
  database.close();
  expect(await folder.run(['audit', 'verify', '-c', config])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('entry 5: was changed, or put in') as string,
  });
});

it('commands that change users want the key of a gateway that has run; before the first start there is none', async () => {
  const keyless = folder.write('keyless.yaml', { data: { dir: 'data' }, clouds: CLOUDS });
  const add = (name: string) => folder.run(['user', 'add', name, '-c', keyless], { input: 'correct horse\n' });
  expect(await add('ann')).toMatchObject({ code: 0 });
  await (await folder.serve(['serve', '-c', folder.configuration()])).end();
  expect(await add('bob')).toMatchObject({ code: 1, stderr: expect.stringMatching(/audit.*needs the key.*secrets\.key/) as string });
});
