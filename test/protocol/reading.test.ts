import { CIMI } from '../../src/model/define';
import { foreignInstance } from '../../drivers/simulator/control';
import type { Json } from '../harness/client';
import { expectFault, openScene, rels, type Scene } from './scene';
import { elapse } from '../harness/wait';

let scene: Scene;
const get = (uri: string, headers: Record<string, string> = {}) => scene.client.get(uri, headers);
const items = (json: Json): Json[] => (json.machines ?? []) as Json[];
const names = (json: Json): string[] => items(json).map(({ name }) => String(name));
const shapes = [
  { label: 'alpha', vcpus: 1, memoryMiB: 512, phase: 'running', labels: { tier: 'web' } },
  { label: 'beta', vcpus: 2, memoryMiB: 4096, phase: 'stopped', labels: { tier: 'db' } },
  { label: 'gamma', vcpus: 4, memoryMiB: 512, phase: 'running', labels: { tier: 'web' } },
  { label: 'delta', vcpus: 2, memoryMiB: 1024, phase: 'running', labels: {} },
  { label: 'Älva', vcpus: 8, memoryMiB: 1024, phase: 'paused', labels: { tier: 'web' } },
];

beforeAll(async () => {
  scene = await openScene();
  scene.control.add(
    shapes.map(({ phase, ...shape }, index) => ({
      ...foreignInstance(`vm-${index}`),
      ...shape,
      launchedAt: Date.UTC(2024, 0, index + 1),
      timeline: [{ phase, from: 0 }],
    })),
  );
});
afterAll(() => scene.close());

describe('formats', () => {
  test.each([
    [{}, '', 'json'],
    [{ accept: 'application/xml' }, '', 'xml'],
    [{ accept: 'text/html, application/xml;q=0.9, */*;q=0.1' }, '', 'xml'],
    [{ accept: 'application/json;q=0.1, application/xml;q=0.2' }, '', 'xml'],
    [{ accept: 'application/xml' }, '?$format=JSON', 'json'],
    [{ accept: 'application/json' }, '?$format=xml&$format=json', 'xml'],
    [{ accept: 'image/png' }, '?$format=json', 'json'],
  ])('R4.1.4-09 R4.1.6.5-06 R4.1.6.5-07 R4.1.6.5-08: %j with "%s" is %s', async (headers, query, format) => {
    const answer = await get(`machines/sim.vm-0${query}`, headers);
    expect([answer.status, answer.headers.get('content-type')?.split(';')[0]]).toEqual([200, `application/${format}`]);
    expect(answer.text.startsWith(format === 'json' ? '{' : '<?xml')).toBe(true);
  });

  test('what can not be made is 406 with words, as a Job', async () => {
    expectFault(await get('machines', { accept: 'image/png' }), 406, /application\/json and application\/xml/);
  });

  test('R4.1.4-03 R4.1.4-05 R4.1.4-08: resourceURI tells the type', async () => {
    expect((await get('machines')).json.resourceURI).toBe(`${CIMI}/MachineCollection`);
    expect((await get('machines/sim.vm-0?$select=name')).json).toEqual({ resourceURI: `${CIMI}/Machine`, name: 'alpha' });
    expect((await get('machines?$format=xml')).text).toContain(`resourceURI="${CIMI}/MachineCollection"`);
    expect((await get('machines/sim.vm-0?$format=xml')).text).toContain(`<Machine xmlns="${CIMI}"`);
  });

  test('R4.2.1.2-01: Content-Length is true, also of text beyond ASCII; HEAD says the same and sends nothing', async () => {
    for (const uri of ['machines/sim.vm-4', 'machines', 'machines?$format=xml', 'cloudEntryPoint']) {
      const whole = await get(uri);
      expect(Number(whole.headers.get('content-length'))).toBe(Buffer.byteLength(whole.text));
      const head = await scene.client.send('HEAD', uri);
      expect([head.status, head.text, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
        200,
        '',
        whole.headers.get('content-length'),
        whole.headers.get('etag'),
      ]);
    }
  });
});

