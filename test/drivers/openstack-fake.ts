import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { driver as module } from '../../drivers/openstack/index';
import type { Driver } from '../../src/clouds/driver';

/** A small OpenStack that answers with documents as the services of release Zed were seen to, and misbehaves on demand. */

export type FakeService = 'identity' | 'compute' | 'image' | 'network' | 'volume' | 'metric';
export interface FakeCall {
  service: FakeService;
  method: string;
  /** Below the version (and, for volumes, the project). */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
}
export interface FakeAnswer {
  status: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Sent as it is, in place of `body`. */
  raw?: string | Buffer;
  /** Cuts the connection in place of an answer. */
  cut?: true;
}
type Doc = Record<string, unknown>;

export const ID = (n: number): string => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;
export const PROJECT = 'b'.repeat(32);

/** State that the fake keeps, by the member of its listing; changed by tests as they like. */
export interface FakeState {
  [many: string]: Doc[];
}

const server = (id: string, more: Doc = {}): Doc => ({
  id,
  name: 'one',
  status: 'ACTIVE',
  tenant_id: PROJECT,
  user_id: 'u',
  metadata: { 'cimi:id': 'tag-1', 'cimi:token': 'token-1', team: 'blue' },
  image: { id: ID(30) },
  flavor: { vcpus: 1, ram: 512, disk: 1, ephemeral: 1, swap: 64, original_name: 'm1.tiny', extra_specs: {} },
  created: '2026-11-29T10:00:00Z',
  updated: '2026-11-29T10:00:10Z',
  description: 'words',
  locked: false,
  locked_reason: null,
  security_groups: [{ name: 'default' }],
  tags: [],
  'OS-EXT-AZ:availability_zone': 'nova',
  'OS-EXT-STS:task_state': null,
  'OS-EXT-STS:vm_state': 'active',
  'OS-EXT-STS:power_state': 1,
  'os-extended-volumes:volumes_attached': [{ id: ID(40), delete_on_termination: false }],
  ...more,
});

/** Builds two of everything, so that what is wrong with the first shows what becomes of the second. */
export function fakeState(): FakeState {
  const net = (id: string, more: Doc): Doc => ({
    id,
    name: 'n',
    description: '',
    tags: [],
    project_id: PROJECT,
    created_at: '2026-11-29T10:00:00Z',
    ...more,
  });
  const port = (id: string, more: Doc = {}): Doc =>
    net(id, {
      network_id: ID(60),
      status: 'ACTIVE',
      admin_state_up: true,
      mac_address: 'fa:16:3e:00:00:01',
      device_id: ID(1),
      device_owner: 'compute:nova',
      fixed_ips: [{ subnet_id: ID(65), ip_address: '10.0.0.5' }],
      allowed_address_pairs: [],
      ...more,
    });
  const volume = (id: string, more: Doc = {}): Doc => ({
    id,
    name: 'v',
    description: null,
    status: 'in-use',
    size: 3,
    bootable: 'false',
    volume_type: 'fake',
    availability_zone: 'nova',
    created_at: '2026-11-29T10:00:00.000000',
    metadata: {},
    attachments: [{ server_id: ID(1), device: '/dev/vdb', attached_at: '2026-11-29T10:00:00.000000', volume_id: id }],
    ...more,
  });
  const snapshot = (id: string): Doc => ({
    id,
    name: 's',
    description: null,
    status: 'available',
    size: 3,
    volume_id: ID(40),
    created_at: '2026-11-29T10:00:00.000000',
    metadata: { 'cimi:bootable': 'false' },
  });
  const image = (id: string): Doc => ({
    id,
    name: 'i',
    status: 'active',
    visibility: 'public',
    owner: PROJECT,
    protected: false,
    created_at: '2026-11-29T10:00:00Z',
    min_disk: 1,
    size: 10,
    virtual_size: null,
    disk_format: 'raw',
  });
  const flavor = (id: string, disk: number): Doc => ({
    id,
    name: `f${id}`,
    vcpus: 1,
    ram: 512,
    disk,
    swap: 0,
    'OS-FLV-EXT-DATA:ephemeral': 0,
    description: null,
  });
  return {
    servers: [
      server(ID(1)),
      server(ID(2), { name: 'two', 'os-extended-volumes:volumes_attached': [{ id: ID(41), delete_on_termination: true }] }),
    ],
    flavors: [flavor('1', 1), flavor('2', 20), flavor('0', 0)],
    images: [image(ID(30)), image(ID(31))],
    volumes: [
      volume(ID(40)),
      volume(ID(41), { attachments: [{ server_id: ID(2), device: '/dev/vda' }] }),
      volume(ID(42), { status: 'available', attachments: [] }),
    ],
    snapshots: [snapshot(ID(50)), snapshot(ID(51))],
    networks: [60, 61].map((n) =>
      net(ID(n), { status: 'ACTIVE', admin_state_up: true, mtu: 1500, shared: false, 'router:external': false }),
    ),
    subnets: [net(ID(65), { network_id: ID(60), cidr: '10.0.0.0/24', ip_version: 4, gateway_ip: '10.0.0.1', dns_nameservers: [] })],
    ports: [port(ID(70)), port(ID(71), { device_id: ID(2), fixed_ips: [{ subnet_id: ID(65), ip_address: '10.0.0.6' }] })],
    routers: [80, 81].map((n) => net(ID(n), { status: 'ACTIVE', external_gateway_info: null })),
    floatingips: [90, 91].map((n) =>
      net(ID(n), { name: undefined, floating_ip_address: `203.0.113.${n}`, floating_network_id: ID(61), port_id: null }),
    ),
    extensions: ['router', 'standard-attr-tag', 'security-group'].map((alias) => ({ alias })),
  };
}

