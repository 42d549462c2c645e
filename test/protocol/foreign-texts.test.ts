import { standardCatalogue } from '../../src/model/catalogue';
import { CIMI, type Attribute, type Attributes, type ItemType } from '../../src/model/define';
import { simulatedCloud } from '../harness/gateway';
import type { Answer, Send } from '../harness/client';
import { listOf, made, machineCreate, NANO, openScene, type Scene } from './scene';

/**
 * Length of a long text. A request may be repeated to whoever sent it, but not at its length: a tenant must not be able to fill the
 * store, the memory or the log with what was refused, nor to find pieces of secrets in words.
 */
const LONG = 100_000;
const marker = (): string => 'x'.repeat(LONG);
/** Longest answer to a refused request, and longest line of the log, characters. */
const SHORT = 8_192;
const LINE = 17_000;

let scene: Scene;
let template: string;
let machine: string;

beforeAll(async () => {
  scene = await openScene({
    config: {
      server: { port: 0, limits: { bodyBytes: 4_000_000, urlBytes: 500_000, headerBytes: 500_000 } },
      jobs: { refusedPerTenant: 2_000 },
      clouds: { sim: simulatedCloud() },
    },
  });
  template = String((await made(scene.client, 'machineTemplates', { name: 'kept', machineConfig: { href: NANO } })).id);
  machine = String((await made(scene.client, 'machines', machineCreate({ name: 'kept' }))).id);
});
afterAll(() => scene.close());

/** Expects that everything that was kept of it is short: the answer, the Job, the log. */
function expectShort(answer: Answer): void {
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.text.length).toBeLessThan(SHORT);
  for (const [name, value] of answer.headers) expect([name, value.length < 1_024]).toEqual([name, true]);
}

async function expectNothingLong(): Promise<void> {
  const jobs = listOf((await scene.client.get('jobs')).json, 'jobs');
  expect(Math.max(...jobs.map((job) => JSON.stringify(job).length))).toBeLessThan(SHORT);
  expect(Math.max(...scene.gateway.logs().map((line) => JSON.stringify(line).length))).toBeLessThan(LINE);
}

/** Each writable place in an attribute, with something long in it. */
function longOnes(attribute: Attribute | ItemType): unknown[] {
  switch (attribute.kind) {
    case 'array':
      return longOnes(attribute.item).map((one) => [one]);
    case 'struct':
      return Object.entries(attribute.fields).flatMap(([name, field]) => longOnes(field).map((one) => ({ [name]: one })));
    case 'map':
      return [{ [marker()]: 'v' }, { k: marker() }];
    case 'ref':
      return [{ href: marker() }, { href: `machines/${marker()}` }, { href: `http://${marker()}/x` }, { [marker()]: 1 }];
    case 'uri':
      return [marker(), `http://${marker()}/x`, `${marker()}:x`];
    case 'collection':
      return [];
    default:
      return [marker()];
  }
}

function placesOf(attributes: Attributes): [place: string, body: object][] {
  return Object.entries(attributes).flatMap(([name, attribute]) => {
    const read = !attribute.consumer.endsWith('read-only') || attribute.onCreate === true;
    const named = attribute.jsonName ?? name;
    return read ? longOnes(attribute).map((value, at): [string, object] => [`${name} ${at}`, { [named]: value }]) : [];
  });
}

const catalogue = standardCatalogue();
const addable = [...catalogue.entryPoints()].filter(([, collection]) => collection.add && collection.item !== 'ResourceMetadata');

test.each(addable.map(([path, { item }]) => [path, item]))(
  '%s: whatever is long in a body is repeated shortly, if at all',
  async (path, item) => {
    const inline = catalogue.templateAttribute(item);
    const own = inline === undefined ? [] : placesOf(catalogue.attributesOf(catalogue.resource(item).create?.template ?? ''));
    const outer = placesOf(inline === undefined ? catalogue.attributesOf(item) : catalogue.envelopeOf(item));
    const bodies = [...outer, ...own.map(([place, body]): [string, object] => [`${inline}.${place}`, { [inline ?? '']: body }])];
    for (const [place, json] of bodies) {
      const answer = await scene.client.post(path, json);
      const wrong = answer.status < 400 || answer.text.length > SHORT;
      expect([place, wrong ? [answer.status, answer.text.slice(0, 300), answer.text.length] : 'short']).toEqual([place, 'short']);
    }
    await expectNothingLong();
  },
);

