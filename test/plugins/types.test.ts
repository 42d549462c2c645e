import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CIMI, EXTENSION } from '../../src/model/define';
import { Client, type Answer, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { copyExample, installGateway } from '../harness/install-gateway';

/** The types of examples/types-rack over a running gateway, in both formats, as docs/extending.md describes them. */
const RACKS = 'http://example.com/racks/1';
const XML = { accept: 'application/xml' };

let folder: string;
let gateway: TestGateway;
let client: Client;
const start = async (extensions: readonly string[]): Promise<TestGateway> =>
  startTestGateway({
    dataDir: folder,
    config: {
      extensions,
      jobs: { graceMs: 3000 },
      clouds: { sim: simulatedCloud(), rack: { driver: copyExample('driver-minimal', folder) } },
    },
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-types-'));
  installGateway(folder);
  gateway = await start([copyExample('types-rack', folder)]);
  client = new Client(gateway.base);
});
afterAll(async () => {
  await gateway.stop({ keepData: true });
  rmSync(folder, { recursive: true, force: true });
});

async function made(values: object): Promise<Json> {
  const { status, json, text } = await client.post('racks', values);
  expect([status, status === 201 ? '' : text]).toEqual([201, '']);
  return json;
}

const act = (uri: unknown, name: string, more: object = {}): Promise<Answer> =>
  client.post(String(uri), { resourceURI: `${CIMI}/Action`, action: `${RACKS}/action/${name}`, ...more });
const rels = (json: Json): string[] => (json.operations as unknown as { rel: string }[]).map(({ rel }) => rel);

test('the entry point leads there, in a namespace that is not the standard’s', async () => {
  expect((await client.get('cloudEntryPoint')).json.racks).toEqual({ href: `${gateway.base}racks` });
  const { text } = await client.get('cloudEntryPoint', XML);
  expect(text).toContain(`<racks xmlns="${RACKS}" href="${gateway.base}racks"/>`);
  expect(text).toContain(`<CloudEntryPoint xmlns="${CIMI}">`);
});

test('created by its own representation, read, changed and deleted in JSON', async () => {
  const machine = `${gateway.base}machines/rack.alpha`;
  const rack = await made({
    resourceURI: `${RACKS}/Rack`,
    ...{ name: 'one', room: 'north', units: 42, place: { row: 'B', column: 3 }, machines: [{ href: machine }], pin: 'hush' },
  });
  expect(rack).toMatchObject({
    resourceURI: `${RACKS}/Rack`,
    name: 'one',
    room: 'north',
    units: 42,
    state: 'OPEN',
    machines: [{ href: machine }],
  });
  expect(rack).not.toHaveProperty('pin');
  const uri = String(rack.id);
  const tag = (await client.get(uri)).headers.get('etag') ?? '';
  expect((await client.get(uri, { 'if-none-match': tag })).status).toBe(304);
  expect((await client.put(`${uri}?$select=units`, { units: 40 }, { 'if-match': tag })).status).toBe(200);
  expect((await client.put(`${uri}?$select=units`, { units: 41 }, { 'if-match': tag })).status).toBe(412);
  const expanded = (await client.get(`${uri}?$expand=machines&$select=machines`)).json;
  expect(expanded).toMatchObject({ resourceURI: `${RACKS}/Rack`, machines: [{ href: machine, state: expect.any(String) as unknown }] });
  expect((await client.get("racks?$filter=units>30 and room='north'&$select=racks/units,count")).json).toEqual({
    ...{ resourceURI: `${RACKS}/RackCollection`, count: 1, racks: [{ resourceURI: `${RACKS}/Rack`, units: 40 }] },
  });
  expect((await client.delete(uri)).status).toBe(200);
  expect((await client.get(uri)).status).toBe(404);
});

test('the same in XML: its elements are of its namespace, those of a Machine within of the standard’s', async () => {
  const machine = `${gateway.base}machines/rack.alpha`;
  const body =
    `<r:Rack xmlns:r="${RACKS}"><r:name>two</r:name><r:room>south</r:room><r:units>7</r:units><r:place><r:row>A</r:row></r:place>` +
    `<r:machine href="${machine}"/></r:Rack>`;
  const created = await client.send('POST', 'racks', { xml: body, headers: XML });
  expect([created.status, created.headers.get('content-type')]).toEqual([201, 'application/xml']);
  expect(created.text).toMatch(
    new RegExp(
      `^<\\?xml [^>]*>\\s*<Rack xmlns="${RACKS}"><id>.*<name>two</name>.*<room>south</room><units>7</units><place><row>A</row></place>` +
        '<machine href="[^"]*"/><state>OPEN</state><operation rel="edit"',
      's',
    ),
  );
  const uri = created.headers.get('location') ?? '';
  const within = (await client.get(`${uri}?$expand=machines`, XML)).text;
  expect(within).toMatch(
    new RegExp(`<machine href="[^"]*"><id xmlns="${CIMI}">.*<state xmlns="${CIMI}">.*<operation xmlns="${CIMI}" rel=`, 's'),
  );
  const list = (await client.get("racks?$filter=name='two'", XML)).text;
  expect(list).toMatch(
    new RegExp(
      `<Collection resourceURI="${RACKS}/RackCollection" xmlns="${CIMI}"><id>.*</id><count>1</count><Rack xmlns="${RACKS}"><id>`,
      's',
    ),
  );
  const job = created.headers.get('cimi-job-uri') ?? '';
  const affected = (await client.get(`${job}?$expand=affectedResources`, XML)).text;
  expect(affected).toContain(`<name xmlns="${RACKS}">two</name>`);
  const changed = await client.send('PUT', `${uri}?$select=room`, { xml: `<Rack xmlns="${RACKS}"><room>east</room></Rack>` });
  expect([changed.status, changed.json.room]).toEqual([200, 'east']);
  await client.delete(uri);
});

test.each([
  [{ xml: `<Rack xmlns="${CIMI}"><room>x</room></Rack>` }, new RegExp(`in the namespace ${CIMI}; ${RACKS} is expected`)],
  [
    { xml: `<Rack xmlns="${RACKS}"><room xmlns="${CIMI}">x</room></Rack>` },
    /<room> is in the namespace .*cimi\/1, which Rack does not have/,
  ],
  [{ json: { resourceURI: `${CIMI}/Rack`, room: 'x' } }, new RegExp(`not what is expected here: ${RACKS}/Rack`)],
  [{ json: { name: 'x' } }, /^units: is missing: a Rack cannot be made without it/],
  [{ json: { room: 'x', units: 61 } }, /^units: must be at most 60$/],
  [{ json: { room: 'x', rom: 'y', units: 1 } }, /'rom' is no attribute of Rack; did you mean 'room'\?/],
  [{ json: { units: 1, machines: [{ href: 'machines/none' }] } }, /machines\[0\]: there is no Machine at machines\/none/],
])('%j is refused', async (body, words) => {
  const answer = await client.send('POST', 'racks', body);
  expect([answer.status, answer.json.statusMessage]).toEqual([400, expect.stringMatching(words)]);
});

test('its actions are offered where they are possible, take parameters, and may refuse', async () => {
  const { id } = await made({ units: 42, room: 'north' });
  expect(rels((await client.get(String(id))).json)).toEqual(['edit', 'delete', `${RACKS}/action/lock`]);
  expect((await act(id, 'unlock')).status).toBe(400);
  const refused = await act(id, 'lock');
  expect([refused.status, refused.json.statusMessage]).toEqual([409, expect.stringMatching(/it is locked for a reason/)]);
  expect(await client.ended(await act(id, 'lock', { reason: 'audit' }))).toMatchObject({
    state: 'SUCCESS',
    action: `${RACKS}/action/lock`,
  });
  const { json } = await client.get(String(id));
  expect(json).toMatchObject({ state: 'LOCKED', reason: 'audit' });
  expect(rels(json)).toEqual(['edit', 'delete', `${RACKS}/action/unlock`]);
  const xml = `<Action xmlns="${CIMI}"><action>${RACKS}/action/unlock</action></Action>`;
  expect(await client.ended(await client.send('POST', String(id), { xml }))).toMatchObject({ state: 'SUCCESS' });
  expect((await client.get(String(id))).json).toEqual(expect.not.objectContaining({ reason: expect.anything() as unknown }));
  const lobby = await made({ units: 42, room: 'lobby' });
  const no = await act(lobby.id, 'lock', { reason: 'x' });
  expect([no.status, no.json.statusMessage]).toEqual([409, expect.stringMatching(/a rack in the lobby is not locked/)]);
});

test('a reference to one of its own kind is held to its type', async () => {
  const first = await made({ units: 42, room: 'a' });
  expect(await made({ units: 42, room: 'b', successor: { href: first.id } })).toMatchObject({ successor: { href: first.id } });
  expect((await client.post('racks', { units: 1, successor: { href: 'machines' } })).status).toBe(400);
});

test('ResourceMetadata announces it: types, namespaces, values, capabilities, actions', async () => {
  const { json } = await client.get('resourceMetadata/Rack');
  expect(json).toMatchObject({ typeURI: `${RACKS}/Rack`, name: 'Rack' });
  expect(json.attributes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'room', namespace: RACKS, type: 'string' }),
      expect.objectContaining({ name: 'units', namespace: RACKS, type: 'integer', ranges: [{ low: 1, high: 60 }] }),
      expect.objectContaining({ name: 'machines', namespace: RACKS, type: 'ref[]' }),
    ]) as unknown,
  );
  const names = (json.attributes as unknown as { name: string; namespace?: string }[]).filter(({ namespace }) => namespace === undefined);
  expect(names.map(({ name }) => name)).toEqual(['id', 'name', 'description', 'created', 'updated', 'properties']);
  expect(json.capabilities).toMatchObject([{ name: 'MaxUnits', uri: `${RACKS}/capability/Rack/MaxUnits`, value: 60 }]);
  expect((json.actions as unknown as { uri: string }[]).map(({ uri }) => uri)).toEqual([
    ...['add', 'edit', 'delete'].map((name) => `${CIMI}/action/${name}`),
    ...['lock', 'unlock'].map((name) => `${RACKS}/action/${name}`),
  ]);
});

