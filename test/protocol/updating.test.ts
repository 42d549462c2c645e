import { CIMI } from '../../src/model/define';
import { foreignInstance } from '../../drivers/simulator/control';
import type { Json } from '../harness/client';
import { expectFault, IMAGE, listOf, machineCreate, made, NANO, openScene, SMALL, succeeded, type Scene } from './scene';
import { elapse, eventually } from '../harness/wait';

let scene: Scene;
const get = async (uri: unknown) => (await scene.client.get(String(uri))).json;
const instance = (name: string) => scene.control.instances().find(({ label }) => label === name);
const whole = { name: 'n', description: 'd', properties: { a: '1', b: '2' } };

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());
afterEach(() => scene.control.clearFailures());

const kinds: [string, () => Promise<Json>][] = [
  ['a machine', () => made(scene.client, 'machines', machineCreate(whole))],
  ['a template', () => made(scene.client, 'machineTemplates', { ...whole, machineConfig: { href: NANO } })],
  ['a credential', () => made(scene.client, 'credentials', { ...whole, credentialTemplate: { userName: 'u' } })],
];

describe.each(kinds)('%s', (_name, make) => {
  let uri: string;
  beforeEach(async () => {
    uri = String((await make()).id);
  });

  test('R4.2.1.3-09 R4.2.1.6-01: a full PUT of what was read changes nothing, and answers 200 with the resource and a Job', async () => {
    const before = await get(uri);
    const answer = await scene.client.put(uri, before);
    expect([answer.status, answer.json.id]).toEqual([200, uri]);
    const job = await get(answer.headers.get('cimi-job-uri'));
    expect(job).toMatchObject({ state: 'SUCCESS', action: `${CIMI}/action/edit`, targetResource: { href: uri } });
    const { updated: _updated, ...after } = await get(uri);
    expect({ ...after, updated: before.updated }).toEqual({ ...before, updated: before.updated });
  });

  test('R4.2.1.3-04 R4.2.1.3-05 R5.4-11: read-only attributes are ignored, whatever they hold', async () => {
    const before = await get(uri);
    const own = before.state ? { state: ['x'], cloud: 'two', latestSnapshot: { href: 'http://elsewhere/' } } : {};
    const answer = await scene.client.put(uri, { ...before, ...own, id: 'http://elsewhere/', created: 7, operations: 3 });
    expect(answer.status).toBe(200);
    expect(await get(uri)).toMatchObject({ id: uri, created: before.created, ...(before.state ? { state: before.state } : {}) });
  });

  test('5.5: a full PUT erases what it leaves out, but for what is mandatory', async () => {
    const { cpu, memory } = await get(uri);
    expect((await scene.client.put(uri, { name: 'other', cpu, memory })).status).toBe(200);
    const after = await get(uri);
    expect([after.name, after.description, after.properties]).toEqual(['other', undefined, undefined]);
    expect(after.updated).toBeDefined();
  });

  test('R4.2.1.3.1-04 R4.2.1.3.1-05 R4.2.1.3.1-06: a partial PUT changes and erases only what it lists', async () => {
    const before = await get(uri);
    expect((await scene.client.put(`${uri}?$select=name,description`, { name: 'my new name' })).status).toBe(200);
    const after = await get(uri);
    expect([after.name, after.description, after.properties]).toEqual(['my new name', undefined, { a: '1', b: '2' }]);
    expect(after.userName).toEqual(before.userName);
    expect((await scene.client.put(`${uri}?$select=properties`, { properties: { c: '3' } })).status).toBe(200);
    expect((await get(uri)).properties).toEqual({ c: '3' });
  });

  test('R4.2.1.3.1-07 D110: what is not listed is an error, but for what is read-only', async () => {
    const before = await get(uri);
    expectFault(
      await scene.client.put(`${uri}?$select=name`, { name: 'x', description: 'y' }),
      400,
      /^description: this attribute is not listed in \$select/,
    );
    expect(await get(uri)).toEqual(before);
    const echo = { resourceURI: before.resourceURI, id: uri, created: before.created, name: 'z' };
    expect((await scene.client.put(`${uri}?$select=name`, echo)).status).toBe(200);
  });

  test('in XML, where an empty element erases', async () => {
    const { resourceURI } = await get(uri);
    const type = String(resourceURI).split('/').pop() ?? '';
    const xml = `<${type} xmlns="${CIMI}"><name>x &amp; y</name><description/></${type}>`;
    const answer = await scene.client.send('PUT', `${uri}?$select=name,description`, { xml });
    expect(answer.status).toBe(200);
    const after = await get(uri);
    expect([after.name, after.description, after.properties]).toEqual(['x & y', undefined, { a: '1', b: '2' }]);
  });

  test('R4.1.6.9-02: If-Match lets one of two writers through', async () => {
    const tag = (await scene.client.get(uri)).headers.get('etag') ?? '';
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((name) => scene.client.put(`${uri}?$select=name`, { name }, { 'if-match': tag })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await get(uri)).name).toBe(winner?.json.name);
    const late = await scene.client.put(`${uri}?$select=name`, { name: 'late' }, { 'if-match': tag });
    expectFault(late, 412, /If-Match/);
    expect(late.headers.get('cimi-job-uri')).toBe(late.json.id);
    expectFault(await scene.client.delete(uri, { 'if-match': tag }), 412, /If-Match/);
    const fresh = (await scene.client.get(`${uri}?$format=xml`)).headers.get('etag') ?? '';
    expect((await scene.client.put(`${uri}?$select=name`, { name: 'last' }, { 'if-match': fresh })).status).toBe(200);
  });
});

