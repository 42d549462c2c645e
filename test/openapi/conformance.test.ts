import { CIMI } from '../../src/model/define';
import type { Answer, Json } from '../harness/client';
import { IMAGE, KEY_BYTES, machineCreate, openScene, succeeded, type Scene } from '../protocol/scene';
import { checker, type Check, type Document, operationOf, responseOf, type Schema } from './schemas';

/** Scene for the proof that what the gateway really answers is what `/openapi.json` says that it answers. */
let scene: Scene;
let document: Document;
let compile: (schema: Schema) => Check;

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
  const answer = await fetch(new URL('/openapi.json', scene.client.base));
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  document = (await answer.json()) as Document;
  compile = checker(document);
});
afterAll(() => scene.close());

const schemaOf = (described: Schema | undefined, type = 'application/json') =>
  (described?.['content'] as Record<string, { schema: Schema }> | undefined)?.[type]?.schema;

/** Sends a request, and holds both it and its answer against the document. */
async function sent(method: string, uri: unknown, json?: object, headers: Record<string, string> = {}): Promise<Answer> {
  const path = String(uri).replace(scene.client.base, '');
  const operation = operationOf(document, method, path);
  if (!operation) throw new Error(`the document knows no ${method} of ${path}`);
  if (json) {
    const body = schemaOf(operation.requestBody as unknown as Schema);
    expect([path, body && compile(body)(json)]).toEqual([path, undefined]);
  }
  const answer = await scene.client.send(method, path, { ...(json ? { json } : {}), headers });
  conforms(answer, responseOf(document, operation, answer.status));
  return answer;
}

function conforms(answer: Answer, declared: Schema | undefined): void {
  expect(declared).toBeDefined();
  const schema = schemaOf(declared);
  expect([answer.text === '', schema === undefined]).toEqual([answer.status === 304, answer.status === 304]);
  if (schema) expect([compile(schema)(answer.json), answer.text.length > 0]).toEqual([undefined, true]);
  const known = Object.keys((declared?.['headers'] ?? {}) as object).map((name) => name.toLowerCase());
  for (const name of ['etag', 'location', 'retry-after', 'cimi-job-uri', 'www-authenticate', 'allow', 'link'])
    if (answer.headers.has(name)) expect(known).toContain(name);
}

const itemsOf = (collection: Json, name: string) => (collection[name] ?? []) as Json[];

test('the entry point, and every collection and item that it leads to', async () => {
  const { json } = await sent('GET', 'cloudEntryPoint');
  const hrefOf = (value: unknown) => (typeof value === 'object' && value !== null && 'href' in value ? [String(value.href)] : []);
  const led = Object.values(json as object).flatMap(hrefOf);
  expect(led.length).toBeGreaterThan(8);
  for (const uri of led) {
    const lists = Object.values((await sent('GET', uri)).json as object).filter((value: unknown) => Array.isArray(value)) as Json[][];
    const items = lists.flat().filter((item) => 'id' in item);
    for (const { id } of items) await sent('GET', id);
  }
});

test('the life of a machine', async () => {
  const made = await sent('POST', 'machines', machineCreate({ name: 'described', properties: { a: 'b' } }), { 'idempotency-key': 'once' });
  expect(made.status).toBe(201);
  const uri = String(made.json.id);
  const job = await sent('GET', made.headers.get('cimi-job-uri'));
  expect(job.json.state).toBe('SUCCESS');
  const read = await sent('GET', uri);
  expect((await sent('GET', uri, undefined, { 'if-none-match': read.headers.get('etag') ?? '' })).status).toBe(304);
  expect((await sent('PUT', `${uri}?$select=name`, { name: 'renamed' })).status).toBe(200);
  const stopped = await sent('POST', uri, { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/stop` });
  expect(stopped.status).toBe(202);
  await succeeded(scene.client, stopped);
  const capture = itemsOf((await sent('GET', uri)).json, 'operations').find(({ rel }) => String(rel).endsWith('/capture'));
  await succeeded(scene.client, await sent('POST', capture?.href, { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/capture` }));
  expect((await sent('DELETE', uri)).status).toBe(200);
  await sent('GET', 'machineImages');
  await sent('GET', 'jobs');
});

test('templates by value, credentials, $select and $expand', async () => {
  const config = { cpu: 1, memory: 1024, disks: [{ capacity: 1000, format: 'ext4' }] };
  const template = { name: 't', machineConfig: config, machineImage: { href: IMAGE }, userData: 'aGk=' };
  expect((await sent('POST', 'machineTemplates', template)).status).toBe(201);
  expect((await sent('POST', 'credentials', { credentialTemplate: { userName: 'ann', key: KEY_BYTES } })).status).toBe(201);
  await sent('GET', 'machineTemplates?$expand=*');
  await sent('GET', 'machines?$select=name&$filter=name=%27x%27');
  await sent('GET', 'machines?$expand=*');
});

