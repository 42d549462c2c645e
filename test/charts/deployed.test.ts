import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { cloudOptions, loadConfig } from '../../src/config/load';
import { shippedDrivers } from '../../src/gateway';
import { CIMI } from '../../src/model/define';
import { chartsAvailable, installCharts } from '../backends/kubernetes';
import { freePort } from '../backends/moto';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { redisAvailable, startRedis, type RedisServer } from '../backends/redis';
import { basic, Client } from '../harness/client';
import { waitUntil } from '../harness/wait';
import { Folder, KEY, type Program } from '../running/program';
import { Rendered, VALUES, type ContainerSpec } from './rendered';

/** The program takes what the chart gives it: command lines, configuration, environment, files, probes. */

const INSTALL_MS = 600_000;
const servers = [chartsAvailable(), postgresAvailable(), redisAvailable()].find((available) => available !== true) ?? true;
const TOKEN = randomBytes(20).toString('hex');

describeWith('Helm, PostgreSQL and Redis', servers, () => {
  let folder: Folder;
  beforeAll(installCharts, INSTALL_MS);
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  /** Writes a file that a container would find below /run/secrets. */
  const secret = (place: string, content: string): void => {
    const file = join(folder.path, place);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const configurationOf = (rendered: Rendered): string =>
    folder.write('gateway.yaml', rendered.configuration().replaceAll('/run/secrets/', `${folder.path}/`));

  it.each(['example', 'everything'] as const)('the configuration of the values %s has clouds that their drivers take', async (name) => {
    const rendered = await Rendered.of('--values', VALUES[name]);
    const { store, queue } = parse(rendered.configuration()) as Record<'store' | 'queue', { url: { $file: string } }>;
    const contents = { [store.url.$file]: 'postgres://u:p@somewhere/cimi', [queue.url.$file]: 'redis://:p@somewhere/0' };
    for (const [, file = ''] of rendered.configuration().matchAll(/\$file: (\S+)/g))
      secret(file.replace('/run/secrets/', ''), contents[file] ?? KEY);
    const config = await loadConfig({ file: configurationOf(rendered), env: { TOKEN_OF_STACK: 'x' }, cwd: folder.path });
    expect(config).toMatchObject({ store: { kind: 'postgres' }, queue: { kind: 'redis' }, access: { required: true, metricsToken: KEY } });
    const drivers = shippedDrivers();
    for (const { key, driver } of Object.values(config.clouds)) {
      const { options } = await drivers.load(driver);
      expect(cloudOptions(config, key, options)).toBeDefined();
    }
  });

  describe('as it is deployed', () => {
    let postgres: Postgres;
    let redis: RedisServer;
    beforeAll(async () => {
      [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    });
    afterAll(() => Promise.all([postgres.stop(), redis.remove()]));

    it('check, gateway and worker start by their command lines, answer their probes, make a machine, and end', async () => {
      const quick = ['--set', 'config.server.retireMs=0', '--set', 'config.clouds.sim.driver=simulator'];
      const rendered = await Rendered.of('--values', VALUES.least, ...quick);
      const file = configurationOf(rendered);
      secret('cimi/store-url', postgres.url);
      secret('cimi/queue-url', redis.url);
      secret('cimi/cimi-key', KEY);
      secret('cimi/metrics-token', TOKEN);
      mkdirSync(join(folder.path, 'cloud'));

      /** A container's environment on this machine: another folder, its own ports, and loopback for the pod's address. */
      const environment = ({ name, env }: ContainerSpec, port = 0, admin = 0): Record<string, string> => {
        const data = join(folder.path, `data-${name}`);
        mkdirSync(join(data, 'clouds'), { recursive: true });
        symlinkSync(join(folder.path, 'cloud'), join(data, 'clouds', 'sim'));
        const here: Record<string, string> = { CIMI_CONFIG: file, CIMI_DATA: data };
        const own = Object.fromEntries(env.map((one) => [one.name, here[one.name] ?? 'missing']));
        return { ...own, CIMI_HOST: '127.0.0.1', CIMI_ADMIN_HOST: '127.0.0.1', CIMI_PORT: String(port), CIMI_ADMIN_PORT: String(admin) };
      };
      const containers = rendered.pods().flatMap(({ spec }) => spec.containers);
      const container = (name: string): ContainerSpec => {
        const found = containers.find((one) => one.name === name);
        if (!found) throw new Error(`there is no container ${name}`);
        return found;
      };

      const checking = container('check');
      const added = ['user', 'add', 'ann', '--role', 'operator'];
      const env = environment(checking);
      // The first start makes the tables.
      expect(await folder.run(added, { env, input: 'correct horse\n' })).toMatchObject({ code: 0 });
      const checked = await folder.run(checking.args, { env });
      expect([checked.code, checked.stdout]).toEqual([
        0,
        expect.stringMatching(/store: PostgreSQL.*: ok[^]*queue: Redis: ok[^]*cloud sim.*ok/),
      ]);

      const [port, ...admin] = [await freePort(), await freePort(), await freePort()] as const;
      const started: Program[] = [];
      for (const [index, name] of ['gateway', 'worker'].entries()) {
        const { args, startupProbe, livenessProbe, readinessProbe, ...rest } = container(name);
        const at = admin[index] ?? 0;
        started.push(await folder.serve(args, { env: environment({ args, ...rest }, port, at) }));
        expect(rest.ports?.map((each) => each.name)).toContain('admin');
        for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
          expect(probe?.httpGet.port).toBe('admin');
          // A kubelet names the pod by its address.
          const url = `http://127.0.0.1:${at}${probe?.httpGet.path}`;
          await waitUntil(async () => (await fetch(url)).status === 200);
        }
        const metrics = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${at}/metrics`, { headers });
        expect((await metrics({})).status).toBe(401);
        expect((await metrics({ authorization: `Bearer ${TOKEN}` })).status).toBe(200);
      }

      const client = new Client(`http://127.0.0.1:${port}/cimi/`, basic('ann', 'correct horse'));
      const create = {
        resourceURI: `${CIMI}/MachineCreate`,
        name: 'web-1',
        machineTemplate: { machineConfig: { cpu: 1 }, machineImage: { href: 'machineImages/sim.img-debian-12' } },
      };
      const made = await client.post('machines', create, { prefer: 'wait=60' });
      expect([made.status, made.json.id]).toEqual([201, expect.stringMatching(/^http:\/\/cimi\.test\/cimi\/machines\//)]);
      for (const program of started) expect(await program.end()).toMatchObject({ code: 0 });
    });
  });
});
