import type { CallContext, Driver } from '../../src/clouds/driver';
import { type FakeAnswer, type FakeCloud, ID, startFakeCloud } from './openstack-fake';

/** Clouds that are built otherwise: without routers, tags, version documents, root disks, with several zones, seen by administrators. */

const context = (): CallContext => ({ signal: AbortSignal.timeout(10_000) });
type Doc = Record<string, unknown>;
const noRoute: FakeAnswer = {
  status: 404,
  body: { NeutronError: { type: 'HTTPNotFound', message: 'The resource could not be found.', detail: '' } },
};

describe('clouds of all kinds', () => {
  let cloud: FakeCloud;
  beforeEach(async () => {
    cloud = await startFakeCloud();
  });
  afterEach(() => cloud.stop());
  const paths = (service: string, method = 'GET') =>
    cloud.calls.filter((call) => call.service === service && call.method === method).map(({ path }) => path);
  const all = async (driver: Driver, group: 'addresses' | 'forwardingGroups' | 'machineImages' | 'machines' | 'volumes') => {
    const keys: string[] = [];
    for await (const page of driver[group]?.list(context()) ?? []) keys.push(...page.map(({ key }) => key));
    return keys;
  };

  test('without routers, addresses of ports are still told, and what cannot be made is refused in words; extensions are read once', async () => {
    cloud.state['extensions'] = [{ alias: 'standard-attr-tag' }];
    cloud.meddle = ({ path }) => (/^\/(routers|floatingips)/.test(path) ? noRoute : undefined);
    const driver = await cloud.connect();
    expect(await all(driver, 'addresses')).toEqual([`${ID(70)}@10.0.0.5`, `${ID(71)}@10.0.0.6`]);
    expect(await all(driver, 'forwardingGroups')).toEqual([]);
    const marks = { tag: 't', token: 'k' };
    await expect(driver.addresses?.create?.({ ...marks, allocation: 'static', protocol: 'IPv4' }, context())).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/no floating IPs.*name a network/) as string,
    });
    await expect(driver.forwardingGroups?.create?.({ ...marks, networks: [] }, context())).rejects.toMatchObject({ kind: 'unsupported' });
    expect(paths('network').filter((path) => path === '/extensions')).toHaveLength(1);
  });

  test('a Neutron that has routers and answers 404 for them for a while takes no address away', async () => {
    cloud.meddle = ({ path }) => (/^\/(routers|floatingips)/.test(path) ? noRoute : undefined);
    const driver = await cloud.connect();
    await expect(all(driver, 'addresses')).rejects.toMatchObject({ code: '404 HTTPNotFound' });
  });

  test('without tags a network is made all the same, once, and its mark is in its description', async () => {
    cloud.state['extensions'] = [{ alias: 'router' }];
    cloud.meddle = ({ path }) => (path.endsWith('/tags') ? noRoute : undefined);
    const made: Doc = { id: ID(62), tags: [], project_id: 'b'.repeat(32), status: 'ACTIVE', admin_state_up: true };
    cloud.writes.set('POST /networks', ({ body }) => {
      Object.assign(made, (body as { network: Doc }).network);
      cloud.state['networks']?.push(made);
      return { status: 201, body: { network: made } };
    });
    cloud.writes.set('POST /subnets', ({ body }) => {
      cloud.state['subnets']?.push({ id: ID(66), ...(body as { subnet: Doc }).subnet });
      return { status: 201, body };
    });
    cloud.writes.set(`PUT /networks/${ID(62)}`, ({ body }) => {
      Object.assign(made, (body as { network: Doc }).network);
      return { status: 200, body: { network: made } };
    });
    const driver = await cloud.connect();
    const request = { tag: 'tag-1', token: 'token-1', networkType: 'PRIVATE' as const, name: 'n', description: 'words' };
    expect(await driver.networks?.create?.(request, context())).toEqual({ key: ID(62) });
    expect(await driver.networks?.create?.(request, context())).toEqual({ key: ID(62) });
    expect(paths('network', 'POST')).toEqual(['/networks', '/subnets']);
    expect(await driver.networks?.getMany([ID(62)], context())).toMatchObject([
      { tag: 'tag-1', values: { name: 'n', description: 'words' } },
    ]);
    // From now on it is known that the gateway has to keep the rest.
    expect(driver.networks?.holds?.({ name: 'n', description: 'd', properties: { a: '1' } })).toEqual({ name: 'n', properties: {} });
  });

  test.each<[string, FakeAnswer, string | undefined]>([
    ['404', { status: 404, raw: 'not here', headers: { 'content-type': 'text/plain' } }, undefined],
    ['a page', { status: 200, raw: '<html></html>', headers: { 'content-type': 'text/html' } }, undefined],
    ['300 with a document', { status: 300, body: { versions: [{ id: 'v2.1', version: '2.60', min_version: '2.1' }] } }, 'compute 2.60'],
  ])('a version root that answers %s leaves the service in use', async (_what, answer, version) => {
    const headers: unknown[] = [];
    cloud.meddle = (call, honest) => {
      if (call.service !== 'compute') return undefined;
      if (call.path === '/') return answer;
      headers.push(call.headers['openstack-api-version']);
      return honest();
    };
    expect(await all(await cloud.connect(), 'machines')).toEqual([ID(1), ID(2)]);
    expect(headers).toEqual([version]);
  });

  test('a flavor without a root disk boots from a volume, of the type and size that the options say; others do not', async () => {
    const bodies: Doc[] = [];
    cloud.writes.set('POST /servers', ({ body }) => {
      bodies.push((body as { server: Doc }).server);
      return { status: 202, body: { server: { id: ID(9) } } };
    });
    const driver = await cloud.connect({ bootVolumeType: 'fast', bootVolumeGib: 12 });
    const create = (config: string, extensions = {}) =>
      driver.machines?.create?.({ tag: `t${bodies.length}`, token: 'k', config, image: ID(30), extensions }, context());
    await create('0');
    await create('2');
    await create('0', { bootFromVolume: false });
    const root = {
      source_type: 'image',
      destination_type: 'volume',
      volume_size: 12,
      volume_type: 'fast',
      delete_on_termination: true,
      uuid: ID(30),
    };
    expect(bodies[0]).toMatchObject({ block_device_mapping_v2: [root] });
    expect(bodies.slice(1).map((body) => [body['imageRef'], body['block_device_mapping_v2']])).toEqual([
      [ID(30), undefined],
      [ID(30), undefined],
    ]);
  });

  test('a machine is asked for with the ports and addresses of its interfaces, each in its place', async () => {
    const bodies: Doc[] = [];
    cloud.writes.set('POST /servers', ({ body }) => {
      bodies.push((body as { server: Doc }).server);
      return { status: 202, body: { server: { id: ID(9) } } };
    });
    const { machines } = await cloud.connect();
    const asked = { tag: 't', token: 'k', config: '2', image: ID(30), networks: [ID(60), ID(61), ID(62)] };
    await machines?.create?.({ ...asked, networkPorts: [null, ID(70), null], addresses: [['10.0.0.9'], [], []] }, context());
    await machines?.create?.({ ...asked, addresses: [[], ['fd00::9'], []] }, context());
    const [a, b, c] = [{ uuid: ID(60) }, { uuid: ID(61) }, { uuid: ID(62) }];
    expect(bodies.map(({ networks }) => networks)).toEqual([
      [{ ...a, fixed_ip: '10.0.0.9' }, { port: ID(70) }, c],
      [a, { ...b, fixed_ip: 'fd00::9' }, c],
    ]);
  });

  test('a volume made for a machine is made in its zone, where Cinder has it; the option leaves it to Cinder', async () => {
    const zones: unknown[] = [];
    const names = (...zone: string[]) => ({
      status: 200,
      body: { availabilityZoneInfo: zone.map((zoneName) => ({ zoneName, zoneState: { available: true } })) },
    });
    Object.assign(cloud.state['servers']?.[0] ?? {}, { 'OS-EXT-AZ:availability_zone': 'west' });
    cloud.writes.set('POST /volumes', ({ body }) => {
      zones.push((body as { volume: Doc }).volume['availability_zone']);
      return { status: 202, body: { volume: { id: ID(49) } } };
    });
    const create = async (more: object, has: FakeAnswer) => {
      cloud.writes.set('GET /os-availability-zone', () => has);
      const driver = await cloud.connect(more);
      await driver.volumes?.create?.({ tag: 't', token: 'k', capacity: 1_000_000, machine: ID(1) }, context());
    };
    await create({}, names('east', 'west'));
    await create({}, names('east', 'south'));
    await create({}, names('nova'));
    await create({ volumeZone: 'any' }, names('east', 'west'));
    expect(zones).toEqual(['west', undefined, undefined, undefined]);
  });

  test('a read of an attached volume asks the server that holds it, and no other', async () => {
    const driver = await cloud.connect();
    await driver.volumes?.getMany([ID(40)], context());
    expect(paths('compute')).toEqual(['/', `/servers/${ID(1)}`]);
  });

  test('administrators are not shown other projects’ private images', async () => {
    const [image = {}] = cloud.state['images'] ?? [];
    cloud.state['images']?.push({ ...image, id: ID(32), owner: 'other', visibility: 'private' }, { ...image, id: ID(33), owner: 'other' });
    cloud.meddle = (call, honest) => {
      if (call.service !== 'identity') return undefined;
      const answer = honest();
      (answer.body as { token: Doc }).token['roles'] = [{ name: 'admin' }];
      return answer;
    };
    expect(await all(await cloud.connect(), 'machineImages')).toEqual([ID(30), ID(31), ID(33)]);
  });

  test('what access rules of an application credential refuse is told as such, and logs in no second time', async () => {
    cloud.meddle = (call, honest) => {
      if (call.service === 'compute' && call.path === '/servers/detail')
        return { status: 401, body: { error: { code: 401, message: 'no', title: 'Unauthorized' } } };
      if (call.service !== 'identity') return undefined;
      const answer = honest();
      (answer.body as { token: Doc }).token['application_credential'] = {
        id: 'a',
        access_rules: [{ path: '/v2.1/flavors', method: 'GET' }],
      };
      return answer;
    };
    const driver = await cloud.connect();
    const refusal = { kind: 'forbidden', message: expect.stringMatching(/access rules.*GET \/servers\/detail of Nova/) as string };
    await expect(all(driver, 'machines')).rejects.toMatchObject(refusal);
  });
});
