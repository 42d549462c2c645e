import { standardCatalogue } from '../../src/model/catalogue';
import { CIMI } from '../../src/model/define';
import { hashPassword } from '../../src/http/passwords';
import { newToken, hashToken } from '../../src/http/tokens';
import { foreignInstance } from '../../drivers/simulator/control';
import { type Answer, basic, type Client } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { expectFault, IMAGE, KEY_BYTES, listOf, machineCreate, made, NANO, openScene, pathOf, rels, succeeded, type Scene } from './scene';
import { elapse } from '../harness/wait';

/** Scene of two tenants on one account: `a`, to whom what was discovered belongs, and `b`. */
let scene: Scene;
let a: Client;
let b: Client;
const users: Record<string, Client> = {};
/** Path, by type, of what belongs to `b`. */
const foreign: Record<string, string> = {};
const MARK = 'secret-of-b';

async function user(name: string, tenant: string, role: 'reader' | 'operator' | 'admin'): Promise<Client> {
  const { access } = scene.gateway.gateway.store;
  await access.putPrincipal({ name, tenant, role, passwordHash: await hashPassword(`pw-${name}`) });
  const client = scene.client.as(basic(name, `pw-${name}`));
  users[name] = client;
  return client;
}

beforeAll(async () => {
  const cloud = simulatedCloud({}, { tenants: ['a', 'b'], discoveredTenant: 'a' });
  scene = await openScene({
    config: {
      access: { required: true },
      tenants: ['a', 'b', 'c'],
      jobs: { graceMs: 10_000 },
      clouds: { sim: cloud, own: simulatedCloud({}, { tenants: ['b'] }) },
    },
  });
  a = await user('ann', 'a', 'operator');
  b = await user('bob', 'b', 'operator');
  for (const [name, tenant, role] of [
    ['rae', 'b', 'reader'],
    ['ada', 'b', 'admin'],
    ['cleo', 'c', 'operator'],
  ] as const)
    await user(name, tenant, role);
  scene.control.add([foreignInstance('vm-found')]);
  scene.controlOf('own').add([foreignInstance('vm-own')]);
  const of = async (collection: string, body: object) => pathOf(b, (await made(b, collection, body)).id);
  foreign.MachineTemplate = await of('machineTemplates', { name: MARK, machineConfig: { href: NANO }, machineImage: { href: IMAGE } });
  foreign.MachineConfiguration = await of('machineConfigs', { name: MARK, cpu: 1, memory: 1024 });
  foreign.Credential = await of('credentials', { name: MARK, credentialTemplate: { key: KEY_BYTES } });
  foreign.CredentialTemplate = await of('credentialTemplates', { name: MARK, userName: 'u' });
  foreign.Machine = await of('machines', machineCreate({ name: MARK }));
  foreign.MachineImage = await of('machineImages', { name: MARK, imageLocation: foreign.Machine });
  const snapshots = (await b.get(`${foreign.Machine}/snapshots`)).json;
  foreign.MachineSnapshot = pathOf(b, listOf(snapshots, 'machineSnapshots')[0]?.id);
  foreign.Job = pathOf(b, listOf((await b.get('jobs?$last=1')).json, 'jobs')[0]?.id);
});
afterAll(() => scene.close());

const catalogue = standardCatalogue();
const types = [
  'Machine',
  'MachineTemplate',
  'MachineConfiguration',
  'MachineImage',
  'Credential',
  'CredentialTemplate',
  'MachineSnapshot',
  'Job',
];
/** Ids computed from what the provider calls b's machine and image, and what b's own cloud holds. */
const computed = (): string[] => [
  `machines/sim.${scene.control.instances().find(({ label }) => label === MARK)?.id ?? ''}`,
  `machineImages/sim.${scene.control.snapshots().find(({ label }) => label === MARK)?.id ?? ''}`,
  'machines/own.vm-own',
  'machineImages/own.img-debian-12',
  'machineConfigs/own.s1_2enano',
  'networks/own.net-dmz',
  'clouds/own/machines/own.vm-own',
];

/** The same answer as for what does not exist. */
function nothingThere(answer: Answer): void {
  expectFault(answer, 404, /^there is nothing at /);
  expect(answer.text).not.toContain(MARK);
  expect(answer.headers.get('etag')).toBeNull();
}

async function everyWay(client: Client, path: string, type: string): Promise<void> {
  for (const query of ['', '?$expand=*', '?$select=name', '?$format=json']) nothingThere(await client.get(path + query));
  nothingThere(await client.get(path, { 'if-none-match': '*' }));
  nothingThere(await client.put(path, { name: 'x' }));
  nothingThere(await client.put(`${path}?$select=name`, { name: 'x' }, { 'if-match': '*' }));
  nothingThere(await client.delete(path));
  for (const [name, action] of Object.entries(catalogue.resource(type).actions ?? {})) {
    if (action.kind !== 'action') continue;
    const [answer, none] = await Promise.all([path, `${path.slice(0, path.lastIndexOf('/'))}/none`].map((uri) => client.act(uri, name)));
    expect([name, answer?.status, answer?.text.includes(MARK)]).toEqual([name, none?.status, false]);
    expect([404, 405]).toContain(answer?.status);
  }
  for (const attribute of catalogue.nestedOf(type).keys()) nothingThere(await client.get(`${path}/${attribute}`));
}

