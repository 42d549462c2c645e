import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { driver as simulator } from '../../drivers/simulator/index';
import { optionsSchema } from '../../drivers/simulator/options';
import { z } from 'zod';
import type { Driver, DriverEnvironment, DriverModule, Machines } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { driverRegistry } from '../../src/clouds/registry';
import { loadConfig } from '../../src/config/load';
import { waitUntil } from '../harness/wait';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, listOf, machineCreate, made, openScene, pathOf, type Scene } from '../protocol/scene';

/** The simulated cloud behind a password, which is another from time to time. */
const door = {
  password: '',
  /** Passwords of the drivers that were closed. */
  closed: [] as string[],
  /** Stands before each list of machines. */
  before: (_password: string): Promise<void> => Promise.resolve(),
};

const locked: DriverModule<z.output<typeof lockedOptions>> = {
  ...(simulator as object),
  ...{ name: 'locked', options: undefined as never },
  async connect({ password, colours, ...options }, environment: DriverEnvironment): Promise<Driver> {
    const real = await simulator.connect(options, environment);
    const machines = real.machines as Required<Machines>;
    return {
      ...real,
      capabilities: {
        ...real.capabilities,
        ...(colours && { extensions: [{ name: 'colour', types: ['Machine'], kind: 'string' }] }),
      },
      machines: {
        ...machines,
        async *list(context) {
          await door.before(password);
          if (password !== door.password) throw new ProviderError('auth', 'the door stays shut', { code: 'SHUT' });
          yield* machines.list(context);
        },
      },
      close: async () => {
        door.closed.push(password);
        await real.close();
      },
    } as Driver;
  },
};
const lockedOptions = optionsSchema.extend({ password: z.string(), colours: z.boolean().default(false) });
locked.options = lockedOptions;

let scene: Scene;
let content: { [section: string]: unknown };

beforeEach(async () => {
  Object.assign(door, { password: 'hush-first', closed: [], before: () => Promise.resolve() });
  content = {
    log: { level: 'info' },
    clouds: { sim: simulatedCloud({ password: 'hush-first' }, { driver: 'locked', guard: { cacheMs: 60_000 } }) },
  };
  scene = await openScene({
    drivers: driverRegistry({ locked: () => Promise.resolve(locked as unknown as DriverModule) }),
    config: content,
  });
});
afterEach(() => scene.close());

/** Reads the configuration again, with these sections in place of the former. */
async function reload(sections: { [section: string]: unknown }): Promise<void> {
  const { dataDir, gateway } = scene.gateway;
  const file = join(dataDir, 'again.yaml');
  const own = { server: { port: 0, shutdownMs: 2000 }, data: { dir: dataDir }, monitoring: { watchMs: 0 } };
  writeFileSync(file, stringify({ ...own, ...content, ...sections }));
  await gateway.reload(await loadConfig({ file, env: {}, cwd: dataDir }));
}

const simWith = (options: object, more: object = {}) => ({
  sim: simulatedCloud({ password: 'hush-first', ...options }, { driver: 'locked', guard: { cacheMs: 60_000 }, ...more }),
});
const said = () =>
  scene.gateway
    .logs()
    .filter(({ msg }) => msg === 'the configuration was read again')
    .at(-1);
const machinesOf = async () => {
  const answer = await scene.client.get('machines');
  return [answer.headers.get('cimi-unavailable-clouds') ?? '', listOf(answer.json, 'machines').length];
};

