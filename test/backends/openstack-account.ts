import { metricsAvailable, useOpenstack } from './openstack';
import { type OpenstackProxy, startOpenstackProxy } from './openstack-proxy';
import { waitUntil } from '../harness/wait';

/** A client of the tests' own, which goes past driver and proxy. */
export interface OpenstackApi {
  projectId: string;
  /** The JSON of the answer, {} where there is none. @throws Error with the service's words unless 2xx (or 404 of a DELETE) */
  call<T>(method: string, service: ApiService, path: string, body?: unknown): Promise<T>;
}
export type ApiService = 'compute' | 'image' | 'network' | 'volumev3' | 'identity' | 'metric';

/** A project and a user of their own in the real services, with one network, behind a fault proxy. Test files do not meet in it. */
export interface OpenstackAccount {
  proxy: OpenstackProxy;
  /** Options that log a driver in, through the proxy. */
  options: { authUrl: string; username: string; password: string; projectId: string; region: string };
  /** The project's member, and the administrator (scoped to a project of its own). */
  direct: OpenstackApi;
  admin: OpenstackApi;
  /** The project's only network, with a subnet. */
  network: string;
  /** A public image that boots. */
  image: string;
  /** Boots servers past the proxy and waits until they are active; answers their ids. */
  launch(count: number, more?: object): Promise<string[]>;
  terminate(ids: readonly string[]): Promise<void>;
  /** Ids of the servers that are there. Nova lists one that is DELETED for another moment: that one is gone. */
  servers(): Promise<string[]>;
  /** Words for each thing left in the project that a gateway could have made. */
  leftovers(): Promise<string[]>;
  /** Removes what is left on purpose: servers and networks. What a test leaves by mistake makes `stop` fail. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

let accounts = 0;

/** Joins (or starts) the services and makes a project in them. */
export async function startOpenstackAccount(): Promise<OpenstackAccount> {
  const cloud = await useOpenstack();
  const admin = await apiOf(cloud.authUrl, 'admin', { name: 'admin', domain: { id: 'default' } });
  accounts += 1;
  const name = `cimi-test-${process.pid}-${Date.now().toString(36)}-${accounts}`;
  const { project } = await admin.call<{ project: { id: string } }>('POST', 'identity', '/projects', {
    project: { name, domain_id: 'default' },
  });
  const user = await makeMember(admin, name, project.id);
  const direct = await apiOf(cloud.authUrl, name, { id: project.id });
  const network = await makeNetwork(direct);
  const { images } = await direct.call<{ images: { id: string; visibility: string }[] }>('GET', 'image', '/v2/images?visibility=public');
  const proxy = await startOpenstackProxy(cloud.authUrl);
  return {
    proxy,
    options: { authUrl: proxy.authUrl, username: name, password: cloud.password, projectId: project.id, region: cloud.region },
    direct,
    admin,
    network,
    image: String(images[0]?.id),
    launch: (count, more) => launch(direct, count, { imageRef: images[0]?.id, networks: [{ uuid: network }], ...more }),
    terminate: (ids) => terminate(direct, ids),
    servers: async () => alive((await serversOf(direct)).servers).map(({ id }) => id),
    leftovers: () => leftovers(direct, network),
    clear: async () => {
      await terminateAll(direct);
      await clearNetworks(direct);
    },
    stop: async () => {
      await proxy.stop();
      // What a failed test left would keep the network.
      await terminateAll(direct);
      await direct.call('DELETE', 'network', `/v2.0/networks/${network}`);
      await removeGroups(admin, project.id);
      if (metricsAvailable() === true) await admin.call('DELETE', 'metric', '/v1/resource/generic', { '=': { project_id: project.id } });
      await admin.call('DELETE', 'identity', `/projects/${project.id}`);
      await admin.call('DELETE', 'identity', `/users/${user}`);
    },
  };
}

/** Logs in. @param project by id, or by name and domain */
async function apiOf(authUrl: string, user: string, project: object): Promise<OpenstackApi> {
  const identity = { methods: ['password'], password: { user: { name: user, domain: { id: 'default' }, password: 'secret' } } };
  const answer = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project } } }),
  });
  const { token } = (await answer.json()) as {
    token: { project: { id: string }; catalog: { type: string; endpoints: { url: string }[] }[] };
  };
  const secret = answer.headers.get('x-subject-token') ?? '';
  const base = (service: ApiService) => token.catalog.find(({ type }) => type === service)?.endpoints[0]?.url ?? '';
  return {
    projectId: token.project.id,
    call: async <T>(method: string, service: ApiService, path: string, body?: unknown): Promise<T> => {
      const made = await fetch(base(service) + path, {
        method,
        headers: {
          'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json',
          'x-auth-token': secret,
          'openstack-api-version': service === 'compute' ? 'compute 2.90' : 'volume 3.60',
        },
        ...(body === undefined ? {} : { body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body) }),
      });
      const text = await made.text();
      if (!made.ok && !(method === 'DELETE' && made.status === 404)) throw new Error(`${method} ${service}${path}: ${made.status} ${text}`);
      return (text === '' || !made.ok ? {} : JSON.parse(text)) as T;
    },
  };
}

/** A user of its own: key pairs belong to users. */
async function makeMember(admin: OpenstackApi, name: string, project: string): Promise<string> {
  const given = { user: { name, domain_id: 'default', password: 'secret' } };
  const { user } = await admin.call<{ user: { id: string } }>('POST', 'identity', '/users', given);
  const { roles } = await admin.call<{ roles: { id: string }[] }>('GET', 'identity', '/roles?name=member');
  await admin.call('PUT', 'identity', `/projects/${project}/users/${user.id}/roles/${roles[0]?.id}`);
  return user.id;
}

