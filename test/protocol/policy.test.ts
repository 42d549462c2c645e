import { hashPassword } from '../../src/http/passwords';
import { gatewayCatalogue } from '../../src/model/catalogue';
import type { Policy, Subject } from '../../src/reader/policy';
import { type Answer, basic, type Client, type Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { Walk, type Visit } from './operations-walk';
import { makersFor, populate } from './population';
import { expectFault, KEY_BYTES, listOf, machineCreate, openScene, pathOf, type Scene } from './scene';

/**
 * Every path passes the one policy (docs/decisions/0029): a policy of the test's own stands before the gateway's, writes
 * down what it is asked and says no where the test wants it to.
 */
let scene: Scene;
let operator: Client;
let reader: Client;
let other: Client;
let visits: Visit[];
const catalogue = gatewayCatalogue();

/** Refusals of the test's policy beside those of the gateway's own. */
const denied = { reading: (_subject: Subject): boolean => false, scope: false, changing: (_subject: object): boolean => false };
const asked: Subject[] = [];
let changesAsked = 0;

const watching = (own: Policy): Policy => ({
  cloudsOf: (tenant, type) => (denied.scope ? [] : own.cloudsOf(tenant, type)),
  rowsOf: (tenant) => (denied.scope ? [] : own.rowsOf(tenant)),
  mayAsk: (caller) => own.mayAsk(caller),
  mayReadAudit: (asker) => own.mayReadAudit(asker),
  mayRead(subject, tenant) {
    asked.push(subject);
    return denied.reading(subject) ? 'no' : own.mayRead(subject, tenant);
  },
  mayChange(caller, subject, action) {
    changesAsked += 1;
    return denied.changing(subject) ? 'foreign' : own.mayChange(caller, subject, action);
  },
});

beforeAll(async () => {
  const delays = { create: 5, start: 5, stop: 5, pause: 5, suspend: 5, restart: 5, restore: 5, delete: 5, capture: 5 };
  scene = await openScene({
    policy: watching,
    config: {
      access: { required: true },
      tenants: ['default', 'other'],
      jobs: { graceMs: 10_000 },
      clouds: {
        sim: simulatedCloud(
          { delays, lingerMs: 0 },
          {
            ...{ tenants: ['default', 'other'], discoveredTenant: 'default', guard: { cacheMs: 0 } },
            ...{ images: { 'debian-12': 'default' }, sizes: { small: 's1.small' } },
          },
        ),
      },
    },
  });
  const user = async (name: string, role: 'operator' | 'reader', tenant: string) => {
    await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role, passwordHash: await hashPassword(`pw-${name}`) });
    return scene.client.as(basic(name, `pw-${name}`));
  };
  operator = await user('op', 'operator', 'default');
  reader = await user('rae', 'reader', 'default');
  other = await user('ben', 'operator', 'other');
  await populate(operator, scene.control);
  const all = await new Walk(operator, catalogue).all();
  const jobs = all.filter(({ type }) => type === 'Job');
  visits = [
    { path: 'cloudEntryPoint', type: 'CloudEntryPoint', collection: false, offers: [] },
    ...all.filter(({ type }) => type !== 'Job'),
    ...jobs.slice(0, 3),
  ];
});
afterEach(() => Object.assign(denied, { reading: () => false, scope: false, changing: () => false }));
afterAll(() => scene.close());

const items = (): Visit[] => visits.filter(({ collection }) => !collection);
const isNested = ({ path }: Visit): boolean => catalogue.locate(path)?.owner !== undefined;

/** Tries every change that a path could take. */
async function changesOf(client: Client, { path, type, collection }: Visit): Promise<Answer[]> {
  if (collection) return [await client.post(path, {})];
  const [action] = Object.entries(catalogue.resource(type).actions ?? {}).flatMap(([name, { kind }]) => (kind === 'action' ? [name] : []));
  const acted = await client.act(path, action ?? 'none');
  return [await client.put(`${path}?$select=name`, { name: 'x' }), acted, await client.delete(path)];
}

