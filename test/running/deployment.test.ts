import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { cloudOptions, ENVIRONMENT, loadConfig } from '../../src/config/load';
import { shippedDrivers } from '../../src/gateway';
import { Folder } from './program';

const root = resolve(__dirname, '../..');
let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

test('config/production.yaml is well once its secrets are there, and is for several processes', async () => {
  const text = readFileSync(join(root, 'config/production.yaml'), 'utf8');
  folder.write('store-url', 'postgres://cimi:cimi@postgres:5432/cimi');
  folder.write('queue-url', 'redis://:secret@redis:6379/0');
  folder.write('cimi-key', Buffer.alloc(32, 7).toString('base64'));
  const file = folder.write('production.yaml', text.replaceAll('/run/secrets/', `${folder.path}/`));
  const config = await loadConfig({ file, env: { CIMI_HOST: '0.0.0.0' }, cwd: folder.path });
  expect(config.store).toMatchObject({ kind: 'postgres', url: 'postgres://cimi:cimi@postgres:5432/cimi' });
  expect(config).toMatchObject({
    queue: { kind: 'redis', url: 'redis://:secret@redis:6379/0' },
    server: { trustProxy: ['loopback', 'uniquelocal'] },
    worker: { inProcess: false },
    access: { required: true },
  });
  await expect(loadConfig({ file: join(root, 'config/production.yaml'), env: {}, cwd: folder.path })).rejects.toThrow(
    /store\.url: the file \/run\/secrets\/store-url can't be read/,
  );
});

test.each(readdirSync(join(root, 'config')).filter((name) => name.endsWith('.yaml') && name !== 'production.yaml'))(
  'config/%s loads as it stands, and each cloud in it has options that its driver takes',
  async (name) => {
    const config = await loadConfig({ file: join(root, 'config', name), env: {}, cwd: folder.path });
    const drivers = shippedDrivers();
    expect(Object.keys(config.clouds).length).toBeGreaterThan(0);
    for (const { key, driver } of Object.values(config.clouds)) {
      const { options } = await drivers.load(driver);
      expect(cloudOptions(config, key, options)).toBeDefined();
    }
  },
);

test('compose.yaml sets no variable that the program does not know, and gives more time to stop than it takes', () => {
  const compose = parse(readFileSync(join(root, 'compose.yaml'), 'utf8')) as {
    'x-program': { environment: object; stop_grace_period: string };
  };
  const { environment, stop_grace_period: grace } = compose['x-program'];
  expect(['CIMI_CONFIG', ...Object.keys(ENVIRONMENT)]).toEqual(expect.arrayContaining(Object.keys(environment)));
  const production = parse(readFileSync(join(root, 'config/production.yaml'), 'utf8')) as { server: { retireMs: number } };
  expect(Number.parseInt(grace, 10) * 1000).toBeGreaterThan(production.server.retireMs + 10_000 + 5_000);
});
