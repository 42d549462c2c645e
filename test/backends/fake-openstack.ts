import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, login, NOW, PROJECT, VERSIONS } from './fake-keystone';
import { FRESH } from './fake-openstack-fresh';

type Doc = Record<string, unknown>;
interface Asked {
  method: string;
  /** Below the service's version (and project). */
  parts: readonly string[];
  query: URLSearchParams;
  body: Doc;
  range: string | undefined;
  /** Length of the body in bytes. */
  length: number;
}

/** Imitation of just enough of Keystone, Nova, Glance, Cinder and Neutron, in memory and without waiting, for tests of what goes wrong. */
export interface FakeOpenstack {
  url: string;
  known: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const NAMES: Readonly<Record<string, string>> = {
  servers: 'server',
  images: 'image',
  'os-keypairs': 'keypair',
  'security-groups': 'security_group',
};
const one = (many: string): string => NAMES[many] ?? many.replace(/s$/, '');
const COMPUTE = ['servers', 'os-keypairs', 'flavors'];
const FLAVOR = {
  vcpus: 1,
  ram: 1024,
  disk: 5,
  'OS-FLV-EXT-DATA:ephemeral': 0,
  swap: 0,
  extra_specs: {},
  'os-flavor-access:is_public': true,
};

class Cloud {
  private readonly kept = new Map<string, Map<string, Doc>>();

  put(many: string, thing: Doc): Doc {
    const all = this.kept.get(many) ?? new Map<string, Doc>();
    this.kept.set(many, all.set(String(thing.id), thing));
    return thing;
  }

  all(many: string): Doc[] {
    return [...(this.kept.get(many)?.values() ?? [])];
  }

  answer(service: string, asked: Asked): Answer {
    const [many = '', id, sub, inner] = asked.parts;
    if (many === 'extensions')
      return [200, { extensions: ['trunk', 'router', 'net-mtu', 'standard-attr-tag'].map((alias) => ({ alias })) }];
    if (many === 'types') return [200, { volume_types: [{ id: 'lvm', name: 'lvm' }] }];
    if (many === 'messages') return [200, { messages: [] }];
    if (many === 'os-availability-zone') return [200, { availabilityZoneInfo: [{ zoneName: 'nova', zoneState: { available: true } }] }];
    if (id === undefined || id === 'detail')
      return asked.method === 'POST' ? this.made(service, many, asked.body) : this.listed(many, asked.query);
    const thing = this.kept.get(many)?.get(id);
    if (!thing) return missing(service, many, id);
    if (sub !== undefined) return this.below(many, thing, sub, inner, asked);
    if (asked.method === 'DELETE') {
      this.kept.get(many)?.delete(id);
      return [many === 'os-keypairs' || many === 'volumes' || many === 'snapshots' ? 202 : 204];
    }
    if (asked.method === 'PATCH') patched(thing, asked.body as unknown as readonly Change[]);
    if (asked.method === 'PUT') Object.assign(thing, asked.body[one(many)]);
    return [200, wrapped(many, thing)];
  }

  private made(service: string, many: string, body: Doc): Answer {
    const given = (many === 'images' ? body : body[one(many)]) as Doc;
    const id = many === 'os-keypairs' ? String(given.name) : randomUUID();
    const times = { created_at: NOW, updated_at: NOW, project_id: PROJECT, tenant_id: PROJECT };
    const fresh = FRESH[many]?.(given) ?? {};
    const thing = this.put(many, { ...times, description: '', metadata: {}, tags: [], ...fresh, ...given, id });
    if (many === 'servers') Object.assign(thing, { metadata: given.metadata ?? {}, tags: given.tags ?? [] });
    return [
      service === 'compute' && many === 'servers' ? 202 : many === 'volumes' || many === 'snapshots' ? 202 : 201,
      wrapped(many, thing),
    ];
  }

  private listed(many: string, query: URLSearchParams): Answer {
    const wanted = [...query].filter(([name]) => ['id', 'name', 'network_id', 'device_id', 'volume_id', 'port_id'].includes(name));
    const fits = (thing: Doc) =>
      [...new Set(wanted.map(([name]) => name))].every((name) => wanted.some(([n, value]) => n === name && String(thing[name]) === value));
    const tags = query.get('tags')?.split(',') ?? [];
    const found = this.all(many).filter(
      (thing) => fits(thing) && tags.every((tag) => (thing.tags as string[] | undefined)?.includes(tag) === true),
    );
    const shown = many === 'os-keypairs' ? found.map((keypair) => ({ keypair })) : found;
    return [200, { [many === 'os-keypairs' ? 'keypairs' : many.replace('-', '_')]: shown }];
  }