test('OpenAPI has it', async () => {
  const document = (await client.get('/openapi.json')).json;
  expect(document).toMatchObject({
    paths: {
      '/racks': { get: { tags: ['Extensions'] }, post: {} },
      '/racks/{rackId}': { post: { summary: 'Asks a Rack to lock, unlock' } },
    },
    components: {
      schemas: {
        Rack: { xml: { name: 'Rack', namespace: RACKS }, properties: { resourceURI: { const: `${RACKS}/Rack` } } },
        RackCollection: { properties: { resourceURI: { const: `${RACKS}/RackCollection` } } },
      },
    },
  });
  expect(JSON.stringify(document.paths?.['/racks'])).not.toContain('DSP0263 extension');
});

/** Events of a type of the racks about one of them, newest last. */
async function eventsOf(rack: unknown, type: string, headers: Record<string, string> = {}): Promise<Answer> {
  const logs = (await client.get('eventLogs')).json.eventLogs as unknown as Json[];
  const path = new URL(String(rack)).pathname.replace('/cimi/', '');
  const uri = `${String(logs[0]?.id)}/events?$filter=type='${RACKS}/event/${type}' and about='${path}'`;
  return client.get(uri, headers);
}

test('R5.17.13-10: its own event types are told by an action and by a change, with their content, severity and Job', async () => {
  const { id } = await made({ units: 42, room: 'north', pin: 'MARK-pin' });
  const locked = await act(id, 'lock', { reason: 'audit' });
  const [event, ...others] = (await eventsOf(id, 'locked')).json.events as unknown as Json[];
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    ...{ type: `${RACKS}/event/locked`, outcome: 'Success', severity: 'medium' },
    ...{ content: { resource: { href: id }, reason: 'audit' }, about: { href: id }, job: { href: locked.headers.get('cimi-job-uri') } },
  });
  expect(Object.keys(event?.content ?? {})).toEqual(['resource', 'reason']);
  await client.put(`${String(id)}?$select=room`, { room: 'south & east' });
  await client.put(`${String(id)}?$select=units`, { units: 41 });
  const moved = await eventsOf(id, 'moved');
  expect(moved.json).toMatchObject({ count: 1, events: [{ content: { resource: { href: id }, from: 'north', to: 'south & east' } }] });
  expect((moved.json.events as unknown as Json[])[0]?.severity).toBeUndefined();
  expect((await act(id, 'lock', { reason: 'again' })).status).toBe(400);
  expect((await eventsOf(id, 'locked')).json.count).toBe(1);
  expect(moved.text).not.toContain('MARK-pin');
});

