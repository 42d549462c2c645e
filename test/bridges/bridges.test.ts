import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { hashPassword } from '../../src/http/passwords';
import { hashToken, newToken } from '../../src/http/tokens';
import { ansible, ansibleAvailable, installAnsible, installLibcloud, libcloudAvailable, libcloudPython } from '../backends/bridges';
import { describeWith } from '../backends/need';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { machineIn } from '../packages/export-scene';
import { listOf, made, openScene, PUBLIC_KEY, type Scene } from '../protocol/scene';

/** Programs of others with what contrib gives them, over two simulated clouds with a login. */
const CONTRIB = resolve(__dirname, '../../contrib');
const run = promisify(execFile);
const token = newToken();
let scene: Scene;
let client: Client;
let home: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const clouds = { a: simulatedCloud(), b: simulatedCloud() };
  scene = await openScene({ config: { access: { required: true }, defaultCloud: 'a', clouds } });
  const { access } = scene.gateway.gateway.store;
  await access.putPrincipal({ name: 'ann', tenant: 'default', role: 'operator', passwordHash: await hashPassword('pw-ann') });
  await access.addToken({ id: 'test', principal: 'ann', hash: hashToken(token), expires: null });
  client = scene.client.as({ authorization: `Bearer ${token}` });
  home = mkdtempSync(join(tmpdir(), 'cimi-bridges-'));
  env = { PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8', CIMI_URL: new URL(scene.client.base).origin, CIMI_TOKEN: token };
});
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await scene.close();
});

const python = spawnSync('python3', ['--version']).error === undefined || { missing: 'python3' };

describeWith('python3', python, () => {
  test('contrib/python: a machine from its creation to its end, with nothing but the standard library', async () => {
    const { stdout } = await run('python3', ['-I', join(CONTRIB, 'python/cimi.py'), 'Debian 12'], { env });
    expect(
      stdout
        .replace(/address: 10\.[\d.]+/, 'address: IP')
        .trim()
        .split('\n'),
    ).toEqual([
      'made: from-python STARTED',
      'address: IP',
      'stopped: STOPPED',
      'described: made by cimi.py',
      'started: STARTED',
      "of the blue team: ['from-python']",
      'deleted',
    ]);
    expect((await client.get('machines')).json.count).toBe(0);
  });

  test('it tells the provider’s words, and sends its login nowhere else', async () => {
    const failed = (code: string, more: NodeJS.ProcessEnv = {}): Promise<unknown> =>
      run('python3', ['-c', code], { env: { ...env, PYTHONPATH: join(CONTRIB, 'python'), ...more } });
    const begin = "import os, cimi; c = cimi.connect(os.environ['CIMI_URL'], token=os.environ['CIMI_TOKEN']);";
    await expect(failed(`${begin} c.create('machines', {'name': 'x'})`)).rejects.toThrow(/CimiError: .*machineTemplate/);
    await expect(failed(`${begin} c.get('http://127.0.0.1:1/cimi')`)).rejects.toThrow(/the login is not sent there/);
    await expect(failed(begin, { CIMI_TOKEN: 'cimi_wrong' })).rejects.toThrow(/CimiError/);
  });
});