async function makeNetwork(direct: OpenstackApi): Promise<string> {
  const { network } = await direct.call<{ network: { id: string } }>('POST', 'network', '/v2.0/networks', {
    network: { name: 'test-net' },
  });
  const subnet = { network_id: network.id, cidr: '10.77.0.0/16', ip_version: 4 };
  await direct.call('POST', 'network', '/v2.0/subnets', { subnet });
  return network.id;
}

/** Removes the networks of a project, of which no server is left, with all that is in them, which keeps its security groups, too. */
async function clearNetworks(direct: OpenstackApi): Promise<void> {
  type Thing = { id: string; device_owner?: string; device_id?: string };
  const own = async (things: string): Promise<Thing[]> => {
    const path = `/v2.0/${things}?project_id=${direct.projectId}`;
    return (await direct.call<Record<string, Thing[]>>('GET', 'network', path))[things] ?? [];
  };
  const remove = async (things: string, all: readonly Thing[]): Promise<void> => {
    for (const { id } of all) await direct.call('DELETE', 'network', `/v2.0/${things}/${id}`);
  };
  await remove('floatingips', await own('floatingips'));
  const ports = await own('ports');
  for (const { id, device_id: router = '' } of ports.filter(({ device_owner: owner }) => owner === 'network:router_interface'))
    await direct.call('PUT', 'network', `/v2.0/routers/${router}/remove_router_interface`, { port_id: id });
  await remove('routers', await own('routers'));
  await remove(
    'ports',
    ports.filter(({ device_owner: owner = '' }) => !owner.startsWith('network:')),
  );
  await remove('networks', await own('networks'));
}

async function removeGroups(admin: OpenstackApi, project: string): Promise<void> {
  const path = `/v2.0/security-groups?project_id=${project}&fields=id`;
  const { security_groups: groups } = await admin.call<{ security_groups: { id: string }[] }>('GET', 'network', path);
  for (const { id } of groups) await admin.call('DELETE', 'network', `/v2.0/security-groups/${id}`);
}

async function launch(direct: OpenstackApi, count: number, more: object): Promise<string[]> {
  const bodies = Array.from({ length: count }, (_, n) => ({ server: { name: `launched-${n}`, flavorRef: '1', ...more } }));
  const made = await Promise.all(bodies.map((body) => direct.call<{ server: { id: string } }>('POST', 'compute', '/servers', body)));
  const ids = made.map(({ server }) => server.id);
  await until('servers come up', async () => {
    const { servers } = await serversOf(direct);
    return ids.every((id) => servers.some((server) => server.id === id && server.status !== 'BUILD'));
  });
  return ids;
}

const terminateAll = async (direct: OpenstackApi): Promise<void> =>
  terminate(
    direct,
    (await serversOf(direct)).servers.map(({ id }) => id),
  );

async function terminate(direct: OpenstackApi, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => direct.call('DELETE', 'compute', `/servers/${id}`)));
  await until('servers go', async () => {
    const { servers } = await serversOf(direct);
    return !servers.some(({ id }) => ids.includes(id));
  });
}

/** Selects what is not DELETED of what is listed. */
const alive = <T extends { status?: string }>(things: readonly T[]): T[] => things.filter(({ status }) => status !== 'DELETED');

const serversOf = (direct: OpenstackApi) =>
  direct.call<{ servers: { id: string; status: string; name: string }[] }>('GET', 'compute', '/servers/detail');

export const until = (what: string, holds: () => Promise<boolean>): Promise<void> => waitUntil(holds, () => what);

/** Listings of everything: service, path, member of the answer, word. */
const LEFT: readonly (readonly [ApiService, string, string, string])[] = [
  ['compute', '/servers/detail', 'servers', 'server'],
  ['volumev3', '/volumes/detail', 'volumes', 'volume'],
  ['volumev3', '/snapshots/detail', 'snapshots', 'snapshot'],
  ['network', '/v2.0/routers', 'routers', 'router'],
  ['network', '/v2.0/floatingips', 'floatingips', 'floating IP'],
];

async function leftovers(direct: OpenstackApi, network: string): Promise<string[]> {
  type Thing = {
    id: string;
    name?: string;
    status?: string;
    owner?: string;
    network_id?: string;
    project_id?: string;
    device_owner?: string;
    device_id?: string;
  };
  const list = async (service: ApiService, path: string, key: string) =>
    alive((await direct.call<Record<string, Thing[]>>('GET', service, path))[key] ?? []);
  const words = await Promise.all(
    LEFT.map(async ([service, path, key, word]) => (await list(service, path, key)).map(({ id, name }) => `${word} ${name ?? ''} ${id}`)),
  );
  const images = (await list('image', '/v2/images', 'images')).filter(({ owner }) => owner === direct.projectId);
  const networks = (await list('network', `/v2.0/networks?project_id=${direct.projectId}`, 'networks')).filter(({ id }) => id !== network);
  // A server's port comes and goes with it.
  const servers = (await list('compute', '/servers', 'servers')).map(({ id }) => id);
  const ports = (await list('network', `/v2.0/ports?project_id=${direct.projectId}`, 'ports')).filter(
    ({ device_owner: owner, device_id: device }) => !(owner ?? '').startsWith('network:dhcp') && !servers.includes(device ?? ''),
  );
  const keys = (await direct.call<{ keypairs: { keypair: { name: string } }[] }>('GET', 'compute', '/os-keypairs')).keypairs;
  return [
    ...words.flat(),
    ...images.map(({ id, name }) => `image ${name ?? ''} ${id}`),
    ...networks.map(({ id, name }) => `network ${name ?? ''} ${id}`),
    ...ports.map(({ id }) => `port ${id}`),
    ...keys.map(({ keypair }) => `key pair ${keypair.name}`),
  ];
}
