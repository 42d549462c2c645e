import { CIMI } from '../../src/model/define';
import { hashPassword } from '../../src/http/passwords';
import { basic, type Client, type Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { expectFault, listOf, machineCreate, made, openScene, pathOf, rels, succeeded, type Scene } from './scene';

/**
 * Portable names (docs/decisions/0033-portable-names.md): two clouds that call their images and sizes by other names, and one
 * that another tenant alone may use.
 */
let scene: Scene;
let client: Client;
let stranger: Client;

const hrefOf = (value: unknown): string | undefined => (value as { href?: string } | undefined)?.href;
const get = async (path: string): Promise<Json> => (await client.get(path)).json;
const parts = (image: string, config: string) => ({
  machineImage: { href: `machineImages/${image}` },
  machineConfig: { href: `machineConfigs/${config}` },
});
const create = (image: string, more: object = {}, config = 'small') => machineCreate(more, parts(image, config));
const placesOf = (json: Json): Record<string, string | undefined>[] =>
  listOf(json, 'places').map(({ cloud, machineImage, machineConfig, reason }) => ({
    cloud: String(cloud),
    ...(machineImage === undefined ? {} : { is: pathOf(client, hrefOf(machineImage)) }),
    ...(machineConfig === undefined ? {} : { is: pathOf(client, hrefOf(machineConfig)) }),
    ...(reason === undefined ? {} : { reason: String(reason) }),
  }));
const sourceOf = (cloud: string, machine: Json): string | undefined =>
  scene
    .controlOf(cloud)
    .instances()
    .find(({ label }) => label === String(machine.name))?.source;

async function user(name: string, tenant: string, role: 'operator' | 'reader' = 'operator'): Promise<Client> {
  await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role, passwordHash: await hashPassword(`pw-${name}`) });
  return scene.client.as(basic(name, `pw-${name}`));
}

beforeAll(async () => {
  const quick = { guard: { cacheMs: 200, retries: 0 } };
  scene = await openScene({
    config: {
      access: { required: true },
      jobs: { graceMs: 10_000 },
      clouds: {
        one: simulatedCloud(
          {},
          {
            ...quick,
            images: {
              'debian-12': 'default',
              newest: 'Debian 1?',
              'ubuntu-24.04': { id: 'img-ubuntu-24.04' },
              arm: { name: 'Debian*', architecture: 'ARM' },
            },
            sizes: { small: 's1.small', figures: { cpu: 2, memory: 4_194_304, disk: 40_000_000 } },
          },
        ),
        two: simulatedCloud(
          {},
          {
            ...quick,
            images: { 'debian-12': 'Debian 12', newest: 'FreeBSD*', missing: { name: 'No*' } },
            sizes: { small: { cpu: 1, memory: 1_048_576 }, figures: 'Medium' },
          },
        ),
        other: simulatedCloud({}, { ...quick, tenants: ['acme'], images: { secret: { id: 'img-alma-9' }, 'debian-12': 'default' } }),
      },
    },
  });
  client = await user('ann', 'default');
  stranger = await user('bob', 'acme');
});
afterAll(() => scene.close());
afterEach(() => scene.controlOf('two').clearFailures());

