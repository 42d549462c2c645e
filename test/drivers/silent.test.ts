import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { driver as ec2 } from '../../drivers/ec2/index';
import { driver as openstack } from '../../drivers/openstack/index';
import { driver as vsphere } from '../../drivers/vsphere/index';
import { guardCloud } from '../../src/clouds/guard';
import type { DriverModule } from '../../src/clouds/driver';

/** Each driver's calls to a cloud that is gone end as what the guard takes for silence, and are then sent no more. */

const connect = <O>(module: DriverModule<O>, options: object) =>
  Promise.resolve(module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined }));

const DRIVERS = [
  {
    name: 'ec2',
    open: (endpoint: string) =>
      connect(ec2, { region: 'eu-central-1', endpoint, accessKeyId: 'AKIAXXXXXXXXXXXXXXXX', secretAccessKey: 's' }),
  },
  {
    name: 'openstack',
    open: (url: string) => connect(openstack, { authUrl: `${url}/v3`, username: 'ann', password: 'p', projectId: 'p' }),
  },
  { name: 'vsphere', open: (url: string) => connect(vsphere, { url, username: 'ann', password: 'p', insecure: true }) },
];

let server: Server;
let connections: number;
beforeEach(async () => {
  connections = 0;
  server = createServer((socket) => {
    connections += 1;
    // It takes what comes, says nothing, and bears that the other side hangs up.
    socket.on('error', () => undefined).resume();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

describe.each(DRIVERS)('$name', ({ name, open }) => {
  const settings = { key: 'lab', name, driver: name, tenants: ['a'], discoveredTenant: 'a', mode: 'manage' as const };

  test.each(['that takes calls and never answers', 'that nobody listens for'])(
    'a cloud %s is asked three times, then refused at once',
    async (kind) => {
      const { port } = server.address() as AddressInfo;
      const hangs = kind.includes('never');
      if (!hangs) await new Promise((resolve) => server.close(resolve));
      const options = { deadlineMs: hangs ? 300 : 60_000, retries: 0, shutAfterMs: 1, cacheMs: 0 };
      const cloud = guardCloud(settings, await open(`http://127.0.0.1:${port}`), options, {
        log: { warn: () => undefined, error: () => undefined },
      });
      try {
        const errors: (Error & { kind?: string; maybeDone?: boolean })[] = [];
        for (let call = 0; call < 4; call += 1) await cloud.list('machines').catch((error: Error) => errors.push(error));
        expect(errors.map((error) => error.kind)).toEqual([...Array(3).fill(hangs ? 'timeout' : 'unavailable'), 'unavailable'] as string[]);
        expect(errors[3]).toMatchObject({ name: 'SilentCloud', maybeDone: false });
        const before = connections;
        await expect(cloud.write('machines', 'start', 'x')).rejects.toMatchObject({ name: 'SilentCloud' });
        expect(connections).toBe(before);
        expect(cloud.health().state).toBe('DOWN');
      } finally {
        await cloud.close();
      }
    },
  );
});