  /** Answers for what lies below one thing: actions, metadata, tags, interfaces and volumes of servers, files of images. */
  private below(many: string, thing: Doc, sub: string, inner: string | undefined, { method, body, range, length }: Asked): Answer {
    if (sub === 'action') return many === 'servers' ? this.acted(thing, body) : this.volumeActed(thing, body);
    if (sub === 'file' && method === 'GET') return bytesOf(thing, range);
    if (sub === 'file') {
      Object.assign(thing, { status: 'active', size: length });
      return [204];
    }
    if (sub === 'metadata') {
      thing.metadata = method === 'PUT' ? body.metadata : { ...(thing.metadata as Doc), ...(body.metadata as Doc | undefined) };
      return [200, { metadata: thing.metadata }];
    }
    if (sub === 'tags') {
      if (method === 'PUT') thing.tags = inner === undefined ? body.tags : [...new Set([...(thing.tags as string[]), inner])];
      if (method === 'DELETE') thing.tags = inner === undefined ? [] : (thing.tags as string[]).filter((tag) => tag !== inner);
      return method === 'DELETE' ? [204] : inner === undefined ? [200, { tags: thing.tags }] : [201];
    }
    if (sub === 'os-instance-actions') return [200, { instanceActions: [createdBy(thing)] }];
    if (sub === 'os-interface') return this.plugged(thing, inner, method, body);
    if (sub === 'os-volume_attachments') return this.attached(thing, inner, method, body);
    if (sub === 'add_router_interface' || sub === 'remove_router_interface') {
      const owner = { device_id: String(thing.id), device_owner: 'network:router_interface' };
      const subnet = this.all('subnets').find(({ id }) => id === body.subnet_id);
      if (sub === 'add_router_interface')
        this.put('ports', {
          ...FRESH.ports?.({}),
          id: randomUUID(),
          ...owner,
          network_id: subnet?.network_id,
          fixed_ips: [{ subnet_id: body.subnet_id, ip_address: '10.128.0.1' }],
        });
      else
        for (const port of this.all('ports'))
          if (port.device_id === thing.id && (body.port_id ?? port.id) === port.id) this.kept.get('ports')?.delete(String(port.id));
      const left = body.port_id === undefined ? body.subnet_id : 'of-the-port';
      return [200, { id: thing.id, subnet_id: left, port_id: body.port_id }];
    }
    return [200, wrapped(many, thing)];
  }

  private acted(server: Doc, body: Doc): Answer {
    const [action = ''] = Object.keys(body);
    const status: Readonly<Record<string, string>> = {
      'os-stop': 'SHUTOFF',
      'os-start': 'ACTIVE',
      pause: 'PAUSED',
      unpause: 'ACTIVE',
      suspend: 'SUSPENDED',
      resume: 'ACTIVE',
      resize: 'VERIFY_RESIZE',
      confirmResize: 'SHUTOFF',
    };
    const power: Readonly<Record<string, number>> = { ACTIVE: 1, PAUSED: 3, SHUTOFF: 4, SUSPENDED: 4 };
    const to = status[action];
    if (to !== undefined)
      Object.assign(server, { status: to, 'OS-EXT-STS:vm_state': to.toLowerCase(), 'OS-EXT-STS:power_state': power[to] ?? 4 });
    if (action === 'createImage') {
      const { name, metadata } = body.createImage as Doc;
      return [202, { image_id: this.image({ name, ...(metadata as Doc) }).id }];
    }
    return action === 'rebuild' ? [202, { server }] : [202];
  }

  /** Puts an active image there. */
  image(more: Doc): Doc {
    const written = { status: 'active', size: 1000, disk_format: 'qcow2', container_format: 'bare' };
    return this.put('images', { ...FRESH.images?.({}), id: randomUUID(), created_at: NOW, updated_at: NOW, ...written, ...more });
  }