test('a cloud whose password has changed is logged in to with the new one; what was read before is read anew', async () => {
  await made(scene.client, 'machines', machineCreate());
  const count = listOf((await scene.client.get('machines')).json, 'machines').length;
  door.password = 'hush-second';
  await reload({ clouds: simWith({ password: 'hush-second' }) });
  expect(said()).toMatchObject({ taken: ['clouds.sim'] });
  expect(said()).not.toHaveProperty('needRestart');
  await waitUntil(() => door.closed.includes('hush-first'));
  expect((await machinesOf())[1]).toBe(count);
  await made(scene.client, 'machines', machineCreate());
  expect((await machinesOf())[1]).toBe(count + 1);
  await reload({ clouds: simWith({ password: 'hush-wrong' }) });
  expect((await machinesOf())[1]).toBe(0);
  await reload({ clouds: simWith({ password: 'hush-second' }) });
  expect((await machinesOf())[1]).toBe(count + 1);
  await reload({ clouds: simWith({ password: 'hush-second' }) });
  expect(said()).toMatchObject({ taken: [] });
  expect(JSON.stringify(scene.gateway.logs())).not.toContain('hush');
});

test('calls that are under way go on with the former login, which ends after them', async () => {
  let letGo = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    door.before = (password) => {
      if (password !== 'hush-first') return Promise.resolve();
      resolve();
      return new Promise((go) => (letGo = go));
    };
  });
  const slow = machinesOf();
  await begun;
  await reload({ clouds: simWith({ password: 'hush-second' }) });
  door.password = 'hush-first';
  expect(door.closed).toEqual([]);
  letGo();
  expect((await slow)[0]).toBe('');
  await waitUntil(() => door.closed.includes('hush-first'));
});

test('what a cloud offers, whose it is and how it is shown comes with a start, and is named', async () => {
  await reload({ clouds: simWith({ password: 'hush-second', colours: true }) });
  expect(said()).toMatchObject({ taken: [], needRestart: ['clouds.sim'] });
  expect(door.closed).toEqual(['hush-second']);
  await reload({ clouds: simWith({ password: 'hush-second' }, { name: 'Another name' }) });
  expect(said()).toMatchObject({ taken: [], needRestart: ['clouds.sim'] });
  expect((await machinesOf())[0]).toBe('');
});

test('options that cannot be take nothing along', async () => {
  await expect(reload({ clouds: simWith({ pasword: 'x' }), log: { level: 'error' } })).rejects.toThrow(/clouds\.sim\.options.*pasword/s);
  await reload({});
  expect(said()).toMatchObject({ level: 'info', taken: [] });
  expect(door.closed).toEqual([]);
});

test('quotas and limits of requests count from then on', async () => {
  const { client } = scene;
  const body = {
    resourceURI: 'http://schemas.dmtf.org/cimi/1/CredentialCreate',
    description: 'd'.repeat(1000),
    credentialTemplate: { userName: 'u', password: 'p'.repeat(500) },
  };
  await made(client, 'credentials', body);
  await reload({ quotas: { resources: 1 }, server: { port: 0, shutdownMs: 2000, limits: { bodyDepth: 16 } } });
  expect(said()).toMatchObject({ taken: ['quotas', 'server.limits'] });
  expectFault(await client.post('credentials', body), 403, /quotas\.resources/);
  await reload({ server: { port: 0, shutdownMs: 2000, limits: { bodyBytes: 1024, headerBytes: 8192 } } });
  expect(said()).toMatchObject({ taken: ['quotas', 'server.limits'], needRestart: ['server.limits.headerBytes'] });
  expectFault(await client.post('credentials', body), 413, /1024 bytes/);
});

