import { Ledger } from '../../src/model/ledger';
import type { CimiRequest, CimiResponse, Principal } from '../../src/protocol/messages';
import { standardCatalogue } from '../../src/model/catalogue';
import { simulatedCloud } from '../harness/gateway';
import { populate } from './population';
import { Walk } from './operations-walk';
import { elapse } from '../harness/wait';
import { listOf, machineCreate, made, openScene, pathOf, succeeded, type Scene } from './scene';

/**
 * Kept answers against answers that are made anew, over everything there is: every path, for two tenants in three roles each, in both
 * formats, with changes in between. What a client gets is the same, byte for byte. A `Prefer` that asks for nothing has an answer
 * made anew (RFC 7240: what is not known is passed over).
 */
let scene: Scene;
let paths: readonly string[];
const ANEW = { prefer: 'handling=lenient' };
const CALLERS = ['default', 'other'].flatMap((tenant) =>
  (['admin', 'operator', 'reader'] as const).map((role): Principal => ({ name: `${role}-of-${tenant}`, tenant, role })),
);
const watched = jest.spyOn(Ledger.prototype, 'watch');

/** Answer as a client sees it, but for its age. */
interface Seen {
  status: number;
  headers: Record<string, string>;
  body: string;
}

beforeAll(async () => {
  const slowly = { guard: { cacheMs: 600_000 } };
  const shared = { ...simulatedCloud(), ...slowly, tenants: ['default', 'other'], discoveredTenant: 'default' };
  const theirs = { ...simulatedCloud(), ...slowly, tenants: ['other'] };
  scene = await openScene({ config: { clouds: { sim: shared, theirs }, defaultCloud: 'sim', jobs: { graceMs: 10_000 } } });
  await populate(scene.client, scene.control);
  const visits = await new Walk(scene.client, standardCatalogue()).all();
  const found = someOfEach(visits.map(({ path }) => path));
  const narrowed = found.filter((path) => !path.includes('/')).map((path) => `clouds/sim/${path}`);
  paths = ['cloudEntryPoint', 'clouds/sim/cloudEntryPoint', ...found, ...narrowed, 'machines/nowhere'];
});
afterAll(async () => {
  watched.mockRestore();
  await scene.close();
});

/** Chooses of paths of the same shape the first and the last ones: each kind of thing, in more than one state. */
function someOfEach(all: readonly string[]): string[] {
  const shapes = new Map<string, string[]>();
  for (const path of all) {
    const shape = path.replace(/(^|\/)([A-Za-z]+)\/[^/]+/g, '$1$2/{id}');
    shapes.set(shape, [...(shapes.get(shape) ?? []), path]);
  }
  return [...shapes.values()].flatMap((same) => (same.length > 3 ? [...same.slice(0, 2), ...same.slice(-1)] : same));
}

async function ask(path: string, principal: Principal, headers: CimiRequest['headers']): Promise<Seen> {
  const request = { method: 'GET', path, query: [], headers, principal, requestId: 'r' };
  const { status, headers: told, body = [] }: CimiResponse = await scene.gateway.gateway.handle(request);
  const { Age: _age, ...rest } = told;
  const text = Buffer.concat(body).toString();
  // A refusal is a Job of its own each time: made when it is told.
  return { status, headers: rest, body: status < 400 ? text : text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'NOW') };
}

/** Asks for a path as it may be kept, and anew before and after: where these two agree, nothing has changed meanwhile. */
async function compare(path: string, principal: Principal, headers: CimiRequest['headers']): Promise<Seen> {
  for (let left = 20; ; left -= 1) {
    const before = await ask(path, principal, { ...headers, ...ANEW });
    const first = await ask(path, principal, headers);
    const again = await ask(path, principal, headers);
    const after = await ask(path, principal, { ...headers, ...ANEW });
    if (left > 0 && JSON.stringify(before) !== JSON.stringify(after)) continue;
    expect([path, principal.name, first]).toEqual([path, principal.name, after]);
    expect([path, principal.name, again]).toEqual([path, principal.name, after]);
    return again;
  }
}

/** Tells whether the next answer for a path comes from what is kept. */
async function isKept(path: string, principal: Principal): Promise<boolean> {
  const before = watched.mock.calls.length;
  await ask(path, principal, {});
  return watched.mock.calls.length === before;
}

test.each(CALLERS)('every path is answered to $name as if nothing were kept, in JSON, XML, and to who has it already', async (caller) => {
  for (const path of paths) {
    await compare(path, caller, { accept: 'application/xml' });
    const { status, headers } = await compare(path, caller, {});
    if (status !== 200) continue;
    const known = await compare(path, caller, { 'if-none-match': headers.ETag });
    expect([path, known.status]).toEqual([path, 304]);
  }
});

test('of each type with rows of its own or at a provider an answer is kept, and of none that goes with the time', async () => {
  const [caller] = CALLERS as [Principal];
  const kept = new Set<string>();
  for (const path of paths.filter((one) => !one.includes('/events'))) {
    await ask(path, caller, {});
    if (await isKept(path, caller)) kept.add(path.split('/').length === 2 ? (path.split('/')[0] ?? '') : 'lists');
  }
  const stored = ['machineTemplates', 'volumeTemplates', 'credentialTemplates', 'meterTemplates', 'jobs', 'resourceMetadata'];
  const inClouds = ['machines', 'machineImages', 'machineConfigs', 'volumes', 'networks', 'addresses', 'networkPorts', 'credentials'];
  expect([...kept]).toEqual(expect.arrayContaining([...stored, ...inClouds, 'lists']) as unknown);
  expect(kept.has('eventLogs')).toBe(false);
});

test('after each change every path is answered as if nothing were kept', async () => {
  const { client } = scene;
  const all = async (): Promise<void> => {
    for (const path of paths) for (const caller of CALLERS.filter(({ role }) => role !== 'operator')) await compare(path, caller, {});
  };
  const [template] = listOf((await client.get('machineTemplates')).json, 'machineTemplates');
  await all();
  const machine = pathOf(client, (await made(client, 'machines', machineCreate({ name: 'changed' }))).id);
  paths = [...paths, machine, `${machine}/disks`];
  await all();
  await succeeded(client, await client.act(machine, 'stop'));
  await client.put(`${machine}?$select=name,properties`, { name: 'another', properties: { turn: 'two' } });
  await client.put(`${pathOf(client, template?.id)}?$select=description`, { description: 'changed' });
  await all();
  await succeeded(client, await client.delete(machine));
  await all();
});

test('a Meter whose stopTime comes is told as stopped, and so is the list that it stands in, although nothing is written', async () => {
  const { client } = scene;
  const [caller] = CALLERS as [Principal];
  const target = pathOf(client, (await made(client, 'machines', machineCreate({ name: 'metered' }))).id);
  const stopTime = new Date(Date.now() + 3_000).toISOString();
  const meterTemplate = { targetResource: { href: target }, meterConfig: { aspect: 'http://schemas.dmtf.org/cimi/1/aspect/cpu' } };
  const meter = pathOf(client, (await made(client, 'meters', { meterTemplate })).id);
  await client.put(`${meter}?$select=stopTime`, { stopTime });
  const about = [meter, 'meters', `${target}/meters`];
  const offers = async (path: string, operation: string): Promise<boolean> =>
    (await ask(path, caller, {})).body.includes(`/action/${operation}"`);
  for (const path of about) await ask(path, caller, {});
  await elapse(3_100);
  for (const path of about) await compare(path, caller, {});
  expect([await offers(meter, 'stop'), await offers(meter, 'start')]).toEqual([false, true]);
});
