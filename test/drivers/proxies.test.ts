import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { driver as ec2 } from '../../drivers/ec2/index';
import { driver as openstack } from '../../drivers/openstack/index';
import { driver as vsphere } from '../../drivers/vsphere/index';
import type { Driver, DriverModule } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { startVcsim } from '../backends/vcsim';
import { startProxy, type TestProxy } from '../net/proxy';
import { pagesOf } from './counterpart';

const connect = <O>(module: DriverModule<O>, options: object): Promise<Driver> =>
  Promise.resolve(module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined }));

/** Drivers with the way each is connected, and the words of that refusal. */
const DRIVERS: readonly { name: string; open(url: string, more: object): Promise<Driver> }[] = [
  {
    name: 'ec2',
    open: (endpoint, more) =>
      connect(ec2, { region: 'eu-central-1', endpoint, accessKeyId: 'AKIAXXXXXXXXXXXXXXXX', secretAccessKey: 's', ...more }),
  },
  {
    name: 'openstack',
    open: (url, more) => connect(openstack, { authUrl: `${url}/v3`, username: 'ann', password: 'p', projectId: 'p', ...more }),
  },
  { name: 'vsphere', open: (url, more) => connect(vsphere, { url, username: 'ann', password: 'p', insecure: true, ...more }) },
];

/** Returns the error of a listing, for nothing that is asked here answers as a cloud does. */
async function tried(driver: Driver): Promise<ProviderError> {
  try {
    const pages = await pagesOf(driver, 'machines');
    throw new Error(`it listed ${pages.length} pages`);
  } catch (error) {
    if (error instanceof ProviderError) return error;
    throw error;
  } finally {
    await driver.close();
  }
}

describe.each(DRIVERS)('$name by a proxy', ({ open }) => {
  let cloud: Server;
  let hosts: (string | undefined)[];
  let port: number;
  let proxy: TestProxy;

  beforeEach(async () => {
    hosts = [];
    cloud = createServer((incoming, outgoing) => {
      hosts.push(incoming.headers.host);
      incoming.resume();
      outgoing.writeHead(503, { 'content-type': 'text/plain', 'x-seen': String(incoming.headers['proxy-authorization']) }).end('busy');
    });
    await new Promise<void>((done) => cloud.listen(0, '127.0.0.1', done));
    port = (cloud.address() as AddressInfo).port;
    proxy = await startProxy({ names: { 'cloud.example': '127.0.0.1' } });
  });
  afterEach(async () => {
    delete process.env.HTTP_PROXY;
    delete process.env.NO_PROXY;
    await proxy.close();
    await new Promise<void>((done) => cloud.close(() => done()));
  });

  test('asks it for a cloud of plain http, by a name that the proxy alone knows', async () => {
    const error = await tried(await open(`http://cloud.example:${port}`, { proxy: `http://${proxy.place}` }));
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(error.message).toMatch(/503|busy/);
    expect(hosts).toEqual([`cloud.example:${port}`]);
    expect(proxy.asked).toEqual([expect.stringMatching(new RegExp(`^(POST|GET) http://cloud\\.example:${port}/`))]);
  });

  test('of the environment, but not where NO_PROXY says so, and never with the option none', async () => {
    process.env.HTTP_PROXY = `http://${proxy.place}`;
    await tried(await open(`http://cloud.example:${port}`, {}));
    expect(proxy.asked).toHaveLength(1);
    process.env.NO_PROXY = '.example';
    expect(await tried(await open(`http://cloud.example:${port}`, {}))).toMatchObject({ kind: 'unavailable', maybeDone: false });
    delete process.env.NO_PROXY;
    expect(await tried(await open(`http://cloud.example:${port}`, { proxy: 'none' }))).toMatchObject({ maybeDone: false });
    expect(proxy.asked).toHaveLength(1);
  });

  test.each([['http'], ['https']])(
    'logs in to it; its refusal is unavailable, of the proxy, and without the password: %s',
    async (scheme) => {
      proxy.manners = { ...proxy.manners, login: 'ann:hunter2' };
      const wrong = await tried(await open(`${scheme}://cloud.example:${port}`, { proxy: `http://ann:hunter3@${proxy.place}` }));
      expect(wrong).toMatchObject({ kind: 'unavailable', code: 'PROXY_AUTH', maybeDone: false });
      expect(wrong.message).toContain(`http://${proxy.place}`);
      expect(wrong.message).toMatch(/proxy.* user and password/);
      expect(JSON.stringify([wrong.message, String(wrong.cause), wrong.stack])).not.toContain('hunter');
      await tried(await open(`http://cloud.example:${port}`, { proxy: `http://ann:hunter2@${proxy.place}` }));
      expect(hosts).toHaveLength(1);
    },
  );

  test.each([['http'], ['https']])('that is down is named: %s', async (scheme) => {
    const { place } = proxy;
    await proxy.close();
    const error = await tried(await open(`${scheme}://cloud.example:${port}`, { proxy: `http://ann:hunter2@${place}` }));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'PROXY_UNREACHED', maybeDone: false });
    expect(error.message).toContain(`the proxy http://${place} cannot be reached`);
    expect(error.message).not.toContain('hunter2');
    proxy = await startProxy();
  });

  test('that gives no way to a cloud of https is named, with its status', async () => {
    proxy.manners = { refuses: 403 };
    const error = await tried(await open(`https://cloud.example:${port}`, { proxy: `http://${proxy.place}` }));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'PROXY_REFUSED', maybeDone: false });
    expect(error.message).toContain(`refuses to connect to cloud.example:${port} (HTTP 403)`);
    expect(proxy.asked).toEqual([`CONNECT cloud.example:${port}`]);
  });
});

test('vsphere: TLS goes through the tunnel, and the thumbprint is looked at behind it', async () => {
  const sim = await startVcsim({ machines: 1, templates: 0, tls: true });
  const proxy = await startProxy();
  const base = { url: sim.url, username: sim.username, password: sim.password, proxy: `http://${proxy.place}` };
  const driver = await connect(vsphere, { ...base, insecure: true });
  expect((await pagesOf(driver, 'machines')).flat()).toHaveLength(1);
  await driver.close();
  expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${new URL(sim.url).host}`]));
  const other = createHash('sha256')
    .update('another')
    .digest('hex')
    .toUpperCase()
    .replace(/..(?!$)/g, '$&:');
  expect(await tried(await connect(vsphere, { ...base, thumbprint: other }))).toMatchObject({
    kind: 'unavailable',
    code: 'THUMBPRINT_MISMATCH',
    maybeDone: false,
  });
  await proxy.close();
  await sim.stop();
});