test('what is nested in a machine, and storage and networks by value', async () => {
  const done = async (method: string, uri: unknown, body?: object) => {
    const answer = await sent(method, uri, body);
    expect([method, uri, answer.status < 300 ? 'done' : answer.text]).toEqual([method, uri, 'done']);
    await succeeded(scene.client, answer);
    return answer.headers.get('location') ?? '';
  };
  const config = { type: 'http://cimi-gateway.org/volume-type/block', capacity: 2_000_000 };
  const volume = await done('POST', 'volumes', { name: 'v', volumeTemplate: { volumeConfig: config } });
  const network = await done('POST', 'networks', { networkTemplate: { networkConfig: { networkType: 'PRIVATE' } } });
  const port = { network: { href: network }, networkPortConfig: { portType: 'ACCESS', classOfService: 'GOLD' } };
  await done('POST', 'networkPorts', { networkPortTemplate: port });
  const group = await done('POST', 'forwardingGroups', { forwardingGroupTemplate: { networks: [{ href: network }] } });
  const volumes = [{ href: volume, initialLocation: '/dev/sdb' }];
  const networkInterfaces = [{ network: { href: network }, addresses: [] }];
  const template = { name: 'parts', machineConfig: { cpu: 1, memory: 1024 }, machineImage: { href: IMAGE }, volumes, networkInterfaces };
  await sent('GET', String((await sent('POST', 'machineTemplates', template)).json.id));
  const machine = await done('POST', 'machines', machineCreate({ name: 'parts' }, { volumes, networkInterfaces }));
  await done('POST', `${machine}/disks`, { capacity: 3_000_000 });
  for (const uri of [
    ...['disks', 'volumes', 'networkInterfaces'].map((list) => `${machine}/${list}`),
    `${group}/networks`,
    `${network}/networkPorts`,
  ]) {
    const lists = Object.values((await sent('GET', uri)).json as object).filter((value: unknown) => Array.isArray(value)) as Json[][];
    const items = lists.flat().filter((item) => 'id' in item);
    expect([uri, items.length]).toEqual([uri, expect.any(Number)]);
    expect(items.length).toBeGreaterThan(0);
    for (const { id } of items) await sent('GET', id);
  }
  await sent('GET', `${machine}?$expand=*`);
});

test('faults are Jobs', async () => {
  const unknown = { volumeTemplate: { volumeConfig: { type: 'http://elsewhere.example/volume', capacity: 2_000_000 } } };
  const failed = await sent('POST', 'volumes', unknown);
  expect([failed.status, failed.json.state, failed.headers.get('location')]).toEqual([400, 'FAILED', null]);
  expect((await sent('GET', 'machines/none')).status).toBe(404);
  const answer = await scene.client.post('machines', { name: 'no template' });
  expect(answer.status).toBe(400);
  const operation = operationOf(document, 'POST', 'machines');
  conforms(answer, operation && responseOf(document, operation, 400));
  expect((await sent('GET', 'machines?$filter=(')).status).toBe(400);
  expect((await sent('GET', 'machines', undefined, { accept: 'image/png' })).status).toBe(406);
});

test('anyone may read the document, and only read; it names no cloud', async () => {
  const at = new URL('/openapi.json', scene.client.base);
  const refused = await fetch(at, { method: 'POST', body: '{}' });
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await fetch(at, { method: 'HEAD' });
  expect([head.status, Number(head.headers.get('content-length')) > 100_000, await head.text()]).toEqual([200, true, '']);
  expect(await (await fetch(at)).text()).not.toMatch(/"sim"|\bsim\./);
});

test('the check has teeth', () => {
  const check = compile({ $ref: '#/components/schemas/Machine', required: ['resourceURI'] });
  expect(check({ resourceURI: `${CIMI}/Machine`, state: 'STARTED' })).toBeUndefined();
  expect(check({ resourceURI: `${CIMI}/Machine`, state: 'FLYING' })).toBeDefined();
  expect(check({ resourceURI: `${CIMI}/Machine`, wings: 2 })).toBeDefined();
  expect(check({ resourceURI: `${CIMI}/Machine`, eventLog: { href: 'x', wings: 2 } })).toBeDefined();
  expect(check({ resourceURI: `${CIMI}/Volume` })).toBeDefined();
  expect(check({})).toBeDefined();
});
