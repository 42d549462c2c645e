import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../backends/moto';
import { describeWith } from '../backends/need';
import { installNodes, NODES } from '../backends/node-versions';
import { basic, Client } from '../harness/client';
import { eventually } from '../harness/wait';
import { listOf } from '../protocol/scene';
import { Container, Image, imagesAvailable, type ContainerOptions } from './container';
import { DEMO_MACHINE } from './program';

const BUILD_MS = 600_000;
const MB = 1_000_000;

/** The image as it is built and run, on bases of this Debian's packages: no registry of images is asked. */
describeWith('buildah', imagesAvailable(), () => {
  let image: Image;
  let folder: string;
  const running: Container[] = [];
  const run = (options: ContainerOptions): Container => {
    const container = new Container(image, options);
    running.push(container);
    return container;
  };

  beforeAll(async () => {
    await installNodes();
    image = Image.build(NODES[0]?.program ?? process.execPath);
    folder = mkdtempSync(join(tmpdir(), 'cimi-image-data-'));
  }, BUILD_MS);
  afterAll(async () => {
    await Promise.all(running.map((container) => container.end('SIGKILL')));
    image.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has less than 250 MB, no package manager of Node, and nothing that was only needed to build it', () => {
    expect(image.bytes).toBeLessThan(250 * MB);
    expect(readdirSync(join(image.root, 'usr/local/bin'))).toEqual(['node']);
    expect(readdirSync(join(image.root, 'app')).sort()).toEqual(['LICENSE', 'README.md', 'config', 'dist', 'node_modules', 'package.json']);
  });

  it('says that it runs as a user that is not root, keeps its state in /data, and ends on SIGTERM', () => {
    expect(image.config).toMatchObject({ User: '1000:1000', Volumes: { '/data': {} }, StopSignal: 'SIGTERM', Cmd: ['serve'] });
  });

  it('tells its version and the commit of its build', async () => {
    const told = run({ args: ['--version'], data: join(folder, 'none') });
    expect(await told.ended).toBe(0);
    expect(told.stdout).toMatch(new RegExp(`^cimi-gateway \\S+ \\([0-9a-f]{12}\\), Node v${NODES[0]?.version}$`, 'm'));
  });

  it('serves the simulated cloud from a read-only file system to who logs in, and ends in its own time', async () => {
    const data = join(folder, 'data');
    const port = await freePort();
    const configuration = join(folder, 'gateway.yaml');
    const lines = ['admin: { port: 0 }', 'access: { required: true }', 'clouds: { demo: { driver: simulator } }'];
    writeFileSync(configuration, lines.join('\n'), { mode: 0o444 });
    const where = {
      data,
      env: { CIMI_CONFIG: '/etc/gateway.yaml', CIMI_PORT: String(port) },
      files: { '/etc/gateway.yaml': configuration },
    };
    const added = run({ ...where, args: ['user', 'add', 'ann', '--role', 'operator'], input: 'correct horse\n' });
    expect(await added.ended).toBe(0);

    const gateway = run({ ...where, args: ['serve', '--make-key'] });
    const base = await gateway.ready();
    expect(gateway.exec(['sh', '-c', 'id -u; touch /app/x /etc/x /usr/x']).stdout).toBe('1000\n');
    expect(gateway.exec(['touch', '/app/x']).stderr).toContain('Read-only file system');
    const probes = await Promise.all(['healthz', 'readyz'].map((path) => fetch(`http://127.0.0.1:${port}/${path}`)));
    expect(probes.map(({ status }) => status)).toEqual([200, 200]);
    expect((await new Client(base).get('machines')).status).toBe(401);

    const client = new Client(base, basic('ann', 'correct horse'));
    const made = await client.post('machines', DEMO_MACHINE, { prefer: 'wait=60' });
    expect([made.status, made.json.state]).toEqual([201, 'STARTED']);

    const [kind, ...health] = image.config.Healthcheck.Test;
    expect(kind).toBe('CMD');
    expect(gateway.exec(health)).toMatchObject({ status: 0 });
    expect(gateway.exec(['env', 'CIMI_PORT=1', ...health])).toMatchObject({ status: 1 });
    expect(await gateway.end()).toBe(0);
    expect(gateway.stdout).toContain('"msg":"stopped"');

    const again = run({ ...where, args: ['serve', '--make-key'] });
    const list = await eventually(async () => new Client(await again.ready(), basic('ann', 'correct horse')).get('machines'));
    expect(listOf(list.json, 'machines').map(({ name }) => name)).toEqual(['web-1']);
    expect(await again.end()).toBe(0);
  });

  it('takes what it compiled when it was built, and keeps nothing beside the program where it runs', () => {
    const cache = join(image.root, 'app/dist/chunks/cache');
    expect(readdirSync(cache, { recursive: true }).length).toBeGreaterThan(1);
  });
});