describe('images', () => {
  test('are listed once for all clouds at the root, with what they are on each, and nothing can be done to them', async () => {
    const all = listOf(await get("machineImages?$filter=name='debian-12'"), 'machineImages');
    expect(all.map(({ id }) => pathOf(client, id))).toEqual(['machineImages/debian-12']);
    expect(all[0]).toMatchObject({ name: 'debian-12', state: 'AVAILABLE', type: 'IMAGE' });
    expect(all[0]).not.toHaveProperty('cloud');
    expect(rels(all[0] ?? ({} as Json))).toEqual([]);
    expect(placesOf(all[0] ?? ({} as Json))).toEqual([
      { cloud: 'one', is: 'machineImages/one.img-debian-12' },
      { cloud: 'two', is: 'machineImages/two.img-debian-12' },
    ]);
    expect(await get('machineImages/debian-12')).toEqual(expect.objectContaining({ id: `${client.base}machineImages/debian-12` }));
    const ofOne = listOf(await get('clouds/one/machineImages'), 'machineImages').map(({ id }) => pathOf(client, id));
    expect(ofOne.filter((path) => !path.includes('one.'))).toEqual([]);
  });

  test('are part of windows, orders and selections like others', async () => {
    const whole = listOf(await get('machineImages?$orderby=name'), 'machineImages').map(({ id }) => String(id));
    expect(whole.map((id) => pathOf(client, id))).toEqual(
      expect.arrayContaining(['machineImages/debian-12', 'machineImages/ubuntu-24.04']),
    );
    const windows: string[] = [];
    for (let first = 1; first <= whole.length; first += 5) {
      const part = listOf(await get(`machineImages?$orderby=name&$first=${first}&$last=${first + 4}&$select=id,name`), 'machineImages');
      windows.push(...part.map(({ id }) => String(id)));
    }
    expect(windows).toEqual(whole);
    expect(Object.keys(await get('machineImages/debian-12?$select=name')).sort()).toEqual(['name', 'resourceURI']);
  });

  test('are the newest of several, and say which', async () => {
    const json = await get('machineImages/newest');
    expect(placesOf(json).map(({ is }) => is)).toEqual(['machineImages/one.img-debian-13', 'machineImages/two.img-freebsd-14']);
    expect(String(json.description)).toBe('one: Debian 13 (img-debian-13); two: FreeBSD 14 (img-freebsd-14)');
    expect(placesOf(await get('machineImages/arm'))).toEqual([{ cloud: 'one', is: 'machineImages/one.img-debian-12-arm' }]);
  });

  test('are read and referred to in XML', async () => {
    const { status, text } = await client.get('machineImages/debian-12', { accept: 'application/xml' });
    expect(status).toBe(200);
    expect(text).toMatch(/<MachineImage [^]*<name>debian-12<\/name>[^]*<state>AVAILABLE<\/state>/);
    expect(text).toMatch(/<place [^>]*><cloud>two<\/cloud><machineImage href="[^"]*machineImages\/two\.img-debian-12"/);
    const xml = `<MachineCreate xmlns="${CIMI}"><name>by-xml</name><cloud xmlns="http://cimi-gateway.org/extension/1">two</cloud>
      <machineTemplate><machineConfig href="machineConfigs/small"/><machineImage href="machineImages/debian-12"/></machineTemplate></MachineCreate>`;
    const answer = await client.send('POST', 'machines', { xml, headers: { accept: 'application/json' } });
    await succeeded(client, answer);
    expect((await client.get(String(answer.headers.get('location')))).json.cloud).toBe('two');
  });

  test('ResourceMetadata announces where they are', async () => {
    const attributes = listOf(await get('resourceMetadata/MachineImage'), 'attributes').map(({ name }) => String(name));
    expect(attributes).toContain('places');
    const { components } = (await client.get('/openapi.json')).json;
    expect(JSON.stringify((components as unknown as { schemas: Json }).schemas.MachineImage)).toContain('places');
  });

  test('belong to the configuration: nobody changes or deletes them', async () => {
    for (const answer of [
      await client.put('machineImages/debian-12?$select=description', { resourceURI: `${CIMI}/MachineImage`, description: 'x' }),
      await client.delete('machineImages/debian-12'),
      await client.delete('machineConfigs/small'),
    ])
      expectFault(answer, 403, /is a name from the gateway's configuration/);
    expect((await client.get('machineImages/debian-12')).status).toBe(200);
  });
});

describe('creates', () => {
  test.each(['one', 'two'])('take what the named cloud %s has, and their Job says what that was', async (cloud) => {
    const answer = await client.post('machines', create('newest', { name: `m-${cloud}`, cloud }));
    const job = await succeeded(client, answer);
    const machine = (await client.get(String(answer.headers.get('location')))).json;
    expect(machine.cloud).toBe(cloud);
    const image = cloud === 'one' ? 'img-debian-13' : 'img-freebsd-14';
    expect(sourceOf(cloud, machine)).toBe(image);
    expect(String(job.statusMessage)).toContain(`machineImages/newest is machineImages/${cloud}.${image}`);
  });

  test('go where the name is to be had, where that is one cloud, and else have to say where', async () => {
    expect((await made(client, 'machines', create('ubuntu-24.04', { name: 'only' }))).cloud).toBe('one');
    expectFault(await client.post('machines', create('debian-12')), 400, /does not say which cloud; candidates are 'one', 'two'/);
    expect((await made(client, 'clouds/two/machines', create('debian-12', { name: 'there' }))).cloud).toBe('two');
  });

  test('are refused where the cloud has none, in words that name both', async () => {
    const lacking = /cloud 'two' has nothing that is called machineImages\/ubuntu-24\.04.*in 'one'/;
    expectFault(await client.post('machines', create('ubuntu-24.04', { cloud: 'two' })), 400, lacking);
    expectFault(await client.post('clouds/two/machines', create('ubuntu-24.04')), 400, lacking);
    expectFault(
      await client.post('machines', create('missing', { cloud: 'two' })),
      400,
      /cloud 'two' has no image 'missing' now: there is none with name No\*/,
    );
    expect(await get('machineImages/missing')).toMatchObject({ state: 'ERROR', description: 'two: not to be had' });
    expectFault(await client.post('machines', create('nobodys')), 400, /there is no MachineImage at machineImages\/nobodys/);
    expectFault(
      await client.post('machines', machineCreate({}, { ...parts('ubuntu-24.04', 'two.s1_2esmall') })),
      400,
      /cloud 'two' has nothing that is called machineImages\/ubuntu-24\.04/,
    );
  });

  test('do not wait for a cloud that is down, which the name tells of', async () => {
    scene.controlOf('two').fail({ method: '*', times: 1000, kind: 'unavailable', message: 'the lights are out' });
    const down = async () => placesOf(await get('machineImages/newest')).find(({ cloud }) => cloud === 'two')?.reason;
    expect(await eventually(down)).toMatch(/cloud 'two' does not answer now: .*the lights are out/);
    const listed = listOf(await get('machineImages'), 'machineImages').find(({ name }) => String(name) === 'newest');
    expect(listed).toMatchObject({ state: 'AVAILABLE' });
    expect(await get('machineImages/missing')).not.toHaveProperty('state');
    expect((await made(client, 'machines', create('newest', { name: 'in-the-dark', cloud: 'one' }))).cloud).toBe('one');
  });

  test('of Systems take them by template, each component where it says or the request does', async () => {
    const node = (name: string, cloud?: string) => ({
      name,
      type: `${CIMI}/Machine`,
      machineTemplate: { ...parts('debian-12', 'small'), ...(cloud === undefined ? {} : { cloud }) },
    });
    const template = await made(client, 'systemTemplates', { name: 'pair', componentDescriptors: [node('a', 'one'), node('b', 'two')] });
    const system = (more: object) => ({ resourceURI: `${CIMI}/SystemCreate`, ...more });
    const machinesIn = async (json: Json) => {
      const members = listOf(await get(`${pathOf(client, json.id)}/machines?$expand=machine`), 'systemMachines');
      return members
        .map(({ machine }) => [machine as unknown as Json].map(({ name, cloud }) => `${String(name)} ${String(cloud)}`).join())
        .sort();
    };
    const { text } = await client.get(pathOf(client, template.id), { accept: 'application/xml' });
    expect(text).toContain('<cloud xmlns="http://cimi-gateway.org/extension/1">two</cloud>');
    expect((await client.send('PUT', pathOf(client, template.id), { xml: text })).status).toBe(200);
    const pair = await made(client, 'systems', system({ systemTemplate: { href: pathOf(client, template.id) } }));
    expect(await machinesIn(pair)).toEqual(['a one', 'b two']);
    const all = await made(client, 'systems', system({ cloud: 'two', systemTemplate: { componentDescriptors: [node('c')] } }));
    expect(await machinesIn(all)).toEqual(['c two']);
    expectFault(
      await client.post('systems', system({ cloud: 'two', systemTemplate: { href: pathOf(client, template.id) } })),
      400,
      /componentDescriptors\[0\]\.cloud.*template names cloud 'one', but the request names cloud 'two'/,
    );
  });

  test('by a MachineTemplate that refers to names, which it keeps', async () => {
    const template = await made(client, 'machineTemplates', { name: 't', ...parts('debian-12', 'figures') });
    expect(pathOf(client, hrefOf(template.machineImage))).toBe('machineImages/debian-12');
    for (const cloud of ['one', 'two']) {
      const body = {
        resourceURI: `${CIMI}/MachineCreate`,
        name: `t-${cloud}`,
        cloud,
        machineTemplate: { href: pathOf(client, template.id) },
      };
      expect(await made(client, 'machines', body)).toMatchObject({ cloud, cpu: 2, memory: 4_194_304 });
    }
  });
});

describe('sizes', () => {
  test('show what is had on every cloud at least, and which size that is', async () => {
    expect(await get('machineConfigs/small')).toMatchObject({ name: 'small', cpu: 1, memory: 1_048_576 });
    expect(placesOf(await get('machineConfigs/small'))).toEqual([{ cloud: 'one', is: 'machineConfigs/one.s1_2esmall' }, { cloud: 'two' }]);
    const listed = listOf(await get("machineConfigs?$filter=name='small' and cpu=1"), 'machineConfigurations');
    expect(listed.map(({ id }) => pathOf(client, id))).toEqual(['machineConfigs/small']);
  });

  test('are the size of the cloud, or one that its figures choose', async () => {
    const memory = async (cloud: string) =>
      Number((await made(client, 'machines', create('debian-12', { name: `s-${cloud}`, cloud }))).memory);
    expect([await memory('one'), await memory('two')]).toEqual([2_097_152, 1_048_576]);
  });
});

test('a tenant sees the names of its own clouds only, and what they are there', async () => {
  expect((await client.get('machineImages/secret')).status).toBe(404);
  expect((await stranger.get('machineImages/newest')).status).toBe(404);
  expect((await stranger.get('machineImages/secret')).json).toMatchObject({ state: 'AVAILABLE' });
  expect(placesOf((await stranger.get('machineImages/debian-12')).json)).toEqual([
    { cloud: 'other', is: 'machineImages/other.img-debian-12' },
  ]);
  expect(
    (await made(stranger, 'machines', machineCreate({ name: 'own' }, { ...parts('secret', 'x'), machineConfig: { cpu: 1 } }))).cloud,
  ).toBe('other');
});
