import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { CONTRACT_VERSION } from '../../src/clouds/driver';
import { loadConfig } from '../../src/config/load';
import { ConfigError, problemText } from '../../src/config/problems';
import { shippedDrivers } from '../../src/gateway';
import { driversOf } from '../../src/plugins/drivers';
import { Client } from '../harness/client';
import { startTestGateway } from '../harness/gateway';
import { copyExample, installGateway } from '../harness/install-gateway';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-drivers-'));
  installGateway(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return `./${name}`;
}

async function resolved(drivers: Readonly<Record<string, string>>) {
  const clouds = Object.fromEntries(Object.entries(drivers).map(([key, driver]) => [key, { driver }]));
  write('gateway.yaml', stringify({ clouds }));
  return driversOf(await loadConfig({ file: 'gateway.yaml', env: {}, cwd: folder }), shippedDrivers());
}

/** A module that is a driver but for what is given. */
function module(more: { version?: string; driver?: string; options?: string; before?: string } = {}): string {
  const { version = `'${CONTRACT_VERSION}'`, options = 'z.strictObject({})', before = '' } = more;
  const { driver = `{ name: 'x', options: ${options}, connect: () => ({}) }` } = more;
  return `${before}import { z } from 'cimi-gateway/driver';\nexport const contractVersion = ${version};\nexport const driver = ${driver};`;
}

test('a driver is a file beside the configuration, a package there, or one of the gateway', async () => {
  const file = write('own.mjs', module());
  write('node_modules/@scope/cimi-driver-x/package.json', JSON.stringify({ name: '@scope/cimi-driver-x', exports: { import: './i.mjs' } }));
  write('node_modules/@scope/cimi-driver-x/i.mjs', module({ driver: "{ name: 'scoped', options: z.strictObject({}), connect() {} }" }));
  write('node_modules/cimi-driver-y/package.json', JSON.stringify({ name: 'cimi-driver-y', main: './i.cjs' }));
  write(
    'node_modules/cimi-driver-y/i.cjs',
    `const { z } = require('zod');
     exports.contractVersion = '${CONTRACT_VERSION}';
     exports.driver = { name: 'common', options: z.strictObject({}), connect() {} };`,
  );
  write('node_modules/zod/package.json', JSON.stringify({ name: 'zod', main: require.resolve('zod') }));
  const absolute = join(folder, 'own.mjs');
  const registry = await resolved({ a: file, b: absolute, c: '@scope/cimi-driver-x', d: 'cimi-driver-y', e: 'simulator' });
  const names = await Promise.all(
    [file, absolute, '@scope/cimi-driver-x', 'cimi-driver-y', 'simulator'].map(async (name) => (await registry.load(name)).name),
  );
  expect(names).toEqual(['x', 'x', 'scoped', 'common', 'simulator']);
});

/** This contract's version in a pattern. */
const HERE = CONTRACT_VERSION.replace('.', '\\.');

