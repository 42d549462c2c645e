import { driver as module } from '../../drivers/openstack/index';
import { GROUPS, type ListedGroup } from '../../src/clouds/driver';
import type { ErrorKind } from '../../src/clouds/errors';
import { gibToKb, kbToGib, kibToMib, mibToKib } from '../../src/model/units';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import type { OpenstackRule } from '../backends/openstack-proxy';
import { type Counterpart, shapeOf, type Skip } from './counterpart';
import { METERED, monitoringOf } from './openstack-monitoring';
import { STORAGE_AND_NETWORKS } from './openstack-populate';

/** An Ed25519 public key made for these tests; its private half was thrown away. */
const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0nJ3q8mG2bS0Wc3V2o2xqXo5Xw2m8bM9w1u1m3s0xk test@example.org';
const NOTHING = '00000000-0000-4000-8000-000000000000';
const PAGE = 2;
const fault = (name: string, status: number, message: string): OpenstackRule => ({
  fail: { status, body: { [name]: { code: status, message } } },
});
/** Rules that make each kind, on a listing of servers, which cannot prove anything gone. */
const FAILURES: Readonly<Partial<Record<ErrorKind, OpenstackRule>>> = {
  // A refused token is renewed once.
  auth: { ...fault('unauthorized', 401, 'The request you have made requires authentication.'), times: 2 },
  forbidden: fault('forbidden', 403, 'Policy does not allow os_compute_api:servers:detail to be performed.'),
  conflict: fault('conflictingRequest', 409, "Cannot 'pause' instance 1 while it is in vm_state stopped"),
  quota: fault('forbidden', 403, 'Quota exceeded for instances: Requested 1, but already used 10 of 10 instances'),
  throttled: { fail: { status: 429, headers: { 'retry-after': '2' }, body: 'This request was rate-limited.' } },
  invalid: fault('badRequest', 400, 'Invalid input for query parameters limit.'),
  unavailable: { fail: { status: 503, body: '<html><body><h1>503 Service Unavailable</h1>No server is available</body></html>' } },
  timeout: { drop: 'after' },
  unsupported: fault('notImplemented', 501, 'Not implemented'),
};

const LISTING: OpenstackRule = { service: 'compute', path: /\/servers\/detail/, times: 1 };

async function populate(account: OpenstackAccount, group: ListedGroup, count: number): Promise<() => Promise<void>> {
  const { direct, admin } = account;
  const numbers = Array.from({ length: count }, (_, n) => n);
  const other = STORAGE_AND_NETWORKS[group];
  if (other) return other(account, count);
  if (group === 'machines') {
    const ids = await account.launch(count, { networks: 'none' });
    return () => account.terminate(ids);
  }
  if (group === 'machineImages') {
    const made = await Promise.all(
      numbers.map((n) => direct.call<{ id: string }>('POST', 'image', '/v2/images', { name: `registered-${n}` })),
    );
    return async () => {
      for (const { id } of made) await direct.call('DELETE', 'image', `/v2/images/${id}`);
    };
  }
  const flavor = (n: number) => ({ name: `${direct.projectId}-${n}`, ram: 64 + n, vcpus: 1, disk: 1, 'os-flavor-access:is_public': false });
  const made = await Promise.all(
    numbers.map((n) => admin.call<{ flavor: { id: string } }>('POST', 'compute', '/flavors', { flavor: flavor(n) })),
  );
  const ids = made.map((each) => each.flavor.id);
  for (const id of ids) await admin.call('POST', 'compute', `/flavors/${id}/action`, { addTenantAccess: { tenant: direct.projectId } });
  return async () => {
    for (const id of ids) await admin.call('DELETE', 'compute', `/flavors/${id}`);
  };
}

/** The services as the contract suite meets them, in a project of their own. */
export async function startOpenstackCounterpart(): Promise<Counterpart> {
  const account = await startOpenstackAccount();
  const { proxy } = account;
  // The suite looks at machines as fast as they answer; Nova shares two cores with everything else.
  proxy.add({ service: 'compute', method: 'GET', path: /\/servers\/[0-9a-f-]{36}$/, delayMs: 150 });
  const options = { ...account.options, ...METERED, pageSize: PAGE, settleMs: 300 };
  const driver = await module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined });
  return {
    driver,
    module: module as Counterpart['module'],
    options,
    fixtures: {
      config: '1',
      otherConfig: '2',
      image: account.image,
      missing: { machines: NOTHING, machineConfigs: 'no-such-flavor', machineImages: NOTHING },
      publicKey: PUBLIC_KEY,
      readByCopy: { bootFromVolume: true },
    },
    pageSize: Object.fromEntries(Object.keys(GROUPS).map((group) => [group, PAGE])),
    populate: (group, count) => populate(account, group, count),
    calls: () => Promise.resolve(proxy.count()),
    loseAnswer: () => {
      proxy.add({ service: 'compute', method: 'POST', path: /\/servers$/, drop: 'after', times: 1 });
      return Promise.resolve();
    },
    failNextRead: (kind) => {
      proxy.add({ ...LISTING, ...FAILURES[kind] });
      return Promise.resolve();
    },
    provokes: Object.keys(FAILURES) as ErrorKind[],
    strangeState: (machine) => {
      const strange = (body: { servers: { id: string; status: string }[] }) => ({
        ...body,
        servers: body.servers.map((server) => (server.id === machine ? { ...server, status: 'QUARANTINED' } : server)),
      });
      proxy.add({ service: 'compute', path: /\/servers\/detail/, rewrite: strange });
      return Promise.resolve();
    },
    units: [
      { name: 'memory in MiB', request: kibToMib, report: mibToKib, range: { min: 1, max: 32 * 1024 * 1024 } },
      { name: 'disks in GiB', request: kbToGib, report: gibToKb, range: { min: 1, max: 65_536 } },
    ],
    monitoring: monitoringOf(account),
    leftovers: () => account.leftovers(),
    stop: () => account.stop(),
  };
}

/** The driver with nothing behind it. */
export const openstackShape = () =>
  shapeOf(module, { authUrl: 'http://127.0.0.1:9/v3', username: 'ann', password: 'p', projectId: 'p', ...METERED });

export const STORAGE_SKIPS: readonly Skip[] = [
  {
    test: 'a volume image outlives its volume, and volumes begin as it',
    reason: 'Cinder deletes no volume that has snapshots; what holds besides is in openstack-storage.test.ts',
    documented: 'https://docs.openstack.org/api-ref/block-storage/v3/#delete-a-volume',
  },
];
