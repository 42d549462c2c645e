import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeWith } from '../backends/need';
import { installNodes, NODES, nodesAvailable } from '../backends/node-versions';
import { bytesBelow, filesBelow, installPackage, removeInstalled } from './installed';
import { DEMO_MACHINE, Folder, type Program } from './program';

/** The programs as they are shipped, bundled, with the packages alone that come with them. */
const ROOT = resolve(__dirname, '../..');
const BUILD_MS = 300_000;
const MB = 1_000_000;

let installed: ReturnType<typeof installPackage>;
let main: string;
let cache: string;
let folder: Folder;
beforeAll(() => {
  installed = installPackage();
  main = join(installed.at, 'dist/src/main.js');
  cache = join(installed.at, 'dist/chunks/cache');
}, BUILD_MS);
afterAll(() => removeInstalled(installed));
beforeEach(() => {
  folder = new Folder([main]);
});
afterEach(() => folder.remove());

const serve = (where = folder): Promise<Program> => where.serve(['serve', '--make-key', '--port', '0'], { env: { CIMI_DATA: where.data } });

/** Pieces of compiled code that are kept. */
const compiled = (): string[] => (existsSync(cache) ? filesBelow(cache).sort() : []);

/** Makes a machine, looks at console and documentation, lists by the command line, and ends. @param node program of Node */
async function expectToServe(where: Folder, node = process.execPath): Promise<void> {
  const gateway = await serve(where);
  const { base, client } = gateway;
  const made = await client.post('machines', DEMO_MACHINE, { prefer: 'wait=60' });
  expect([made.status, made.json.state]).toEqual([201, 'STARTED']);
  expect((await client.get('/docs/')).text).toContain('<title>Documentation');
  const page = await client.get('/console/');
  expect(page.status).toBe(200);
  const [, script = ''] = /src="([^"]+\.js)"/.exec(page.text) ?? [];
  expect((await client.get(String(new URL(script, new URL('/console/', base))))).status).toBe(200);

  const { status, stdout, stderr } = spawnSync(node, [join(installed.at, 'dist/cli/main.js'), 'machines', 'list', '-o', 'name'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: where.path, CIMI_URL: base },
  });
  expect([status, stdout.trim(), stderr]).toEqual([0, made.json.id, '']);
  expect(await gateway.end()).toMatchObject({ code: 0, stderr: expect.stringContaining('cimi-gateway: http') as string });
}

test('it makes a machine on the simulated cloud, serves console and documentation, and ends in its own time', () => expectToServe(folder));

describeWith('later versions of Node', nodesAvailable(), () => {
  beforeAll(installNodes, BUILD_MS);

  // In turn, and back: what one version compiled is nothing to another.
  test.each([...NODES, { version: process.versions.node, program: process.execPath }])('Node $version', async ({ version, program }) => {
    const here = new Folder([main], program);
    try {
      expect((await here.run(['--version'])).stdout).toContain(`Node v${version}`);
      await expectToServe(here, program);
      const env = { CIMI_DATA: here.data };
      // The password's hash and the database are programs of the machine's own.
      expect(await here.run(['user', 'add', 'ann', '--role', 'admin'], { env, input: 'correct horse\n' })).toMatchObject({ code: 0 });
      expect(await here.run(['doctor'], { env })).toMatchObject({ code: 0, stdout: 'store and clouds agree\n' });
      expect(await here.run(['backup', 'kept'], { env })).toMatchObject({ code: 0 });
      expect(await here.run(['restore', '--replace', 'kept'], { env })).toMatchObject({ code: 0 });
      expect(await here.run(['user', 'list'], { env })).toMatchObject({ code: 0, stdout: expect.stringContaining('"ann"') as string });
    } finally {
      await here.remove();
    }
  });
});

describe('compiled code', () => {
  const started = async (): Promise<void> => {
    const gateway = await serve();
    expect(await gateway.end()).toMatchObject({ code: 0 });
  };

  test('is kept by a start and taken by the next', async () => {
    rmSync(cache, { recursive: true, force: true });
    await started();
    const kept = compiled();
    expect(kept.length).toBeGreaterThan(0);
    const written = kept.map((name) => readFileSync(join(cache, name)));
    await started();
    // Refused code would have been written anew, and after another run it is not the same.
    expect(compiled().map((name) => readFileSync(join(cache, name)))).toEqual(written);
  });

  test('is not kept by a run that starts nothing', () => {
    rmSync(cache, { recursive: true, force: true });
    expect(execFileSync(process.execPath, [main, '--version'], { encoding: 'utf8' })).toMatch(/^cimi-gateway \d/);
    expect(compiled()).toEqual([]);
  });

  test('that is broken is made anew', async () => {
    await started();
    const [first = ''] = compiled();
    for (const name of compiled()) writeFileSync(join(cache, name), 'nothing of the kind');
    await started();
    expect(readFileSync(join(cache, first)).length).toBeGreaterThan(100);
  });

  // V8 looks at the head alone.
  test('that was damaged in its midst is not run, and made anew', async () => {
    await started();
    const damaged = compiled().map((name) => {
      const bytes = readFileSync(join(cache, name));
      bytes.fill(0, Math.floor(bytes.length / 3), Math.floor((2 * bytes.length) / 3));
      writeFileSync(join(cache, name), bytes);
      return bytes;
    });
    expect(damaged.length).toBeGreaterThan(0);
    await started();
    const kept = compiled().map((name) => readFileSync(join(cache, name)));
    expect(kept.filter((bytes, index) => damaged[index]?.equals(bytes))).toEqual([]);
  });
});