  /** Writes a volume into Glance at once, and does what else Cinder does with one. */
  private volumeActed(volume: Doc, body: Doc): Answer {
    const grown = body['os-extend'] as Doc | undefined;
    if (grown) volume.size = grown.new_size;
    const boots = body['os-set_bootable'] as Doc | undefined;
    if (boots) volume.bootable = String(boots.bootable);
    const { metadata } = (body['os-set_image_metadata'] ?? {}) as Doc;
    if (metadata) volume.volume_image_metadata = metadata;
    const written = body['os-volume_upload_image'] as Doc | undefined;
    if (!written) return [boots || metadata ? 200 : 202, metadata ? { metadata } : undefined];
    const { image_name: name, disk_format, container_format } = written;
    const { id } = this.image({ name, disk_format, container_format, ...(volume.volume_image_metadata as Doc | undefined) });
    return [202, { 'os-volume_upload_image': { image_id: id, id: volume.id, status: 'uploading' } }];
  }

  private plugged(server: Doc, inner: string | undefined, method: string, body: Doc): Answer {
    const shown = (port: Doc) => ({
      port_id: port.id,
      net_id: port.network_id,
      mac_addr: port.mac_address,
      port_state: 'ACTIVE',
      fixed_ips: port.fixed_ips,
    });
    if (method === 'POST') {
      const wanted = body.interfaceAttachment as Doc;
      const own = this.all('ports').find(({ id }) => id === wanted.port_id);
      const port = own ?? this.put('ports', { ...FRESH.ports?.({}), id: randomUUID(), network_id: wanted.net_id, tags: [] });
      Object.assign(port, { device_id: server.id, device_owner: 'compute:nova', status: 'ACTIVE' });
      return [200, { interfaceAttachment: shown(port) }];
    }
    const ports = this.all('ports').filter(({ device_id: device }) => device === server.id);
    if (method === 'DELETE') {
      this.kept.get('ports')?.delete(inner ?? '');
      return [202];
    }
    return [200, { interfaceAttachments: ports.map(shown) }];
  }