describeWith('ansible-core', ansibleAvailable(), () => {
  const inventory = join(CONTRIB, 'ansible/cimi_inventory.py');
  const told = async (program: string, ...words: string[]): Promise<string> =>
    (await run(ansible(program), ['-i', inventory, ...words], { cwd: home, env: { ...env, ANSIBLE_LOCAL_TEMP: home, ANSIBLE_HOME: home } }))
      .stdout;

  beforeAll(async () => {
    await installAnsible();
    const properties = { team: 'blue one', 'ssh-user': 'debian' };
    const web = await machineIn(client, 'a', 'web-1', { initialState: 'STARTED' }, { properties });
    await machineIn(client, 'b', 'db-1', {}, { description: "{{ lookup('pipe', 'touch owned') }}" });
    await machineIn(client, 'b', 'two words');
    const member = { name: 'web', type: 'http://schemas.dmtf.org/cimi/1/Machine', component: { href: web.id } };
    const system = await made(client, 'systems', { name: 'shop', systemTemplate: { componentDescriptors: [] } });
    await made(client, `${String((system.machines as unknown as Json).href)}`, { machine: member.component });
  });
  afterAll(async () => {
    for (const collection of ['systems', 'machines'])
      for (const { id } of listOf((await client.get(collection)).json, collection)) await client.delete(String(id), { prefer: 'wait=60' });
  });

  test('hosts are in groups by cloud, state, property and System', async () => {
    const groups = JSON.parse(await told('ansible-inventory', '--list')) as Record<string, { hosts?: string[] }>;
    const of = (name: string): string[] | undefined => groups[name]?.hosts;
    expect([of('cloud_a'), of('state_STARTED'), of('system_shop'), of('property_team_blue_one')]).toEqual(Array(4).fill(['web-1']));
    expect([of('cloud_b')?.length, of('cloud_b')?.includes('db-1'), of('state_STOPPED')?.length]).toEqual([2, true, 2]);
    expect(of('cloud_b')).not.toContain('two words');
  });

  test('a host has its address, its user and what CIMI tells; texts of people are no templates', async () => {
    const host = JSON.parse(await told('ansible-inventory', '--host', 'web-1')) as Record<string, unknown>;
    const [{ ip } = { ip: '' }] = listOf((await client.get("addresses?$filter=cloud='a'")).json, 'addresses') as unknown as {
      ip: string;
    }[];
    expect(host).toMatchObject({
      ...{ ansible_host: ip, ansible_user: 'debian', cimi_addresses: [ip] },
      ...{ cimi_state: 'STARTED', cimi_cloud: 'a', cimi_name: 'web-1', cimi_properties: { team: 'blue one' } },
    });
    const shown = await told('ansible', 'db-1', '-c', 'local', '-m', 'ansible.builtin.debug', '-a', 'var=cimi_description');
    expect(shown).toContain("{{ lookup('pipe', 'touch owned') }}");
    expect(existsSync(join(home, 'owned'))).toBe(false);
  });

  test('a filter narrows it down; what is refused is told', async () => {
    const narrowed = await run(inventory, ['--list'], { env: { ...env, CIMI_FILTER: "state='STARTED'" } });
    expect((JSON.parse(narrowed.stdout) as { all: unknown }).all).toEqual({ hosts: ['web-1'] });
    await expect(run(inventory, ['--list'], { env: { ...env, CIMI_TOKEN: 'cimi_wrong' } })).rejects.toThrow(
      /cimi_inventory: http.*cloudEntryPoint/,
    );
    writeFileSync(join(home, 'token'), `${token}\n`);
    const byFile = { ...env, CIMI_TOKEN: undefined, CIMI_TOKEN_FILE: join(home, 'token') };
    expect((await run(inventory, ['--host', 'db-1'], { env: byFile })).stdout).toContain('"cimi_state": "STOPPED"');
  });
});

describeWith('apache-libcloud', libcloudAvailable(), () => {
  test('contrib/libcloud: nodes, sizes, images, locations, key pairs and volumes by Libcloud’s own API', async () => {
    await installLibcloud();
    const exercise = join(__dirname, 'exercise_libcloud.py');
    const { port } = new URL(scene.client.base);
    const withDriver = { ...env, PYTHONPATH: join(CONTRIB, 'libcloud') };
    const { stdout } = await run(libcloudPython, ['-W', 'ignore', exercise, token, port, PUBLIC_KEY], { env: withDriver });
    const { sizes, ...told } = JSON.parse(stdout) as Record<string, unknown>;
    const smalls = listOf((await client.get("machineConfigs?$filter=cloud='b'")).json, 'machineConfigurations');
    expect(Object.keys(sizes as object)).toHaveLength(smalls.length);
    for (const { name, memory, cpu } of smalls)
      expect((sizes as Record<string, number[]>)[String(name)]).toEqual([Number(memory) / 1024, expect.any(Number), Number(cpu)]);
    const fingerprint = expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(told).toEqual({
      ...{ locations: ['a', 'b'], clouds: ['b'], image: 'Debian 12' },
      ...{
        imported: [true, fingerprint],
        made: ['ssh-ed25519', '-----BEGIN OPENSSH PRIVATE KEY-----', 'SHA256'],
        pairs: ['imported', 'made'],
      },
      created: ['one', expect.stringMatching(/pending|starting|running/)],
      running: ['running', true, true, 'b', { team: 'blue' }],
      nodes: ['one', 'two'],
      actions: [true, true, 'stopped', true, 'running'],
      // 10 GiB are 10,737,418.24 kB.
      volume: [10, 10_737_418, 'available', ['data']],
      attached: [true, true, expect.stringContaining('is attached to no node')],
      captured: ['captured', true],
      refused: [
        expect.stringMatching(/^BaseHTTPError: .*STARTED/),
        expect.stringContaining('KeyPairDoesNotExistError'),
        expect.stringContaining('a NodeAuthSSHKey is needed'),
        expect.stringContaining('is elsewhere than 127.0.0.1'),
        expect.stringContaining('InvalidCredsError'),
      ],
      named: 'made',
      gone: [true, true, true, true, true],
      left: [0, 0, 0],
    });
  });
});