describe('write-only attributes (D157)', () => {
  const stored = async (path: string) => (await scene.gateway.gateway.store.resource(path.replace(scene.client.base, '')))?.secrets;

  test('are kept by a full PUT that could not know them', async () => {
    const { id } = await made(scene.client, 'credentials', { credentialTemplate: { userName: 'u', password: 'old' } });
    const uri = String(id);
    await scene.client.put(uri, { ...(await get(uri)), name: 'renamed' });
    expect(await stored(uri)).toEqual({ password: 'old' });
    await scene.client.put(`${uri}?$select=userName`, { userName: 'v' });
    expect(await stored(uri)).toEqual({ password: 'old' });
    await scene.client.put(`${uri}?$select=password`, { password: 'new' });
    expect(await stored(uri)).toEqual({ password: 'new' });
  });

  test.each([
    ['a partial PUT that lists it', '?$select=password', {}, undefined],
    ['null', '', { userName: 'u', password: null }, undefined],
    ['an empty element', '', undefined, `<Credential xmlns="${CIMI}"><userName>u</userName><password/></Credential>`],
  ])('are erased by %s', async (_how, query, json, xml) => {
    const { id } = await made(scene.client, 'credentials', { credentialTemplate: { userName: 'u', password: 'old' } });
    expect((await scene.client.send('PUT', `${String(id)}${query}`, xml === undefined ? { json } : { xml })).status).toBe(200);
    expect(await stored(String(id))).toBeNull();
  });

  test('nested: kept with what they belong to, gone with another reference', async () => {
    const one = await made(scene.client, 'credentials', { credentialTemplate: { userName: 'one' } });
    const body = { machineConfig: { href: NANO }, credential: { userName: 'in', password: 'nested' } };
    const uri = String((await made(scene.client, 'machineTemplates', body)).id);
    expect((await get(uri)).credential).toEqual({ userName: 'in' });
    await scene.client.put(uri, { ...(await get(uri)), name: 'x' });
    expect(await stored(uri)).toEqual({ credential: { password: 'nested' } });
    await scene.client.put(`${uri}?$select=credential`, { credential: { href: one.id } });
    expect(await stored(uri)).toBeNull();
  });
});

test('D157: nested in lists, they stay with what was read, whatever the order that it was given in', async () => {
  const credentialTemplate = { password: 'nested', userName: 'in' };
  const descriptor = { credentialTemplate, type: `${CIMI}/Credential`, name: 'key' };
  const uri = String((await made(scene.client, 'systemTemplates', { componentDescriptors: [descriptor] })).id);
  const secrets = async () => (await scene.gateway.gateway.store.resource(uri.replace(scene.client.base, '')))?.secrets;
  const before = await secrets();
  expect(JSON.stringify(before)).toContain('nested');
  expect((await scene.client.put(uri, await get(uri))).status).toBe(200);
  const { text } = await scene.client.get(uri, { accept: 'application/xml' });
  expect((await scene.client.send('PUT', uri, { xml: text })).status).toBe(200);
  expect(await secrets()).toEqual(before);
});