/** Statuses with which changes of a path are answered; 405 is a matter of its type alone. */
async function answered(client: Client, all: readonly Visit[]): Promise<string[]> {
  const statuses = new Set<string>();
  for (const visit of all) for (const { status } of await changesOf(client, visit)) if (status !== 405) statuses.add(String(status));
  return [...statuses].sort();
}

test('the paths are those of the catalogue: every Collection of the entry point, every type that is served, every Collection in it', async () => {
  const paths = new Set(visits.map(({ path }) => path));
  const entry = (await operator.get('cloudEntryPoint')).json;
  for (const segment of catalogue.entryPoints().keys()) if (entry[segment] !== undefined) expect(paths).toContain(segment);
  const served = listOf((await operator.get('resourceMetadata')).json, 'resourceMetadatas').map(({ id }) => String(id).split('/').at(-1));
  const types = new Set(items().map(({ type }) => type));
  expect(served.length).toBeGreaterThan(40);
  // Nothing in the population is of these associations; Samples come when something was measured.
  const missing = served.filter((type) => type !== undefined && type !== 'Sample' && !types.has(type));
  expect(missing.sort()).toEqual(['SystemForwardingGroup', 'SystemNetworkPort', 'SystemSystem']);
  for (const { path, type } of items()) {
    const { json } = await operator.get(path);
    for (const attribute of catalogue.nestedOf(type).keys())
      if (json[attribute] !== undefined) expect(paths).toContain(`${path}/${attribute}`);
  }
});

test('each reading asks the policy about a resource of its type', async () => {
  for (const { path, type, collection } of items()) {
    asked.length = 0;
    expect([path, collection, (await operator.get(path)).status]).toEqual([path, false, 200]);
    expect([path, asked.some((subject) => subject.type === type)]).toEqual([path, true]);
  }
});

test('a policy that denies everything leaves nothing to be read and nothing to be changed', async () => {
  Object.assign(denied, { reading: () => true, scope: true, changing: () => true });
  for (const visit of visits) {
    const { status, json } = await operator.get(visit.path);
    if (visit.collection && !isNested(visit)) expect([visit.path, status, json.count]).toEqual([visit.path, 200, 0]);
    else expect([visit.path, status]).toEqual([visit.path, 404]);
  }
  expect(await answered(operator, items())).toEqual(['404']);
  expect(
    await answered(
      operator,
      visits.filter((visit) => visit.collection && isNested(visit)),
    ),
  ).toEqual(['404']);
});

test('items are denied one by one, too, whatever rows and clouds are looked through', async () => {
  denied.reading = () => true;
  for (const visit of visits) {
    const { status, json } = await operator.get(`${visit.path}?$expand=*`);
    const grouping = catalogue.locate(visit.path)?.collection?.json ?? '';
    if (!visit.collection || isNested(visit)) expect([visit.path, status]).toEqual([visit.path, 404]);
    else if (visit.type !== 'JobCollection') expect([visit.path, listOf(json, grouping)]).toEqual([visit.path, []]);
  }
  for (const body of [machineCreate(), { machineTemplate: { href: 'machineTemplates/none' } }])
    expectFault(await operator.post('machines', body), 400, /there is no \w+ at /);
});

test('a policy that denies changes refuses each, and is asked each time', async () => {
  denied.changing = () => true;
  for (const visit of items()) {
    const before = changesAsked;
    const statuses = (await changesOf(operator, visit)).map(({ status }) => status).filter((status) => status !== 405);
    // An Action of a type that has none is refused for that.
    expect([visit.path, statuses.filter((status) => status !== 403 && status !== 400)]).toEqual([visit.path, []]);
    if (statuses.includes(403)) expect(changesAsked).toBeGreaterThan(before);
    expect((await operator.get(visit.path)).json.operations).toBeUndefined();
  }
  const nested = visits.filter((visit) => visit.collection && isNested(visit));
  expect(await answered(operator, nested)).toEqual(['403']);
});

test('a reader may read all of it and change none', async () => {
  for (const visit of visits) expect([visit.path, (await reader.get(visit.path)).status]).toEqual([visit.path, 200]);
  const statuses = new Set<number>();
  for (const visit of visits) for (const { status } of await changesOf(reader, visit)) statuses.add(status);
  expect([...statuses]).toEqual([403]);
});