const xml = (text: string): Send => ({ xml: text });
const inTemplate = (inner: string): Send => xml(`<MachineTemplate xmlns="${CIMI}">${inner}</MachineTemplate>`);

const OTHERS: [string, () => [method: string, target: string, send: Send]][] = [
  ['a path', () => ['GET', `machines/${marker()}`, {}]],
  ['a path of no collection', () => ['GET', marker(), {}]],
  ['the path of a change', () => ['PUT', `machines/${marker()}`, { json: {} }]],
  ['the path of a delete', () => ['DELETE', `machines/${marker()}`, {}]],
  ['the path of a cloud', () => ['GET', `clouds/${marker()}/machines`, {}]],
  ['$filter', () => ['GET', `machines?$filter=name='${marker()}'`, {}]],
  ['$orderby', () => ['GET', `machines?$orderby=${marker()}:up`, {}]],
  ['$first', () => ['GET', `machines?$first=${marker()}`, {}]],
  ['$expand of a change', () => ['POST', `machines?from=${marker()}`, { json: { name: 1 } }]],
  ['Content-Type', () => ['POST', 'machines', { json: {}, headers: { 'content-type': marker() } }]],
  ['Accept', () => ['GET', 'machines', { headers: { accept: `${marker()}/x` } }]],
  ['If-Match', () => ['PUT', template, { json: { name: 'a' }, headers: { 'if-match': `"${marker()}"` } }]],
  ['Idempotency-Key', () => ['POST', 'machines', { json: {}, headers: { 'idempotency-key': marker() } }]],
  ['Content-Encoding', () => ['POST', 'machines', { json: {}, headers: { 'content-encoding': marker() } }]],
  ['Prefer and X-Request-Id', () => ['GET', 'nowhere', { headers: { prefer: `wait=${marker()}`, 'x-request-id': marker() } }]],
  ['a key of a body', () => ['POST', 'machines', { json: { [marker()]: 1 } }]],
  [
    'a key given twice',
    () => ['POST', 'machines', { xml: `{"${marker()}":1,"${marker()}":2}`, headers: { 'content-type': 'application/json' } }],
  ],
  ['resourceURI', () => ['POST', 'machines', { json: { resourceURI: marker() } }]],
  ['an action', () => ['POST', machine, { json: { resourceURI: `${CIMI}/Action`, action: `http://${marker()}` } }]],
  ['an action that is no URI', () => ['POST', machine, { json: { resourceURI: `${CIMI}/Action`, action: marker() } }]],
  ['what is no JSON', () => ['POST', 'machines', { xml: `{"name":${marker()}`, headers: { 'content-type': 'application/json' } }]],
  ['the root element', () => ['POST', 'machines', xml(`<${marker()}/>`)]],
  ['a namespace', () => ['POST', 'machines', xml(`<MachineCreate xmlns="${marker()}"/>`)]],
  ['an encoding', () => ['POST', 'machines', xml(`<?xml version="1.0" encoding="${marker()}"?><a/>`)]],
  ['an element', () => ['POST', 'machineTemplates', inTemplate(`<${marker()}/>`)]],
  ['an element of another namespace', () => ['POST', 'machineTemplates', inTemplate(`<name xmlns="${marker()}"/>`)]],
  ['an attribute', () => ['POST', 'machineTemplates', inTemplate(`<machineConfig ${marker()}="1"/>`)]],
  ['an attribute of a text', () => ['POST', 'machineTemplates', inTemplate(`<name ${marker()}="1"/>`)]],
  ['an end tag', () => ['POST', 'machineTemplates', inTemplate(`<name></${marker()}>`)]],
  ['a prefix', () => ['POST', 'machineTemplates', inTemplate(`<${marker()}:name/>`)]],
  ['text between elements', () => ['POST', 'machineTemplates', inTemplate(`${marker()}<name>a</name>`)]],
  ['a key of a property', () => ['POST', 'machineTemplates', inTemplate(`<property key="${marker()}"><a/></property>`)]],
  ['a name of a Job', () => ['PUT', 'jobs/none', { json: { name: marker() } }]],
];

