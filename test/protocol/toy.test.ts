import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud } from '../../src/clouds/cloud';
import { createBodyReader } from '../../src/codec/reader';
import { createWriter } from '../../src/codec/writer';
import { CIMI } from '../../src/model/define';
import { createProtocol } from '../../src/protocol/core';
import { RuleBook } from '../../src/rights/rule-book';
import type { CimiResponse, Handle } from '../../src/protocol/messages';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import type { Store } from '../../src/store/store';
import { toyCatalogue, toyExtensions } from '../toy/extended';
import { namespace } from '../toy/toy';

/** Architecture, idea 1: a type declared in ten lines and one line of a handler has the whole protocol, without a socket. */
const BASE = 'http://toys.example/cimi/';
let handle: Handle;
let store: Store;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cimi-toy-'));
  store = await openSqliteStore({ file: join(dir, 'cimi.db'), cipher: createCipher(randomBytes(32)) });
  const catalogue = toyCatalogue();
  const none: readonly Cloud[] = [];
  const ignore = (): void => undefined;
  handle = createProtocol({
    rules: new RuleBook(),
    catalogue,
    handlers: toyExtensions().handlers,
    clouds: { all: () => none, byKey: () => undefined, forTenant: () => none },
    store,
    clock: { here: (time) => time },
    jobs: {
      notify: () => Promise.resolve(),
      waitFor: (id) => store.job(id),
      leasedHere: (id) => store.job(id),
      requestStop: (id) => store.job(id),
      mayStop: () => true,
    },
    writers: { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') },
    readers: { json: createBodyReader(catalogue, 'json'), xml: createBodyReader(catalogue, 'xml') },
    bodyLimits: { depth: 32, items: 1000 },
    base: BASE,
    tagKey: randomBytes(32),
    defaultCloud: undefined,
    graceMs: 0,
    waits: { longestMs: 0, perTenant: 0 },
    streams: { perTenant: 0, keepAliveMs: 1000 },
    auditContent: 'access',
    retentionMinutes: 60,
    quotas: { resources: 1000, meters: 1000, jobs: 1000, unfinishedJobs: 1000, bytes: 1e9, tenants: {} },
    maxItems: 1000,
    maxListBytes: 1e8,
    listCacheMs: 0,
    log: { warn: ignore, error: ignore },
  });
});
afterAll(async () => {
  await store.close();
  await rm(dir, { recursive: true, force: true });
});

interface Toy {
  [name: string]: unknown;
  id: string;
}

async function send(method: string, target: string, body?: object | string, headers: Record<string, string> = {}): Promise<CimiResponse> {
  const [path = '', query = ''] = target.replace(BASE, '').split('?');
  const type = typeof body === 'string' ? 'application/xml' : 'application/json';
  return handle({
    method,
    path,
    query: [...new URLSearchParams(query)],
    headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    principal: { name: 'tester', tenant: 'default', role: 'operator' },
    requestId: 'test',
    ...(body === undefined ? {} : { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }),
  });
}

const text = ({ body }: CimiResponse): string => Buffer.concat(body ?? []).toString('utf8');
const json = (answer: CimiResponse): Toy => JSON.parse(text(answer)) as Toy;
const toys = (answer: CimiResponse): Toy[] => (json(answer).toys ?? []) as Toy[];

async function make(values: object): Promise<Toy> {
  const answer = await send('POST', 'toys', values);
  expect([answer.status, text(answer).includes('Job')]).toEqual([201, false]);
  return json(answer);
}

test('the entry point leads there, and add is offered', async () => {
  expect(json(await send('GET', 'cloudEntryPoint'))).toMatchObject({ toys: { href: `${BASE}toys` } });
  expect(json(await send('GET', 'toys'))).toMatchObject({
    resourceURI: `${namespace}/ToyCollection`,
    count: 0,
    operations: [{ rel: 'add', href: `${BASE}toys` }],
  });
});

test('create, read, update in full and in part, delete, each with a Job', async () => {
  const answer = await send('POST', 'toys', {
    resourceURI: `${namespace}/Toy`,
    name: 'Bear',
    colour: 'RED',
    weight: 300,
    loud: false,
    properties: { a: '1' },
  });
  const uri = answer.headers.Location ?? '';
  const toy = json(answer);
  expect(toy).toMatchObject({ resourceURI: `${namespace}/Toy`, id: uri, name: 'Bear', colour: 'RED', weight: 300, loud: false });
  expect(toy.operations).toEqual([
    { rel: 'edit', href: uri },
    { rel: 'delete', href: uri },
    { rel: `${namespace}/action/wind`, href: uri },
  ]);
  const job = json(await send('GET', answer.headers['CIMI-Job-URI'] ?? ''));
  expect(job).toMatchObject({ state: 'SUCCESS', action: `${CIMI}/action/add`, targetResource: { href: `${BASE}toys` } });
  expect(json(await send('PUT', uri, { name: 'Bear', weight: 301 }))).toMatchObject({ weight: 301 });
  const after = json(await send('GET', uri));
  expect([after.colour, after.loud, after.properties]).toEqual([undefined, undefined, undefined]);
  await send('PUT', `${uri}?$select=colour,name`, { colour: 'GREEN' });
  const last = json(await send('GET', uri));
  expect([last.colour, last.name, last.weight]).toEqual(['GREEN', undefined, 301]);
  const tag = (await send('GET', uri)).headers.ETag ?? '';
  expect((await send('GET', uri, undefined, { 'if-none-match': tag })).status).toBe(304);
  const writers = await Promise.all([1, 2].map((weight) => send('PUT', `${uri}?$select=weight`, { weight }, { 'if-match': tag })));
  expect(writers.map(({ status }) => status).sort()).toEqual([200, 412]);
  expect((await send('DELETE', uri)).status).toBe(200);
  expect((await send('GET', uri)).status).toBe(404);
});