describe('collections', () => {
  test('R5.5.12-02 R5.5.12-05 R5.5.12-06: id, count and items', async () => {
    const { json } = await get('machines');
    expect([json.id, json.count, items(json).length]).toEqual([`${scene.client.base}machines`, 5, 5]);
  });

  test('R5.5.12-07: what is empty has no list, and count says 0', async () => {
    const { json } = await get('credentials');
    expect([json.count, json.credential]).toEqual([0, undefined]);
    expect(rels(json)).toEqual(['add']);
  });

  test('R4.1.6.1-14 R4.1.6.2-12 D104: filter, then order, then range; count is of what matches', async () => {
    const { json } = await get("machines?$filter=state='STARTED'&$orderby=memory,name:desc&$first=2&$last=2");
    expect([names(json), json.count]).toEqual([['alpha'], 3]);
  });

  test('R4.1.6.3-13 R4.1.6.4-15: then select and expand', async () => {
    const query = "?$filter=property['tier']='web' and cpu>=4&$orderby=cpu:desc&$last=1&$select=name,machines/snapshots&$expand=snapshots";
    const { json } = await get(`machines${query}`);
    expect(json).toEqual({
      resourceURI: `${CIMI}/MachineCollection`,
      machines: [
        {
          resourceURI: `${CIMI}/Machine`,
          name: 'Älva',
          snapshots: expect.objectContaining({ href: `${scene.client.base}machines/sim.vm-4/snapshots`, count: 0 }) as unknown,
        },
      ],
    });
  });

  test.each([
    ['$filter=cpu=2', ['beta', 'delta']],
    ['$filter=2=cpu', ['beta', 'delta']],
    ['$filter=cpu>2&$filter=memory<600000', ['gamma']],
    ["$filter=name='alpha' or name='beta' and cpu=1", ['alpha']],
    ["$filter=(name='alpha' or name='beta') and cpu=1", ['alpha']],
    ["$filter=name='%C3%84lva'", ['Älva']],
    ["$filter=property['tier']!='web'", ['beta']],
    ['$filter=created<2024-01-02T12:00:00Z', ['alpha', 'beta']],
    ["$filter=format='ntfs'", []],
    ['$orderby=name', ['alpha', 'beta', 'delta', 'gamma', 'Älva']],
    ['$orderby=cpu:desc,memory:asc', ['Älva', 'gamma', 'delta', 'beta', 'alpha']],
    ['$orderby=created:desc', ['Älva', 'delta', 'gamma', 'beta', 'alpha']],
    ['$first=4', ['delta', 'Älva']],
    ['$last=1', ['alpha']],
    ['$first=3&$last=2', []],
    ['$first=99', []],
    ['$first=-5&$last=2', ['alpha', 'beta']],
    ['', ['alpha', 'beta', 'gamma', 'delta', 'Älva']],
    ['$nonsense=1&whatever&$skip=3', ['alpha', 'beta', 'gamma', 'delta', 'Älva']],
  ])('R4.1.6-05 R4.1.6.1-02 R4.1.6.2-02 R4.1.6.6-02: %s', async (query, expected) => {
    expect(names((await get(`machines?${query}`)).json)).toEqual(expected);
  });

  test.each([
    ['count,operations', { count: 5, operations: [{ rel: 'add' }] }],
    ['machines/name,count', { count: 5, machines: [{ name: 'alpha' }] }],
  ])('R4.1.6.3-12 R4.1.6.3-15: $select=%s', async (select, expected) => {
    const { json } = await get(`machines?$select=${select}&$last=1`);
    expect(json).toMatchObject(expected);
    expect(json.id).toBeUndefined();
  });

  test('R4.1.6.3-05 R4.1.6.3-06 R4.1.6.3-09: unknown names count for nothing, * for all, several for one list', async () => {
    const all = (await get('machines/sim.vm-0')).json;
    expect((await get('machines/sim.vm-0?$select=*,nonsense')).json).toEqual(all);
    expect(Object.keys((await get('machines/sim.vm-0?$select=state,nonsense&$select=name,name')).json)).toEqual([
      'resourceURI',
      'name',
      'state',
    ]);
  });

  test('R4.1.6.4-06 R4.1.6.4-07 R4.1.6.4-08 R4.1.6.4-16: an expanded reference keeps its href and has no wrapper', async () => {
    const json = (await get('cloudEntryPoint?$expand=machines,name,nonsense')).json;
    expect(json.machines).toMatchObject({ href: `${scene.client.base}machines`, count: 5 });
    expect(json.networks).toEqual({ href: `${scene.client.base}networks` });
    const xml = (await get('cloudEntryPoint?$expand=machines&$format=xml')).text;
    expect(xml).toMatch(/<machines href="[^"]*\/machines">/);
    expect(xml).not.toMatch(/<machines href="[^"]*">\s*<Collection/);
  });
});