test.each(OTHERS)('%s is repeated shortly, if at all', async (_place, request) => {
  const [method, target, send] = request();
  expectShort(await scene.client.send(method, target, send));
  await expectNothingLong();
});

test('refused requests of a megabyte each leave little behind, and the list of Jobs stays small', async () => {
  const href = 'x'.repeat(1_000_000);
  for (let at = 0; at < 25; at++) {
    const four = await Promise.all([1, 2, 3, 4].map(() => scene.client.post('machines', machineCreate({}, { machineImage: { href } }))));
    for (const answer of four) expectShort(answer);
  }
  expect((await scene.client.get('jobs')).text.length).toBeLessThan(1_000_000);
});

test.each([
  ['JSON without its end', 'application/json', '{"credentialTemplate":{"userName":"u","password":"HUSHHUSH}}'],
  ['JSON with a quote too many', 'application/json', '{"credentialTemplate":{"userName":"u","password":"a"HUSHHUSH"}}'],
  ['JSON with a bad escape', 'application/json', '{"credentialTemplate":{"password":"\\HUSHHUSH"}}'],
  [
    'XML with a bare less-than',
    'application/xml',
    `<CredentialCreate xmlns="${CIMI}"><credentialTemplate><password>a<HUSHHUSH</password></credentialTemplate></CredentialCreate>`,
  ],
  [
    'XML with a bare ampersand',
    'application/xml',
    `<CredentialCreate xmlns="${CIMI}"><credentialTemplate><password>a&HUSHHUSH;</password></credentialTemplate></CredentialCreate>`,
  ],
  [
    'XML with elements',
    'application/xml',
    `<CredentialCreate xmlns="${CIMI}"><credentialTemplate><password>a<HUSHHUSH>b</password></credentialTemplate></CredentialCreate>`,
  ],
])('pieces of a password are not in the words about %s: the place is', async (_what, type, text) => {
  const answer = await scene.client.send('POST', 'credentials', { xml: text, headers: { 'content-type': type } });
  expectShort(answer);
  expect(answer.text).not.toContain('HUSH');
  expect(answer.text).toMatch(/line 1, column \d+|ends too early/);
  expect(JSON.stringify(scene.gateway.logs())).not.toContain('HUSHHUSH');
  expect((await scene.client.get('jobs')).text).not.toContain('HUSHHUSH');
});

test('a body of no type is refused in a whole sentence', async () => {
  const response = await fetch(`${scene.client.base}machines`, { method: 'POST', body: new Uint8Array([123, 125]) });
  const { statusMessage } = (await response.json()) as { statusMessage: string };
  expect([response.status, statusMessage]).toEqual([415, expect.stringMatching(/this one says no Content-Type$/)]);
});

test('a template that was kept before there were bounds can be put back, with everything else changed', async () => {
  const { store } = scene.gateway.gateway;
  const path = template.replace(scene.client.base, '');
  const row = await store.resource(path);
  await store.transaction((unit) => unit.updateResource(path, undefined, { values: { ...row?.values, name: 'n'.repeat(5_000) } }));
  const read = (await scene.client.get(path)).json;
  expect((await scene.client.put(path, { ...read, description: 'new' })).status).toBe(200);
  expect((await scene.client.get(path)).json).toMatchObject({ name: 'n'.repeat(5_000), description: 'new' });
  const longer = await scene.client.put(path, { ...read, name: 'n'.repeat(5_001) });
  expect([longer.status, longer.json.statusMessage]).toEqual([
    400,
    expect.stringMatching(/^name: has 5001 bytes; at most 1024 are allowed/),
  ]);
});