/** Words for what is not there, by the service and the listing. */
const MISSING: Readonly<Record<string, (id: string) => unknown>> = {
  compute: (id) => ({ itemNotFound: { code: 404, message: `Instance ${id} could not be found.` } }),
  flavors: (id) => ({ itemNotFound: { code: 404, message: `Flavor ${id} could not be found.` } }),
  volumes: (id) => ({ itemNotFound: { code: 404, message: `Volume ${id} could not be found.` } }),
  snapshots: (id) => ({ itemNotFound: { code: 404, message: `Snapshot ${id} could not be found.` } }),
  images: (id) => ({ message: `No image found with ID ${id}<br /><br />\n\n\n`, code: '404 Not Found', title: 'Not Found' }),
  networks: (id) => ({ NeutronError: { type: 'NetworkNotFound', message: `Network ${id} could not be found.`, detail: '' } }),
  ports: (id) => ({ NeutronError: { type: 'PortNotFound', message: `Port ${id} could not be found.`, detail: '' } }),
  routers: (id) => ({ NeutronError: { type: 'RouterNotFound', message: `Router ${id} could not be found`, detail: '' } }),
  floatingips: (id) => ({ NeutronError: { type: 'FloatingIPNotFound', message: `Floating IP ${id} could not be found`, detail: '' } }),
};