test('in XML what their content holds stands in the namespace of the module', async () => {
  const { id } = await made({ units: 42, room: 'north' });
  await client.put(`${String(id)}?$select=room`, { room: 'south & east' });
  const { text } = await eventsOf(id, 'moved', XML);
  expect(text).toContain(
    `<content><resource xmlns="${RACKS}" href="${String(id)}"/><from xmlns="${RACKS}">north</from><to xmlns="${RACKS}">south &amp; east</to></content>`,
  );
  const [event] = (await eventsOf(id, 'moved')).json.events as unknown as Json[];
  const whole = (await client.get(String(event?.id), XML)).text;
  const named = await client.send('PUT', String(event?.id), { xml: whole.replace('<created>', '<name>seen</name><created>') });
  expect([named.status, named.json.name, named.json.content]).toEqual([200, 'seen', event?.content]);
});

test('OpenAPI and ResourceMetadata have its event types', async () => {
  const { components } = (await client.get('/openapi.json')).json;
  const { schemas } = components as unknown as { schemas: { Event: { allOf: Json[] } } };
  const conditions = schemas.Event.allOf;
  expect(conditions).toContainEqual(
    expect.objectContaining({
      if: { properties: { type: { const: `${RACKS}/event/moved` } }, required: ['type'] },
      then: {
        properties: {
          content: expect.objectContaining({
            description: 'A rack stands in another room.',
            properties: expect.objectContaining({ from: expect.objectContaining({ type: 'string' }) as unknown }) as unknown,
          }) as unknown,
        },
      },
    }),
  );
  const { attributes } = (await client.get('resourceMetadata/Event')).json;
  const type = (attributes as unknown as Json[]).find(({ name }) => name === 'type');
  expect(type?.values).toEqual(expect.arrayContaining([`${CIMI}/event/state`, `${RACKS}/event/locked`, `${RACKS}/event/moved`]));
});

