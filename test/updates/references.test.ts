import { CIMI } from '../../src/model/define';
import { simulatedCloud } from '../harness/gateway';
import type { Json } from '../harness/client';
import { expectFault, listOf, made, openScene, pathOf, type Scene } from '../protocol/scene';

/** Scene for the proof of where references lead: resolved as RFC 3986 says, and never from a request for one cloud into another. */
let scene: Scene;
let here: Readonly<Record<'network' | 'machine' | 'volume' | 'system' | 'config' | 'twin', string>>;
const IMAGE = 'machineImages/one.img-debian-12';
const NANO = 'machineConfigs/one.s1_2enano';

beforeAll(async () => {
  scene = await openScene({ config: { clouds: { one: simulatedCloud(), two: simulatedCloud() }, jobs: { graceMs: 10_000 } } });
  const { client } = scene;
  const make = async (collection: string, body: object): Promise<string> => pathOf(client, (await made(client, collection, body)).id);
  here = {
    network: await make('clouds/one/networks', { networkTemplate: { networkConfig: {} } }),
    machine: await make('machines', { machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } } }),
    volume: await make('clouds/one/volumes', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }),
    system: await make('systems', { systemTemplate: {} }),
    config: await make('machineConfigs', { cpu: 1, memory: 1_048_576, cloud: 'one' }),
    twin: await make('clouds/two/volumes', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }),
  };
});
afterAll(() => scene.close());

const get = async (path: string): Promise<Json> => (await scene.client.get(path)).json;
const count = async (collection: string): Promise<number> => Number((await get(collection)).count);

describe('5.5.10, RFC 3986: one reference in its many forms', () => {
  const forms = (path: string): string[] => {
    const { base } = scene.client;
    const { host, pathname } = new URL(base);
    const named = `http://${host.toUpperCase()}${pathname}${path}`;
    return [path, `./${path}`, `x/../${path}`, path.replace('m', '%6d'), base + path, `${base}./${path}`, named];
  };

  test('in creates, updates and parameters of actions it is the same', async () => {
    const machineConfig = { href: NANO };
    for (const href of forms(IMAGE)) {
      const template = await made(scene.client, 'machineTemplates', { machineConfig, machineImage: { href } });
      expect([href, template.machineImage]).toEqual([href, { href: scene.client.base + IMAGE }]);
      const xml = `<MachineTemplate xmlns="${CIMI}"><machineImage href="${href}"/></MachineTemplate>`;
      const answer = await scene.client.send('PUT', `${pathOf(scene.client, template.id)}?$select=machineImage`, { xml });
      expect([href, answer.status, (await get(String(template.id))).machineImage]).toEqual([href, 200, template.machineImage]);
    }
    for (const href of forms('volumes/none'))
      expectFault(
        await scene.client.act(here.machine, 'restore', { image: href }),
        400,
        /volumes\/none is a Volume, a MachineImage is needed/,
      );
  });

  test.each([
    ['../machineImages/x', /is not below the base URI/],
    ['/cimi/machineImages/x', /leading slash/],
    ['http://elsewhere.example/machineImages/x', /another host/],
    [`machineImages/${'x'.repeat(1500)}`, /^(?=.{0,300}$).*there is no MachineImage at machineImages\/xxx/],
  ])('a wrong one is refused in words of bounded length: %s', async (href, words) => {
    expectFault(await scene.client.post('machineTemplates', { machineImage: { href } }), 400, words);
  });
});

describe('operating 1: a request for one cloud refers to nothing in another', () => {
  const ELSEWHERE = /is in cloud 'one', but the request (came to the entry point of|names cloud) 'two'/;
  const cases: [string, () => object][] = [
    ['machines', () => ({ machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } } })],
    ['machineTemplates', () => ({ machineImage: { href: IMAGE } })],
    ['machineImages', () => ({ imageLocation: here.machine })],
    ['volumeImages', () => ({ imageLocation: { href: here.volume } })],
    ['networkPorts', () => ({ networkPortTemplate: { network: { href: here.network } } })],
    ['networkPortTemplates', () => ({ network: { href: here.network }, networkPortConfig: {} })],
    ['addresses', () => ({ addressTemplate: { network: { href: here.network } } })],
    ['addressTemplates', () => ({ network: { href: here.network } })],
    ['forwardingGroups', () => ({ forwardingGroupTemplate: { networks: [{ href: here.network }] } })],
    ['forwardingGroupTemplates', () => ({ networks: [{ href: here.network }] })],
    ['SYSTEM/machines', () => ({ machine: { href: here.machine } })],
    ['MACHINE/volumes', () => ({ volume: { href: here.volume } })],
    ['systems', () => ({ systemTemplate: { componentDescriptors: [port()] } })],
  ];
  const port = (): object => ({ type: `${CIMI}/NetworkPort`, networkPortTemplate: { network: { href: here.network } } });

  test.each(cases)('by entry point: %s', async (collection, body) => {
    const path = collection.replace('SYSTEM', here.system).replace('MACHINE', here.machine);
    const before = await count(path);
    expectFault(await scene.client.post(`clouds/two/${path}`, body()), 400, ELSEWHERE);
    expect(await count(path)).toBe(before);
  });

  const NAMING = ['machines', 'machineImages', 'volumeImages', 'networkPorts', 'addresses', 'forwardingGroups'];
  test.each(cases.filter(([collection]) => NAMING.includes(collection)))('by name: %s', async (collection, body) => {
    expectFault(await scene.client.post(collection, { ...body(), cloud: 'two' }), 400, ELSEWHERE);
    const entry = await scene.client.post(`clouds/one/${collection}`, { ...body(), cloud: 'two' });
    expectFault(entry, 400, /names cloud 'two', but it came to the entry point of 'one'/);
    expectFault(
      await scene.client.post(collection, { ...body(), cloud: 'three' }),
      400,
      /there is no cloud 'three'; candidates are 'one', 'two'/,
    );
  });

  test("the gateway's own configurations stay in the cloud that they name", async () => {
    const image = { href: IMAGE.replace('one.', 'two.') };
    const body = { machineTemplate: { machineConfig: { href: here.config }, machineImage: image } };
    expectFault(await scene.client.post('clouds/two/machines', body), 400, ELSEWHERE);
    expectFault(await scene.client.post('machines', body), 400, /in cloud 'one'.*in cloud 'two'|in cloud 'two'.*in cloud 'one'/);
    expectFault(await scene.client.post('clouds/two/machineConfigs', { memory: 1, cloud: 'one' }), 400, /names cloud 'one'/);
  });

  test('a parameter of an action in another cloud is refused too', async () => {
    const [image] = listOf(await get('clouds/two/machineImages'), 'machineImages');
    expectFault(
      await scene.client.act(here.machine, 'restore', { image: { href: image?.id } }),
      400,
      /one create cannot span two clouds|is in cloud/,
    );
    expectFault(await scene.client.post(`${here.machine}/volumes`, { volume: { href: here.twin } }), 400, /cannot span two clouds/);
  });
});