export interface FakeCloud {
  state: FakeState;
  calls: FakeCall[];
  /** Answers in place of the fake, which does nothing then unless its answer is asked for; undefined leaves the call to it. */
  meddle: (call: FakeCall, honest: () => FakeAnswer) => FakeAnswer | undefined;
  /** Answers for what the fake does not do by itself (writes), by `METHOD path`. */
  writes: Map<string, (call: FakeCall) => FakeAnswer>;
  /** Gnocchi; where there is none, the catalogue does not name it. */
  gnocchi?: (call: FakeCall) => FakeAnswer;
  warnings: string[];
  options: { [option: string]: unknown };
  connect(more?: object): Promise<Driver>;
  stop(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startFakeCloud(): Promise<FakeCloud> {
  const drivers: Driver[] = [];
  const server = createServer((incoming, outgoing) => void serve(cloud, own(), incoming, outgoing));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const own = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cloud: FakeCloud = {
    state: fakeState(),
    calls: [],
    meddle: () => undefined,
    writes: new Map(),
    warnings: [],
    options: { authUrl: `${own()}/identity/v3`, username: 'u', password: 'geheim-geheim', projectId: PROJECT, settleMs: 0 },
    connect: async (more = {}) => {
      const environment = { dataDir: '', warn: (message: string) => void cloud.warnings.push(message) };
      const driver = await module.connect(module.options.parse({ ...cloud.options, ...more }), environment);
      drivers.push(driver);
      return driver;
    },
    stop: async () => {
      for (const driver of drivers) await driver.close();
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
  return cloud;
}

async function serve(cloud: FakeCloud, own: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  const text = Buffer.concat(parts).toString();
  const url = new URL(incoming.url ?? '/', own);
  const [, service = '', version = ''] = /^\/([a-z]+)(\/v[\d.]+)?/.exec(url.pathname) ?? [];
  const path = url.pathname.slice(`/${service}${version}`.length).replace(`/${PROJECT}`, '');
  const call: FakeCall = {
    service: service as FakeService,
    method: incoming.method ?? 'GET',
    path,
    query: url.searchParams,
    headers: incoming.headers,
    body: /^[{[]/.test(text) ? (JSON.parse(text) as unknown) : undefined,
  };
  cloud.calls.push(call);
  const honest = () => honestly(cloud, own, call);
  const answer = cloud.meddle(call, honest) ?? honest();
  if (answer.cut) return void incoming.socket.destroy();
  const body = answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
  const type: Record<string, string> = body === '' ? {} : { 'content-type': 'application/json' };
  outgoing.writeHead(answer.status, { 'x-openstack-request-id': 'req-fake', ...type, ...answer.headers });
  const breaks = Number(answer.headers?.['content-length'] ?? 0) > Buffer.byteLength(body);
  if (breaks) outgoing.write(body, () => incoming.socket.end());
  else outgoing.end(body);
}

function honestly({ state, writes, gnocchi }: FakeCloud, own: string, call: FakeCall): FakeAnswer {
  const { service, method, path } = call;
  const write = writes.get(`${method} ${path}`);
  if (write) return write(call);
  if (service === 'identity')
    return { status: 201, headers: { 'x-subject-token': 'the-token-of-u' }, body: loginOf(own, gnocchi !== undefined) };
  if (service === 'metric' && gnocchi) return gnocchi(call);
  if (path === '/' || path === '') return { status: 200, body: versionOf(service) };
  const [, first = '', second] = path.split('/').map(decodeURIComponent);
  const things = state[first];
  if (method === 'GET' && first === 'os-keypairs') return { status: 200, body: { keypairs: [] } };
  if (method === 'GET' && path.endsWith('/os-instance-actions')) return { status: 200, body: { instanceActions: [] } };
  if (!things || !['GET', 'DELETE'].includes(method))
    return { status: 501, body: { notImplemented: { code: 501, message: 'the fake does not do this' } } };
  if (second === undefined || second === 'detail')
    return { status: 200, body: { [first]: things.filter((thing) => fits(thing, call.query)) } };
  const thing = things.find(({ id }) => id === second);
  if (!thing) return { status: 404, body: (MISSING[first] ?? MISSING[service])?.(second) };
  if (method === 'DELETE') {
    state[first] = things.filter((each) => each !== thing);
    return { status: service === 'volume' ? 202 : 204 };
  }
  return { status: 200, body: service === 'image' ? thing : { [first.slice(0, -1)]: thing } };
}

/** Filters that the fake knows; the others are left out without a word, as Nova does. */
function fits(thing: Doc, query: URLSearchParams): boolean {
  const of = (name: string) => query.getAll(name);
  return (
    (of('id').length === 0 || of('id').some((id) => id === thing.id || id.slice(3).split(',').includes(String(thing.id)))) &&
    (of('network_id').length === 0 || of('network_id').includes(String(thing.network_id))) &&
    (of('device_owner').length === 0 || of('device_owner').includes(String(thing.device_owner))) &&
    (of('tags').length === 0 || (thing.tags as unknown[] | undefined)?.includes(of('tags')[0]) === true) &&
    (of('description').length === 0 || of('description').includes(String(thing.description)))
  );
}

const versionOf = (service: string): unknown =>
  service === 'volume'
    ? { versions: [{ id: 'v3.0', status: 'CURRENT', version: '3.70', min_version: '3.0' }] }
    : { version: { id: 'v2.1', status: 'CURRENT', version: '2.93', min_version: '2.1' } };

function loginOf(own: string, metered: boolean): unknown {
  const at = (type: string, url: string) => ({
    type,
    name: type,
    endpoints: [{ interface: 'public', region_id: 'one', region: 'one', url: own + url }],
  });
  return {
    token: {
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      user: { id: 'u', name: 'u', domain: { id: 'default', name: 'Default' } },
      project: { id: PROJECT, name: 'p', domain: { id: 'default', name: 'Default' } },
      roles: [{ id: 'r', name: 'member' }],
      catalog: [
        at('compute', '/compute/v2.1'),
        at('image', '/image'),
        at('network', '/network'),
        at('volumev3', `/volume/v3/${PROJECT}`),
        ...(metered ? [at('metric', '/metric')] : []),
      ],
    },
  };
}