test('R5.17.13-11: what a URI of the module means can be looked up by anyone', async () => {
  const page = async (path: string) => {
    const { status, headers, text } = await client.get(`/namespaces/example.com/racks/1${path}`);
    expect([path, status, headers.get('content-type')]).toEqual([path, 200, 'text/html; charset=utf-8']);
    return text;
  };
  const moved = await page('/event/moved');
  for (const words of [`${RACKS}/event/moved`, 'A rack stands in another room.', 'Planned', '<td>from</td><td>string</td>'])
    expect(moved).toContain(words);
  expect(await page('/event/locked')).toContain('medium');
  expect(await page('/action/lock')).toContain('Locks the rack.');
  expect(await page('/capability/Rack/MaxUnits')).toContain('The highest rack.');
  expect(await page('/Rack')).toContain('ResourceMetadata of Rack');
  const all = await page('');
  for (const name of ['Rack', 'event/moved', 'action/unlock']) expect(all).toContain(`<a href="${RACKS}/${name}">`);
  expect((await client.get('/namespaces/example.com/racks/1/event/none')).status).toBe(404);
});

test('an attribute of a standard type is taken, told and announced, and no cloud is asked for it', async () => {
  const template = { machineConfig: { cpu: 1 }, machineImage: { href: 'machineImages/sim.img-debian-12' }, costCentre: '4711' };
  const { status, json } = await client.post('machineTemplates', { resourceURI: `${CIMI}/MachineTemplate`, ...template });
  expect([status, json.costCentre]).toEqual([201, '4711']);
  const { text } = await client.get(String(json.id), XML);
  expect(text).toContain(`<costCentre xmlns="${RACKS}">4711</costCentre></MachineTemplate>`);
  expect((await client.get("machineTemplates?$filter=costCentre='4711'")).json.count).toBe(1);
  const { attributes } = (await client.get('resourceMetadata/MachineTemplate')).json;
  expect(attributes).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: 'costCentre', namespace: RACKS, type: 'string' })]) as unknown,
  );
  const machine = await client.post('machines', { resourceURI: `${CIMI}/MachineCreate`, machineTemplate: { href: json.id } });
  expect(await client.ended(machine)).toMatchObject({ state: 'SUCCESS' });
  const xml = `<MachineTemplate xmlns="${CIMI}" xmlns:r="${EXTENSION}"><r:costCentre>1</r:costCentre></MachineTemplate>`;
  const wrong = await client.send('POST', 'machineTemplates', { xml });
  expect([wrong.status, wrong.json.statusMessage]).toEqual([
    400,
    expect.stringMatching(new RegExp(`in the namespace ${RACKS}, not in ${EXTENSION}`)),
  ]);
});

test('what it keeps is found again after a restart', async () => {
  const { id } = await made({ units: 42, room: 'kept', pin: 'hush' });
  await gateway.stop({ keepData: true });
  gateway = await start(['./types-rack/index.mjs']);
  client = new Client(gateway.base);
  const path = new URL(String(id)).pathname.replace('/cimi/', '');
  expect((await client.get(path)).json).toMatchObject({ room: 'kept', state: 'OPEN' });
});

test.each([
  ['./none.mjs', /line \d+, extensions\[0\]: the module ".\/none\.mjs" can't be loaded: there is no file .*none\.mjs/],
  ['@scope/none', /the module "@scope\/none" can't be loaded: no package of this name is installed in .* or /],
  ['./loose.mjs', /the module ".\/loose\.mjs" is not what it should be: types\.Rack\.attributes\.room\.consumer: is missing/],
  ['./lost.mjs', /extensions: the catalogue contradicts itself: Rack\.owner names the unknown type Machin/],
])('with %s the gateway says what is wrong and does not start', async (extension, words) => {
  const attribute = "{ kind: 'string', provider: 'optional mutable' }";
  const types = (attributes: string): string =>
    `export const contractVersion = '1.0'; export const namespace = '${RACKS}';` +
    `export const types = { Rack: { collection: 'racks', attributes: ${attributes} } };`;
  writeFileSync(join(folder, 'loose.mjs'), types(`{ room: ${attribute} }`));
  writeFileSync(
    join(folder, 'lost.mjs'),
    types("{ owner: { kind: 'ref', to: 'Machin', provider: 'optional mutable', consumer: 'optional read-write' } }"),
  );
  await gateway.stop({ keepData: true });
  await expect(start([extension])).rejects.toThrow(words);
  gateway = await start(['./types-rack/index.mjs']);
});