describe('what a provider holds', () => {
  test('R5.2-02 R5.2-03: is written there, the rest is kept, and a change at its console is seen', async () => {
    const long = 'x'.repeat(300);
    const { id } = await made(scene.client, 'machines', machineCreate({ name: 'held', properties: { short: 'a', long } }));
    expect(instance('held')?.labels).toEqual({ short: 'a' });
    expect((await get(id)).properties).toEqual({ short: 'a', long });
    scene.control.relabel(instance('held')?.id ?? '', { label: 'console', labels: { short: 'b' } });
    await elapse(250);
    expect(await get(id)).toMatchObject({ name: 'console', properties: { short: 'b', long } });
    const longName = 'n'.repeat(200);
    expect((await scene.client.put(`${String(id)}?$select=name`, { name: longName })).status).toBe(200);
    expect((await get(id)).name).toBe(longName);
    expect((await scene.client.put(`${String(id)}?$select=name`, {})).status).toBe(200);
    expect((await get(id)).name).toBeUndefined();
  });

  test('what was found and not made can be changed too, and keeps its id', async () => {
    scene.control.add([foreignInstance('vm-found')]);
    const uri = `${scene.client.base}machines/sim.vm-found`;
    await eventually(async () => ((await scene.client.get(uri)).status === 200 ? true : undefined));
    expect(
      (await scene.client.put(`${uri}?$select=name,properties`, { name: 'mine now', properties: { long: 'y'.repeat(300) } })).status,
    ).toBe(200);
    expect(await get(uri)).toMatchObject({ id: uri, name: 'mine now', properties: { long: 'y'.repeat(300) } });
    const { json } = await scene.client.get("machines?$filter=name='mine now'");
    expect([json.count, String(listOf(json, 'machines')[0]?.id)]).toEqual([1, uri]);
  });

  test('size follows a configuration while the machine is STOPPED', async () => {
    const { id } = await made(scene.client, 'machines', machineCreate({ name: 'grow' }, { initialState: 'STOPPED' }));
    const answer = await scene.client.put(`${String(id)}?$select=memory,cpu`, { memory: 2048 * 1024, cpu: 1 });
    await succeeded(scene.client, answer);
    expect(await get(id)).toMatchObject({ memory: 2048 * 1024, cpu: 1 });
    await succeeded(scene.client, await scene.client.act(String(id), 'start'));
    expectFault(await scene.client.put(`${String(id)}?$select=memory`, { memory: 4096 * 1024 }), 409, /STOPPED; it is STARTED/);
    expectFault(await scene.client.put(`${String(id)}?$select=memory`, { memory: 1024 ** 4 }), 409, /STOPPED/);
    expect(instance('grow')?.shape).toBe('s1.small');
  });

  test('what belongs to the provider says so', async () => {
    expectFault(await scene.client.put(`${IMAGE}?$select=name`, { name: 'mine' }), 409, /belongs to the provider/);
    expectFault(await scene.client.delete(IMAGE), 409, /belongs to the provider/);
    expectFault(await scene.client.put(`${SMALL}?$select=name`, { name: 'mine' }), 409, /they cannot be changed/);
    expect((await get(IMAGE)).name).toBe('Debian 12');
  });

  test('a Job that FAILED within the grace says why in status and words', async () => {
    const { id } = await made(scene.client, 'machines', machineCreate({ name: 'fails' }));
    for (const [kind, status] of [
      ['forbidden', 403],
      ['quota', 403],
      ['conflict', 409],
      ['invalid', 400],
    ] as const) {
      scene.control.fail({ method: 'machines.rename', kind, message: `because of ${kind}` });
      const answer = await scene.client.put(`${String(id)}?$select=name`, { name: 'y' });
      expectFault(answer, status, new RegExp(`because of ${kind}`));
      expect(answer.headers.get('cimi-job-uri')).toBe(answer.json.id);
      expect((await get(id)).name).toBe('fails');
    }
  });
});