const FAULTS: readonly [what: string, text: string, words: RegExp][] = [
  ['syntax', 'export const a = ;', /can't be loaded: Unexpected token ';'$/],
  ['throwing', "throw new Error('no licence')", /can't be loaded: no licence$/],
  ['importing what is not there', "import 'not-there';", /can't be loaded: Cannot find package 'not-there' imported from .*there\.mjs/],
  ['no version', module({ version: 'undefined' }), new RegExp(`must export contractVersion, .* as text such as '${HERE}'$`)],
  [
    'later version',
    module({ version: "'1.99'" }),
    new RegExp(`written for version 1\\.99 of the contract; this gateway has only ${HERE}: it needs a later`),
  ],
  [
    'other version',
    module({ version: "'2.0'" }),
    new RegExp(`written for version 2\\.0 of the contract; this gateway takes 1\\.0 to ${HERE}`),
  ],
  ['no driver', module({ driver: 'undefined' }), /must export driver, an object with name, options and connect/],
  ['no name', module({ driver: '{ options: z.strictObject({}), connect() {} }' }), /must name its driver: driver\.name/],
  ['no connect', module({ driver: "{ name: 'x', options: z.strictObject({}) }" }), /has no function driver\.connect/],
  ['no options', module({ options: 'undefined' }), /must give the schema of its options in driver\.options, of zod 4/],
  ['loose options', module({ options: 'z.object({ region: z.string() })' }), /takes options that it does not know: .*z\.strictObject/],
];

test('what is wrong with a module is told by cloud, with its line, all at once', async () => {
  const files = FAULTS.map(([what, text]) => write(`${what.replaceAll(' ', '-')}.mjs`, text));
  const keys = FAULTS.map((_, index) => `c${index}`);
  const more = { none: './none.mjs', away: '@scope/away', folder: './node_modules', slip: 'simulater' };
  const error: unknown = await resolved({ ...Object.fromEntries(keys.map((key, index) => [key, files[index] ?? ''])), ...more }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  const told = (error as ConfigError).problems.map(problemText);
  const expected = [
    ...FAULTS.map(([, , words]) => words),
    /can't be loaded: there is no file .*none\.mjs$/,
    /"@scope\/away" can't be loaded: no package of this name is installed in .*cimi-drivers-.* or /,
    /"\.\/node_modules" can't be loaded: Directory import/,
    /there is no driver "simulater"; there are ec2, openstack, simulator, vsphere; did you mean simulator\?/,
  ];
  expect(told).toHaveLength(expected.length);
  for (const [index, words] of expected.entries()) expect(told[index]).toMatch(words);
  for (const [index, key] of [...keys, ...Object.keys(more)].entries()) {
    expect(told[index]).toMatch(new RegExp(`^line ${3 + 2 * index}, clouds\\.${key}\\.driver: `));
  }
});

describe('the least driver, from examples', () => {
  it('runs behind the gateway like those that come with it', async () => {
    const driver = copyExample('driver-minimal', folder);
    const gateway = await startTestGateway({
      dataDir: folder,
      config: { clouds: { rack: { driver, options: { rack: 'demo' } } }, jobs: { graceMs: 3000 } },
    });
    try {
      const client = new Client(gateway.base);
      const { json } = await client.get("machines?$filter=state='STOPPED'");
      expect(json).toMatchObject({ count: 2, machines: Array(2).fill({ state: 'STOPPED', memory: 4_194_304, cloud: 'rack' }) as unknown });
      const all = json.machines as unknown as { id: string; operations: { rel: string }[] }[];
      const alpha = all.find(({ id }) => id.endsWith('/rack.alpha'));
      expect(alpha?.operations.map(({ rel }) => rel.split('/').at(-1))).toContain('start');
      expect(await client.ended(await client.act(alpha?.id ?? '', 'start'))).toMatchObject({ state: 'SUCCESS' });
      expect((await client.get(alpha?.id ?? '')).json).toMatchObject({ state: 'STARTED' });
      expect((await client.get('machines/rack.gamma')).status).toBe(404);
    } finally {
      await gateway.stop({ keepData: true });
    }
  });

  it('refuses an option that it does not have, with the place in the file', async () => {
    const driver = copyExample('driver-minimal', folder);
    const starting = startTestGateway({ dataDir: folder, config: { clouds: { rack: { driver, options: { rakc: 'demo' } } } } });
    await expect(starting).rejects.toThrow(/clouds\.rack\.options\.rakc: unknown; did you mean clouds\.rack\.options\.rack\?/);
  });

  it('is told what of the contract it breaks', async () => {
    const driver = write(
      'broken.mjs',
      module({ driver: "{ name: 'broken', options: z.strictObject({}), connect: () => ({ machines: {} }) }" }),
    );
    const starting = startTestGateway({ dataDir: folder, config: { clouds: { b: { driver } } } });
    await expect(starting).rejects.toThrow(
      /Cloud "b": the driver broken breaks the contract: capabilities must .*machines\.list\(\) is missing/,
    );
  });
});