describe('conditions', () => {
  test('If-None-Match answers 304 as long as nothing changed', async () => {
    for (const uri of ['machines/sim.vm-1', 'machines', 'machines?$filter=cpu=2&$format=xml']) {
      const tag = (await get(uri)).headers.get('etag') ?? '';
      expect(tag).toMatch(/^"[^"]+"$/);
      const again = await get(uri, { 'if-none-match': `"other", W/${tag}` });
      expect([again.status, again.text, again.headers.get('etag'), again.headers.get('vary')]).toEqual([
        304,
        '',
        tag,
        'Accept, Authorization',
      ]);
    }
    const tag = (await get('machines/sim.vm-1')).headers.get('etag') ?? '';
    scene.control.relabel('vm-1', { note: 'changed at the console' });
    await elapse(250);
    const fresh = await get('machines/sim.vm-1', { 'if-none-match': tag });
    expect([fresh.status, fresh.json.description]).toEqual([200, 'changed at the console']);
  });

  test('ETags differ by format and query', async () => {
    const tags = await Promise.all(
      ['', '?$format=xml', '?$select=name'].map(async (query) => (await get(`machines/sim.vm-0${query}`)).headers.get('etag')),
    );
    expect(new Set(tags).size).toBe(3);
  });
});

describe('what is not there', () => {
  test.each([
    'machines/none',
    'machines/sim.none',
    'machines/sim.vm-0/snapshots/none',
    'nothing',
    'machines/sim.vm-0/nothing',
    'machines///',
    'clouds/none/machines',
    'meters/none',
    'meters/none/samples',
    'eventLogs/none',
  ])('%s is 404 with an unstored Job', async (uri) => {
    const answer = await get(uri);
    expectFault(answer, 404, /there is nothing at/);
    expect(answer.json.id).toBe('');
    expect(answer.headers.get('cimi-job-uri')).toBeNull();
  });

  test.each([
    ['PUT', 'machines', 'GET, HEAD, POST'],
    ['DELETE', 'machines', 'GET, HEAD, POST'],
    ['POST', 'machines/sim.vm-0/snapshots', 'GET, HEAD'],
    ['POST', 'networks/sim.net-dmz/networkPorts', 'GET, HEAD'],
    ['POST', 'jobs', 'GET, HEAD'],
    ['PATCH', 'machines/sim.vm-0', 'GET, HEAD, POST, PUT, DELETE'],
    ['PUT', 'cloudEntryPoint', 'GET, HEAD'],
    ['DELETE', 'resourceMetadata/Machine', 'GET, HEAD'],
    ['POST', 'machineTemplates/none', 'GET, HEAD, PUT, DELETE'],
    ['PUT', 'forwardingGroups/sim.router-internal/networks/sim.net-dmz', 'GET, HEAD, DELETE'],
  ])('%s %s is 405, and Allow tells what is possible: %s', async (method, uri, allow) => {
    const answer = await scene.client.send(method, uri, { json: {} });
    expectFault(answer, 405, /does not support|nothing can be created in/);
    expect(answer.headers.get('allow')).toBe(allow);
  });
});