  private attached(server: Doc, inner: string | undefined, method: string, body: Doc): Answer {
    const id = inner ?? String((body.volumeAttachment as Doc | undefined)?.volumeId);
    const volume = this.kept.get('volumes')?.get(id);
    const shown = { id, volumeId: id, serverId: server.id, device: '/dev/vdb', tag: null, delete_on_termination: false };
    const held = server['os-extended-volumes:volumes_attached'] as Doc[];
    if (method === 'GET')
      return inner !== undefined && held.some((each) => each.id === id)
        ? [200, { volumeAttachment: shown }]
        : [200, { volumeAttachments: held.map((each) => ({ ...shown, ...each, volumeId: each.id })) }];
    const on = method === 'POST';
    server['os-extended-volumes:volumes_attached'] = on
      ? [...held, { id, delete_on_termination: false }]
      : held.filter((each) => each.id !== id);
    Object.assign(volume ?? {}, {
      status: on ? 'in-use' : 'available',
      attachments: on ? [{ server_id: server.id, device: '/dev/vdb', volume_id: id, attachment_id: randomUUID() }] : [],
    });
    return on ? [200, { volumeAttachment: shown }] : [202];
  }
}

interface Change {
  op: string;
  path: string;
  value?: unknown;
}

function patched(thing: Doc, changes: readonly Change[]): void {
  for (const { op, path, value } of changes) {
    const name = path.slice(1).replace(/~1/g, '/').replace(/~0/g, '~');
    if (op === 'remove') Reflect.deleteProperty(thing, name);
    else thing[name] = value;
  }
}

/** The entry of Nova's log for the making of a server, as its API reference shows entries. */
function createdBy({ id, project_id }: Doc): Doc {
  const request = `req-${String(id)}`;
  return { action: 'create', instance_uuid: id, message: null, project_id, request_id: request, start_time: NOW, user_id: PROJECT };
}

/** Glance's answer with the bytes of an image, from an offset on where one is asked for. */
function bytesOf({ size }: Doc, range: string | undefined): Answer {
  const bytes = 'x'.repeat(Number(size));
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const type = { 'content-type': 'application/octet-stream' };
  if (from === 0) return [200, bytes, type];
  return [206, bytes.slice(from), { ...type, 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }];
}

const wrapped = (many: string, thing: Doc): Doc => (many === 'images' ? thing : { [one(many)]: thing });

const NEUTRON: Readonly<Record<string, string>> = {
  ...{ networks: 'NetworkNotFound', subnets: 'SubnetNotFound', ports: 'PortNotFound', routers: 'RouterNotFound' },
  ...{ floatingips: 'FloatingIPNotFound', trunks: 'TrunkNotFound' },
};

/** Names that things have in their services' refusals. */
const REFUSED_AS: Readonly<Record<string, string>> = { servers: 'Instance', volumes: 'Volume', snapshots: 'Snapshot' };

function missing(service: string, many: string, id: string): Answer {
  const message = `${REFUSED_AS[many] ?? one(many)} ${id} could not be found.`;
  if (service === 'network') return [404, { NeutronError: { type: NEUTRON[many] ?? 'HTTPNotFound', message, detail: '' } }];
  return service === 'image'
    ? [404, `<html><head><title>404 Not Found</title></head><body>${message}</body></html>`]
    : [404, { itemNotFound: { code: 404, message } }];
}

function answered(cloud: Cloud, incoming: IncomingMessage, body: string): Answer {
  const url = new URL(incoming.url ?? '/', 'http://none');
  if (url.pathname === '/v3/auth/tokens') return login(incoming.headers.host ?? '');
  const version = VERSIONS[url.pathname];
  if (version !== undefined) return [200, version];
  const [, service = '', , ...rest] = url.pathname.split('/').map(decodeURIComponent);
  const parts = service === 'volume' ? rest.slice(1) : rest;
  const asked = {
    ...{ method: incoming.method ?? 'GET', parts, query: url.searchParams, body: parsed(body) },
    ...{ range: incoming.headers.range, length: body.length },
  };
  const known = COMPUTE.includes(parts[0] ?? '') === (service === 'compute') || parts[0]?.startsWith('os-') === true;
  return known ? cloud.answer(service, asked) : [404, { itemNotFound: { code: 404, message: 'no such resource' } }];
}

function parsed(text: string): Doc {
  try {
    return JSON.parse(text) as Doc;
  } catch {
    // The bytes of an image.
    return {};
  }
}

/** Starts one on 127.0.0.1. Each service names itself by the Host that it is asked by, so that it can stand behind anything. */
export async function startFakeOpenstack(): Promise<FakeOpenstack> {
  const cloud = new Cloud();
  for (const [id, name] of [
    ['f1', 'small'],
    ['f2', 'medium'],
  ] as const)
    cloud.put('flavors', { id, name, ...FLAVOR, ram: id === 'f1' ? 1024 : 2048 });
  const image = cloud.image({ name: 'cirros', visibility: 'public' });
  // Nova's image of a server that boots from a volume: a snapshot in place of contents.
  const behind = { ...FRESH.snapshots?.({ volume_id: randomUUID() }), id: randomUUID(), name: 'root', metadata: {}, project_id: PROJECT };
  const mapping = JSON.stringify([{ snapshot_id: cloud.put('snapshots', behind).id, boot_index: 0 }]);
  const onVolume = cloud.image({ name: 'on a volume', size: 0, block_device_mapping: mapping });
  const inner = cloud.put('networks', { ...FRESH.networks?.({}), id: randomUUID(), name: 'private', project_id: PROJECT, tags: [] });
  cloud.put('subnets', {
    ...FRESH.subnets?.({}),
    id: randomUUID(),
    network_id: inner.id,
    cidr: '10.9.0.0/24',
    project_id: PROJECT,
    tags: [],
  });
  const external = cloud.put('networks', { ...FRESH.networks?.({}), id: randomUUID(), name: 'public', 'router:external': true, tags: [] });
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body: Buffer[] = [];
    incoming.on('data', (part: Buffer) => body.push(part));
    incoming.on('end', () => {
      const [status, given, headers = {}] = answered(cloud, incoming, Buffer.concat(body).toString());
      const text = given === undefined ? '' : typeof given === 'string' ? given : JSON.stringify(given);
      const type = typeof given === 'string' ? 'text/html' : 'application/json';
      outgoing.writeHead(status, {
        ...(text === '' ? {} : { 'content-type': type }),
        'x-openstack-request-id': `req-${randomUUID()}`,
        ...headers,
      });
      outgoing.end(text);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    known: {
      config: 'f1',
      otherConfig: 'f2',
      image: String(image.id),
      imageOnVolume: String(onVolume.id),
      addressNetwork: String(external.id),
    },
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