test('for another tenant on the same account nothing is there but what the provider offers to everybody', async () => {
  const shared: Visit[] = [];
  for (const visit of visits) {
    if ((!visit.collection || isNested(visit)) && (await other.get(visit.path)).status === 200) shared.push(visit);
  }
  const types = new Set(shared.filter(({ collection }) => !collection).map(({ type }) => type));
  const everybodys = [
    'Cloud',
    'CloudEntryPoint',
    'MachineConfiguration',
    'MachineImage',
    'MeterConfiguration',
    'Network',
    'NetworkConfiguration',
    'ResourceMetadata',
    'VolumeConfiguration',
  ];
  expect([...types].filter((type) => !everybodys.includes(type))).toEqual([]);
  expect(types).toContain('MachineImage');
  const own = (visit: Visit) => !shared.includes(visit);
  expect(await answered(other, items().filter(own))).toEqual(['404']);
  expect(
    await answered(
      other,
      shared.filter(({ collection }) => !collection),
    ),
  ).toEqual(['403']);
  expect(
    await answered(
      other,
      visits.filter((visit) => visit.collection && isNested(visit) && own(visit)),
    ),
  ).toEqual(['404']);
});

/** References to resources of a type within a value, by the attributes that hold them. */
function leading(value: unknown, to: ReadonlySet<string>, attribute: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => leading(one, to, attribute));
  if (typeof value !== 'object' || value === null) return [];
  const own = 'href' in value && to.has(pathOf(operator, value.href)) ? [attribute] : [];
  return [...own, ...Object.entries(value).flatMap(([name, inner]) => leading(inner, to, name))];
}

/** Names of mandatory attributes that refer to a type, or to anything. */
function mandatoryTo(type: string): Set<string> {
  const declared = catalogue.resources.flatMap(({ name }) => Object.entries(catalogue.attributesOf(name)));
  return new Set(
    declared.flatMap(([name, attribute]) =>
      attribute.kind === 'ref' && [type, '*'].includes(attribute.to) && attribute.consumer.startsWith('mandatory') ? [name] : [],
    ),
  );
}

test.each([
  'Machine',
  'MachineImage',
  'MachineConfiguration',
  'Credential',
  'Volume',
  'Network',
  'NetworkPort',
  'Address',
  'ForwardingGroup',
])('what may not be read is referred to nowhere: %s', async (type) => {
  const paths = new Set(items().flatMap((visit) => (visit.type === type ? [visit.path] : [])));
  const others = visits.filter(({ path }) => ![...paths].some((one) => path.startsWith(one)) && catalogue.locate(path)?.type !== 'Job');
  denied.reading = (subject) => subject.type === type;
  const found = new Set<string>();
  for (const { path } of others) {
    const { status, json } = await operator.get(`${path}?$expand=*`);
    if (status === 200) for (const attribute of leading(json, paths, '')) found.add(attribute);
  }
  // What is mandatory stays (D015): a Job's target, what a template or an association is about. An Event outlives what it tells of.
  expect([...found].filter((name) => name !== 'about' && !mandatoryTo(type).has(name))).toEqual([]);
});

test('nothing that is only shared gets into a System of another tenant, which would delete it', async () => {
  const system = await makersFor(other).make('systems', { systemTemplate: { componentDescriptors: [] } });
  const credential = await makersFor(other).make('credentials', { credentialTemplate: { key: KEY_BYTES } });
  const path = `${system}/credentials`;
  denied.changing = (subject) => 'type' in subject && subject.type === 'Credential';
  expectFault(await other.post(path, { credential: { href: credential } }), 403, /does not own it/);
  denied.changing = () => false;
  expect((await other.post(path, { credential: { href: credential } })).status).toBe(201);
  expect(listOf((await other.get(path)).json, 'systemCredentials').map((one: Json) => (one.credential as unknown as Json).href)).toEqual([
    other.base + credential,
  ]);
});