test.each(types)('every way to a foreign %s is 404', async (type) => {
  const path = foreign[type] ?? '';
  expect((await b.get(path)).status).toBe(200);
  const before = (await b.get(path)).json;
  const { instances, snapshots } = { instances: scene.control.instances(), snapshots: scene.control.snapshots() };
  await everyWay(a, path, type);
  await everyWay(a, `clouds/sim/${path}`, type);
  expect((await b.get(path)).json).toEqual(before);
  expect([scene.control.instances(), scene.control.snapshots()]).toEqual([instances, snapshots]);
});

test('computed ids, of items and of clouds, are 404 as well', async () => {
  for (const path of computed()) {
    const bare = path.replace(/^clouds\/own\//, '');
    await everyWay(a, path, catalogue.locate(bare)?.type ?? '');
  }
  for (const path of ['clouds/own/cloudEntryPoint', 'clouds/own/machines', 'clouds/own/resourceMetadata/Machine'])
    nothingThere(await a.get(path));
  // Under its computed id what the gateway made is not there for its owner either: it has one id.
  nothingThere(await b.get(computed()[0] ?? ''));
});

test('lists hold one’s own alone; what was discovered belongs to its tenant; images and sizes of the provider are everybody’s', async () => {
  for (const [segment, { item, json }] of catalogue.entryPoints()) {
    if (!(item in foreign)) continue;
    const answer = await a.get(`${segment}?$expand=*`);
    expect([segment, answer.status, answer.text.includes(MARK)]).toEqual([segment, 200, false]);
    expect(listOf(answer.json, json).map(({ id }) => pathOf(a, id))).not.toContain(foreign[item]);
    expect((await a.get(`${segment}?$filter=name='${MARK}'`)).json.count).toBe(0);
    expect((await b.get(`${segment}?$filter=name='${MARK}'`)).json.count).toBe(['Job'].includes(item) ? 0 : 1);
  }
  const ids = async (client: Client, list: string, json: string) =>
    listOf((await client.get(list)).json, json).map(({ id }) => pathOf(client, id));
  expect(await ids(a, 'machines', 'machines')).toEqual(['machines/sim.vm-found']);
  expect((await ids(b, 'machines', 'machines')).sort()).toEqual(['machines/own.vm-own', foreign.Machine].sort());
  nothingThere(await b.get('machines/sim.vm-found'));
  for (const client of [a, b]) {
    expect(await ids(client, 'machineImages', 'machineImages')).toContain(IMAGE);
    expect(await ids(client, 'machineConfigs', 'machineConfigurations')).toContain(NANO);
    expect((await client.get(IMAGE)).status).toBe(200);
  }
});

test('an image found in the account is its tenant’s alone, also once it has a row', async () => {
  const image = {
    kind: 'snapshot',
    id: 'img-private',
    label: 'private',
    note: null,
    labels: {},
    holds: 'disk',
    builtin: false,
    arch: 'x86_64',
  } as const;
  scene.control.add([
    { ...image, parent: null, power: null, timeline: [{ phase: 'ready', from: 0 }], madeAt: Date.now(), tag: null, token: null },
  ]);
  await elapse(250);
  const path = 'machineImages/sim.img-private';
  for (const rename of [false, true]) {
    if (rename) await succeeded(a, await a.put(`${path}?$select=name`, { name: 'renamed' }));
    expect((await a.get(path)).json.name).toBe(rename ? 'renamed' : 'private');
    await everyWay(b, path, 'MachineImage');
    expect((await b.get('machineImages')).text).not.toContain('img-private');
  }
});

test('references in bodies name a dangling one, and never whose it is', async () => {
  const { instances } = { instances: scene.control.instances() };
  const template = { machineConfig: { href: NANO }, machineImage: { href: IMAGE } };
  const bodies: [string, object][] = [
    ['machines', { machineTemplate: { href: foreign.MachineTemplate } }],
    ['machines', machineCreate({}, { ...template, machineConfig: { href: foreign.MachineConfiguration } })],
    ['machines', machineCreate({}, { ...template, machineImage: { href: foreign.MachineImage } })],
    ['machines', machineCreate({}, { ...template, credential: { href: foreign.Credential } })],
    ['machines', machineCreate({}, { ...template, machineImage: { href: 'machineImages/own.img-debian-12' } })],
    ['machineTemplates', { machineImage: { href: foreign.MachineImage } }],
    ['machineTemplates', { credential: { href: foreign.Credential } }],
    ['credentials', { credentialTemplate: { href: foreign.CredentialTemplate } }],
    ['machineImages', { imageLocation: foreign.Machine }],
    ['machineImages', { imageLocation: `${a.base}${foreign.Machine ?? ''}` }],
    [`machineImages?from=capture&machine=${(foreign.Machine ?? '').split('/')[1] ?? ''}`, {}],
  ];
  for (const [collection, body] of bodies) {
    const answer = await a.post(collection, body);
    expectFault(answer, 400, /there is no \w+ at /);
    expect(answer.text).not.toContain(MARK);
  }
  expectFault(
    await a.act('machines/sim.vm-found', 'restore', { image: `${a.base}${foreign.MachineImage ?? ''}` }),
    400,
    /there is no MachineImage at/,
  );
  expect(scene.control.instances()).toEqual(instances);
});

test('Idempotency-Keys are each tenant’s own', async () => {
  const key = { 'idempotency-key': 'shared' };
  const [one, two] = [await a.post('machineTemplates', { name: 'of a' }, key), await b.post('machineTemplates', { name: 'of b' }, key)];
  expect([one.status, two.status, one.json.name, two.json.name]).toEqual([201, 201, 'of a', 'of b']);
  expect(one.headers.get('cimi-job-uri')).not.toBe(two.headers.get('cimi-job-uri'));
  // What an operator did is no answer for a reader of the same tenant.
  expectFault(await (users.rae as Client).post('machineTemplates', { name: 'of b' }, key), 403, /'rae' has the role reader/);
});

test('what is shared is nobody’s to change', async () => {
  expectFault(await b.put(`${IMAGE}?$select=name`, { name: 'b was here' }), 403, /does not own it/);
  expectFault(await b.delete(IMAGE), 403, /does not own it/);
  expect((await a.get(IMAGE)).json.name).toBe('Debian 12');
});

test('roles: a reader reads, an operator and an admin of the tenant change', async () => {
  const rae = users.rae as Client;
  const machine = (await rae.get(foreign.Machine ?? '')).json;
  expect([machine.name, machine.operations]).toEqual([MARK, undefined]);
  for (const list of ['machines', 'machineTemplates', 'credentials']) expect(rels((await rae.get(list)).json)).toEqual([]);
  const before = (await b.get('machineTemplates')).json.count;
  const tries: Promise<Answer>[] = [
    rae.post('machineTemplates', { name: 'x' }),
    rae.put(foreign.MachineTemplate ?? '', { name: 'x' }),
    rae.delete(foreign.MachineTemplate ?? ''),
    rae.act(foreign.Machine ?? '', 'stop'),
    rae.delete(foreign.Job ?? ''),
  ];
  for (const answer of await Promise.all(tries)) expectFault(answer, 403, /'rae' has the role reader/);
  expect((await b.get('machineTemplates')).json.count).toBe(before);
  const ada = users.ada as Client;
  const uri = String((await made(ada, 'machineTemplates', { name: 'by ada' })).id);
  expect((await b.delete(uri)).status).toBe(200);
});

test('a tenant without clouds has none of them', async () => {
  const cleo = users.cleo as Client;
  expect((await cleo.get('machines')).json).toMatchObject({ count: 0 });
  expect(rels((await cleo.get('machines')).json)).toEqual([]);
  nothingThere(await cleo.get(IMAGE));
  nothingThere(await cleo.get('clouds/sim/cloudEntryPoint'));
  expect((await cleo.get('cloudEntryPoint')).json.resourceURI).toBe(`${CIMI}/CloudEntryPoint`);
  expectFault(await cleo.post('machines', machineCreate()), 405, /no cloud is configured for the tenant 'c'/);
});

test('logins: Basic and bearer, and 401 with an unstored Job for all else', async () => {
  const token = newToken();
  await scene.gateway.gateway.store.access.addToken({ id: 'test', principal: 'bob', hash: hashToken(token), expires: null });
  const bearer = scene.client.as({ authorization: `Bearer ${token}` });
  expect((await bearer.get(foreign.Machine ?? '')).json.name).toBe(MARK);
  const jobs = (await b.get('jobs')).json.count;
  const login = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  for (const authorization of [undefined, login('bob:wrong'), login('nobody:pw-bob'), `Bearer ${token}x`, 'Digest x', login('bob')]) {
    const stranger = authorization === undefined ? scene.client : scene.client.as({ authorization });
    for (const answer of [await stranger.get('machines'), await stranger.post('machineTemplates', { name: 'x' })]) {
      expectFault(answer, 401, /./);
      expect([answer.json.id, answer.headers.get('cimi-job-uri')]).toEqual(['', null]);
      expect(answer.headers.get('www-authenticate')).toMatch(/Basic realm/);
    }
  }
  expect((await b.get('jobs')).json.count).toBe(jobs);
});