describe('a reader whose answers are kept sees', () => {
  const FORMATS = ['application/json', 'application/xml'];
  const PATHS = ['machines', 'machineImages', 'machineConfigs', 'cloudEntryPoint', 'clouds'];

  /** Reads each path until its answers are made of what is kept. @returns answers by format and path */
  async function warm(more: readonly string[]): Promise<Map<string, string>> {
    const answers = new Map<string, string>();
    for (let times = 0; times < 3; times += 1)
      for (const accept of FORMATS)
        for (const path of [...PATHS, ...more]) {
          const { status, headers, text } = await scene.client.get(path, { accept });
          answers.set(`${accept} ${path}`, `${status} ${headers.get('cimi-unavailable-clouds') ?? ''} ${text}`);
        }
    return answers;
  }

  test('a cloud that lets nobody in any more: in lists and by itself, at once, and its return', async () => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const path = pathOf(scene.client, machine.id);
    const before = await warm([path]);
    expect(before.get(`application/xml ${path}`)).toMatch(/^200 .*<Machine/s);
    const calls: string[] = [];
    door.before = (password) => Promise.resolve(void calls.push(password));
    await warm([path]);
    expect(calls).toEqual([]);
    await reload({ clouds: simWith({ password: 'hush-wrong' }) });
    for (const accept of FORMATS) {
      const list = await scene.client.get('machines', { accept });
      expect([list.status, list.headers.get('cimi-unavailable-clouds'), list.text.includes(path)]).toEqual([200, 'sim', false]);
    }
    await reload({ clouds: simWith({ password: 'hush-first' }) });
    const after = await warm([path]);
    for (const accept of FORMATS) expect(after.get(`${accept} machines`)).toBe(before.get(`${accept} machines`));
  });

  test.each([
    ['a collection', [{ name: 'x', effect: 'deny', collections: ['machines'] }]],
    ['a cloud', [{ name: 'x', effect: 'deny', clouds: ['sim'] }]],
  ])('a right to %s that was taken, at once, and given back', async (what, policies) => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const path = pathOf(scene.client, machine.id);
    const before = await warm([path]);
    await reload({ access: { required: false, policies } });
    expect(said()).toMatchObject({ taken: ['access.policies'] });
    for (const accept of FORMATS) {
      expect((await scene.client.get(path, { accept })).status).toBe(404);
      expect((await scene.client.get('machines', { accept })).status).toBe(404);
      expect((await scene.client.get('cloudEntryPoint', { accept })).text).not.toContain('/machines"');
      expect((await scene.client.get('clouds', { accept })).text.includes('clouds/sim/')).toBe(what === 'a collection');
    }
    await reload({});
    const after = await warm([path]);
    for (const accept of FORMATS) expect(after.get(`${accept} ${path}`)).toBe(before.get(`${accept} ${path}`));
  });

  test('a right to an action that was taken: it is offered no more, and refused', async () => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const path = pathOf(scene.client, machine.id);
    await warm([path]);
    await reload({ access: { required: false, policies: [{ name: 'no-delete', effect: 'deny', actions: ['delete'] }] } });
    for (const accept of FORMATS) expect((await scene.client.get(path, { accept })).text).not.toMatch(/rel="?:?"?delete/);
    expectFault(await scene.client.delete(path), 403, /no-delete/);
  });

  test('a quota that was lowered or lifted, with the next change in either format', async () => {
    const { client } = scene;
    const json = { resourceURI: 'http://schemas.dmtf.org/cimi/1/CredentialCreate', credentialTemplate: { userName: 'u', password: 'p' } };
    const xml =
      '<CredentialCreate xmlns="http://schemas.dmtf.org/cimi/1"><credentialTemplate><userName>u</userName><password>p</password></credentialTemplate></CredentialCreate>';
    await made(client, 'credentials', json);
    const before = await warm(['credentials']);
    await reload({ quotas: { resources: 1 } });
    expectFault(await client.post('credentials', json), 403, /quotas\.resources/);
    const refused = await client.send('POST', 'credentials', { xml, headers: { accept: 'application/xml' } });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('quotas.resources')]);
    expect([...(await warm(['credentials']))]).toEqual([...before]);
    await reload({ quotas: { resources: 3 } });
    expect((await client.post('credentials', json)).status).toBeLessThan(300);
    expect((await client.send('POST', 'credentials', { xml })).status).toBeLessThan(300);
    const seen = await Promise.all(FORMATS.map((accept) => client.get('credentials', { accept })));
    expect(seen.map(({ text }) => new Set(text.match(/credentials\/[a-z0-9]{26}/g)).size)).toEqual([3, 3]);
  });
});
