import { encodeId } from '../../src/clouds/identity';
import type { Answer, Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { ACTION_URI, expectFault, listOf, made, openScene, succeeded, type Scene } from '../protocol/scene';
import { exported, machineIn, refOf, shopIn } from './export-scene';

/** Private addresses of machines that are moved: `addresses` among the properties of an import. */
const MIB = 2 ** 20;
const contents = { contentSize: 8 * MIB, contentAllocated: MIB };
let scene: Scene;
let client: Client;
/** A System of two Machines on two Networks of its own, in cloud a, and its package. */
let shop: Json;
let url: string;

beforeAll(async () => {
  const clouds = { a: simulatedCloud(contents), b: simulatedCloud(contents) };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, clouds } });
  client = scene.client;
  shop = await shopIn(client, 'a');
  ({ url } = await exported(client, shop.id));
});
afterAll(() => scene.close());
afterEach(() => scene.controlOf('b').clearFailures());

const get = async (uri: unknown): Promise<Json> => (await client.get(String(uri))).json;
const importing = (properties: object, source = url, collection = 'systems'): Promise<Answer> =>
  client.post(collection, { action: `${ACTION_URI}import`, source, properties: { cloud: 'b', ...properties } });
const everything = (cloud: string): number[] =>
  (['instance', 'nic', 'address', 'snapshot', 'copy', 'volume', 'net'] as const).map((kind) => scene.controlOf(cloud).things(kind).length);