test('its action, which has to be told what is mandatory', async () => {
  const uri = (await make({ name: 'Duck' })).id;
  const wind = (more: object) => send('POST', uri, { resourceURI: `${CIMI}/Action`, action: `${namespace}/action/wind`, ...more });
  const refused = await wind({});
  expect([refused.status, json(refused).statusMessage]).toEqual([400, expect.stringMatching(/^turns: missing/)]);
  expect((await wind({ turns: 0 })).status).toBe(400);
  expect(json(await wind({ turns: 4 }))).toMatchObject({ state: 'SUCCESS', action: `${namespace}/action/wind` });
  expect(json(await send('GET', uri))).toMatchObject({ name: 'Duck', loud: true });
  await send('DELETE', uri);
});

test('XML both ways', async () => {
  const body = `<Toy xmlns="${namespace}"><name>Ball &amp; chain</name><property key="k">v</property><colour>RED</colour><weight>5</weight><loud>true</loud></Toy>`;
  const answer = await send('POST', 'toys', body, { accept: 'application/xml' });
  expect([answer.status, answer.headers['Content-Type']]).toEqual([201, 'application/xml']);
  const xml = text(answer);
  expect(xml).toMatch(
    /<name>Ball &amp; chain<\/name>.*<property key="k">v<\/property>.*<colour>RED<\/colour><weight>5<\/weight><loud>true<\/loud>.*<operation rel="edit"/s,
  );
  expect(json(await send('GET', answer.headers.Location ?? ''))).toMatchObject({ name: 'Ball & chain', weight: 5, loud: true });
  await send('DELETE', answer.headers.Location ?? '');
});

test.each([
  [{ colour: 'BLUE' }, /colour/],
  [{ weight: 6000 }, /weight: must be at most 5000/],
  [{ weight: 0 }, /weight: must be at least 1/],
  [{ weight: 'heavy' }, /weight/],
  [{ loud: 'yes' }, /loud/],
  [{ color: 'RED' }, /'color' is no attribute of Toy; did you mean 'colour'\?/],
  [{ owner: { href: 'machines/none' } }, /owner: there is no Machine at machines\/none/],
])('%j is refused', async (values, words) => {
  const answer = await send('POST', 'toys', values);
  expect([answer.status, json(answer)]).toEqual([
    400,
    expect.objectContaining({ state: 'FAILED', statusMessage: expect.stringMatching(words) as unknown }),
  ]);
  expect(json(await send('GET', 'toys')).count).toBe(0);
});

test('filter, order, range and select by the types declared', async () => {
  for (const [name, colour, weight, loud] of [
    ['a', 'RED', 30, true],
    ['b', 'GREEN', 4, false],
    ['c', 'RED', 200, false],
  ] as const)
    await make({ name, colour, weight, loud });
  const names = async (query: string) => toys(await send('GET', `toys?${query}`)).map(({ name }) => name);
  expect(await names('$filter=weight>4')).toEqual(['a', 'c']);
  expect(await names("$filter=colour='RED' and loud=false")).toEqual(['c']);
  expect(await names('$orderby=weight:desc')).toEqual(['c', 'a', 'b']);
  expect(await names('$orderby=loud,weight')).toEqual(['b', 'c', 'a']);
  expect(await names('$orderby=weight&$first=2&$last=2')).toEqual(['a']);
  expect((await send('GET', "toys?$filter=colour<'RED'")).status).toBe(400);
  const selected = json(await send('GET', 'toys?$select=toys/weight,count&$last=1'));
  expect(selected).toEqual({
    resourceURI: `${namespace}/ToyCollection`,
    count: 3,
    toys: [{ resourceURI: `${namespace}/Toy`, weight: 30 }],
  });
});

test('ResourceMetadata', async () => {
  const metadata = json(await send('GET', 'resourceMetadata/Toy'));
  expect(metadata).toMatchObject({
    typeURI: `${namespace}/Toy`,
    name: 'Toy',
    attributes: expect.arrayContaining([
      { name: 'colour', namespace, type: 'string', values: ['RED', 'GREEN'] },
      { name: 'weight', namespace, type: 'integer', ranges: [{ low: 1, high: 5000 }] },
    ]) as unknown,
  });
  expect((metadata.actions as Toy[]).map(({ name }) => name)).toEqual(['add', 'edit', 'delete', 'wind']);
  expect(metadata.capabilities).toMatchObject([{ name: 'MaxWeight', uri: `${namespace}/capability/Toy/MaxWeight`, value: 4000 }]);
});