test('a stack trace names sources', () => {
  folder.write('tracing.mjs', 'console.error(new TypeError("where?").stack); export default {};');
  const file = folder.write('gateway.yaml', { data: { dir: 'data' }, clouds: { a: { driver: './tracing.mjs' } } });
  const { stderr } = spawnSync(process.execPath, [main, 'check', '--config', file], { encoding: 'utf8', cwd: folder.path });
  expect(stderr).toMatch(/^TypeError: where\?$/m);
  const [, line = ''] = /at async importModule \(src\/plugins\/import-module\.ts:(\d+):\d+\)/.exec(stderr) ?? [];
  const source = readFileSync(join(ROOT, 'src/plugins/import-module.ts'), 'utf8').split('\n');
  expect(source[Number(line) - 1]).toContain('await importFrom(');
});

test('drivers, database and queue are there when a configuration names them', () => {
  // Nobody listens there: each says so by its own client, which is only said once that is loaded.
  const closed = 'https://127.0.0.1:1';
  const file = folder.write('gateway.yaml', {
    data: { dir: 'data' },
    secrets: { key: '00'.repeat(32) },
    store: { kind: 'postgres', url: 'postgres://somebody:secret@127.0.0.1:1/database' },
    queue: { kind: 'redis', url: 'redis://127.0.0.1:1/0' },
    clouds: {
      aws: { driver: 'ec2', options: { region: 'eu-central-1', endpoint: closed, accessKeyId: 'first', secretAccessKey: 'second' } },
      stack: { driver: 'openstack', options: { authUrl: `${closed}/v3`, token: 'third', projectName: 'demo' } },
      center: { driver: 'vsphere', options: { url: closed, username: 'somebody', password: 'fourth' } },
    },
  });
  const { stdout } = spawnSync(process.execPath, [main, 'check', '--config', file], { encoding: 'utf8', cwd: folder.path });
  for (const what of ['store: PostgreSQL', 'queue: Redis', 'cloud aws', 'cloud stack', 'cloud center'])
    expect(stdout).toMatch(new RegExp(`^${what}: .*WRONG .*ECONNREFUSED`, 'm'));
});

describe('what is shipped', () => {
  interface Described {
    dependencies: Record<string, string>;
  }
  const read = <T>(name: string): T => JSON.parse(readFileSync(join(installed.at, name), 'utf8')) as T;

  test('installed it has less than 25 MB, of which the programs are 9, and the documentation 3', () => {
    const programs = ['dist/src', 'dist/cli', 'dist/chunks'].flatMap((part) =>
      filesBelow(join(installed.at, part))
        .filter((name) => name.endsWith('.js') && !name.startsWith('cache'))
        .map((name) => readFileSync(join(installed.at, part, name)).length),
    );
    expect(programs.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(9 * MB);
    expect(bytesBelow(installed.at) - (existsSync(cache) ? bytesBelow(cache) : 0)).toBeLessThan(25 * MB);
    expect(bytesBelow(join(installed.at, 'dist/docs'))).toBeLessThan(3 * MB);
  });

  test('each driver is a chunk of its own', () => {
    const drivers = readdirSync(join(ROOT, 'drivers'));
    const chunks = readdirSync(join(installed.at, 'dist/chunks')).filter((name) => name.endsWith('.js'));
    for (const driver of drivers) expect(chunks.filter((name) => name.startsWith(`${driver}-`))).toHaveLength(1);
  });

  test('it depends on packages with binaries alone, and names what is bundled with its version and terms', () => {
    const { dependencies } = read<Described>('package.json');
    expect(Object.keys(dependencies).sort()).toEqual(['@node-rs/argon2', 'libsql']);
    const { components } = read<{ components: { name: string; version: string }[] }>('dist/sbom.cdx.json');
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>;
    };
    const locked = new Set(Object.entries(packages).map(([path, { version }]) => `${path.split('node_modules/').at(-1)} ${version}`));
    expect(components.filter(({ name, version }) => !locked.has(`${name} ${version}`))).toEqual([]);
    const names = components.map(({ name }) => name);
    const direct = Object.keys((JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Described).dependencies);
    const builders = ['esbuild', '@jridgewell/sourcemap-codec', 'markdown-it'];
    expect(direct.filter((name) => ![...names, ...Object.keys(dependencies), ...builders].includes(name))).toEqual([]);
    const terms = readFileSync(join(installed.at, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const { name, version } of components)
      expect(terms).toMatch(new RegExp(`^${name.replace('/', '\\/')} ${version.replaceAll('.', '\\.')}, \\S`, 'm'));
    expect(terms).not.toContain('undefined');
  });
});