/** Addresses of a Machine, by the names of the networks of its interfaces. */
async function ipsOf(machine: Json): Promise<Record<string, unknown[]>> {
  const nics = listOf(await refOf(client, machine, 'networkInterfaces'), 'machineNetworkInterfaces');
  const entries = nics.map(async (nic) => {
    const items = listOf(await refOf(client, nic, 'addresses'), 'machineNetworkInterfaceAddresses');
    const ips = await Promise.all(items.map(async (item) => (await refOf(client, item, 'address')).ip));
    return [String((await refOf(client, nic, 'network')).name), ips.toSorted()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The same of every Machine of a System, by its name. */
async function addressesOf(system: Json): Promise<Record<string, unknown>> {
  const members = listOf(await refOf(client, system, 'machines'), 'systemMachines');
  const machines = await Promise.all(members.map((member) => refOf(client, member, 'machine')));
  return Object.fromEntries(await Promise.all(machines.map(async (machine) => [String(machine.name), await ipsOf(machine)] as const)));
}

async function imported(properties: object, source = url): Promise<{ system: Json; job: Json }> {
  const answer = await importing(properties, source);
  const job = await succeeded(client, answer);
  return { system: await get(answer.headers.get('location')), job };
}

/** A STOPPED Machine in cloud a, on its default network with these addresses; its package's URL beside it. */
async function machineWith(name: string, ...ips: string[]): Promise<{ machine: Json; url: string }> {
  const network = { href: `networks/${encodeId('a', 'net-default')}` };
  const machine = await machineIn(client, 'a', name, { networkInterfaces: [{ network, addresses: ips.map((ip) => ({ ip })) }] });
  return { machine, url: (await exported(client, machine.id)).url };
}
const ONTO_DEFAULT = { 'ovf.network.default': `networks/${encodeId('b', 'net-default')}`, addresses: 'keep' };

test('the package tells the address of each interface, and the block of each network', async () => {
  const { text } = await client.get(url);
  const before = (await addressesOf(shop)) as Record<string, Record<string, string[]>>;
  const all = Object.values(before).flatMap((networks) => Object.values(networks).flat());
  expect(all).toHaveLength(3);
  for (const ip of all) expect(text).toContain(`>${ip}</cimi:address>`);
  const cidr = (await scene.client.get("networks?$filter=name='front'")).json;
  expect(text).toContain(
    `cimi:block xmlns:cimi="http://cimi-gateway.org/extension/1" ovf:required="false" network="front">${String(listOf(cidr, 'networks')[0]?.cidr)}<`,
  );
});

test('a System keeps its addresses on Networks that are made with their blocks; without the word it gets new ones', async () => {
  const before = await addressesOf(shop);
  // Otherwise the other cloud would give the same by itself.
  for (const name of ['x', 'y']) await made(client, 'networks', { name, cloud: 'b', networkTemplate: {} });
  const kept = await imported({ addresses: 'keep' });
  expect(await addressesOf(kept.system)).toEqual(before);
  expect(kept.job.statusMessage).toMatch(
    /addresses are kept as the cloud hands them out: what a guest has set up itself .* is not touched/,
  );
  const { system, job } = await imported({});
  expect(await addressesOf(system)).not.toEqual(before);
  expect(job.statusMessage).not.toMatch(/kept/);
});

test('onto an existing Network, in a cold move; the source is stopped and keeps what it had', async () => {
  const { machine, url: source } = await machineWith('mail', '10.0.50.1', 'fd00:0:0::50');
  await succeeded(client, await client.post(String(machine.id), { action: `${ACTION_URI}start` }));
  const { system } = await imported({ ...ONTO_DEFAULT, source: 'stop' }, source);
  expect(await addressesOf(system)).toEqual({ mail: { default: ['10.0.50.1', 'fd00:0:0::50'] } });
  expect(await get(machine.id)).toMatchObject({ state: 'STOPPED' });
  expect(await ipsOf(machine)).toEqual({ default: ['10.0.50.1', 'fd00:0:0::50'] });
});

test('the plan tells what is kept, and asks for nothing', async () => {
  const { url: source } = await machineWith('planned', '10.0.51.1');
  const before = everything('b');
  const job = await succeeded(client, await importing({ ...ONTO_DEFAULT, plan: 'true' }, source));
  const plan = listOf(job, 'plan');
  expect(plan).toContainEqual({ part: 'address of planned', detail: '10.0.51.1 of network default, kept' });
  expect(plan).toContainEqual({ part: 'package', detail: expect.stringMatching(/what a guest has set up itself/) as string });
  expect(everything('b')).toEqual(before);
  const without = await succeeded(client, await importing({ plan: 'true' }, source));
  expect(listOf(without, 'plan').map(({ part }) => part)).not.toContain('address of planned');
});

test('as a SystemTemplate, which then names them', async () => {
  const { url: source } = await machineWith('drawn', '10.0.52.1');
  const answer = await importing(ONTO_DEFAULT, source, 'systemTemplates');
  const job = await succeeded(client, answer);
  expect(job.statusMessage).toMatch(/there can be one System of them at a time/);
  const made = await client.post('systems', { systemTemplate: { href: answer.headers.get('location') } });
  await succeeded(client, made);
  expect(await addressesOf(await get(made.headers.get('location')))).toEqual({ drawn: { default: ['10.0.52.1'] } });
  // The template's export tells them, too.
  expect((await client.get((await exported(client, answer.headers.get('location'))).url)).text).toContain('>10.0.52.1</cimi:address>');
});

describe('refused before anything is made', () => {
  let source: string;
  let before: number[][];
  beforeAll(async () => {
    ({ url: source } = await machineWith('late', '10.0.53.1'));
    await machineIn(client, 'b', 'holder', {
      networkInterfaces: [{ network: { href: `networks/${encodeId('b', 'net-default')}` }, addresses: [{ ip: '10.0.53.1' }] }],
    });
    before = [everything('a'), everything('b')];
  });
  afterEach(() => expect([everything('a'), everything('b')]).toEqual(before));

  const doing = /name another Network in the property 'ovf\.network\.default', or leave out 'addresses'/;
  test.each([
    ['a word that is none', { addresses: 'yes' }, 400, [/^properties\.addresses: is 'keep' or 'new', not 'yes'/]],
    [
      'an address that is taken',
      ONTO_DEFAULT,
      409,
      [/the machine 'late': 10\.0\.53\.1 of networks\/b\.net-default is in use: machines\//, doing],
    ],
    [
      'a network of other addresses',
      { ...ONTO_DEFAULT, 'ovf.network.default': `networks/${encodeId('b', 'net-dmz')}` },
      400,
      [/10\.0\.53\.1 is not in networks\/b\.net-dmz, whose addresses are 10\.1\.0\.0\/16/, doing],
    ],
  ])('%s, by the import, the move and the plan', async (_, properties, status, words) => {
    for (const more of [{}, { source: 'stop' }, { plan: 'true' }]) {
      const answer = await importing({ ...properties, ...more }, source);
      for (const each of words) expectFault(answer, status, each);
    }
  });
});

test('one that the provider finds taken fails the Job in its words, and leaves nothing', async () => {
  const { url: source } = await machineWith('raced', '10.0.54.1');
  const before = everything('b');
  scene.controlOf('b').fail({ method: 'machines.create', kind: 'conflict', message: '10.0.54.1 is in use in net-default' });
  expectFault(await importing(ONTO_DEFAULT, source), 409, /10\.0\.54\.1 is in use in net-default/);
  expect(everything('b')).toEqual(before);
});
