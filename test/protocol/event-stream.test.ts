import { EventSource, type MessageEvent } from 'undici';
import { CIMI } from '../../src/model/define';
import { hashPassword } from '../../src/http/passwords';
import { hashToken, newToken } from '../../src/http/tokens';
import type { Role } from '../../src/store/store';
import { basic, Client, type Json } from '../harness/client';
import { StreamReader, type Told } from '../harness/event-stream';
import { simulatedCloud, startTestGateway } from '../harness/gateway';
import { elapse, eventually, waitUntil } from '../harness/wait';
import { expectFault, listOf, machineCreate, made, openScene, pathOf, succeeded, type Scene } from './scene';

/** An event log that is read as it grows: server-sent events (HTML, 9.2). */
const STREAM = { accept: 'text/event-stream' };
const MODELS = `$filter=type='${CIMI}/event/model'`;
let scene: Scene;
const open: StreamReader[] = [];
afterEach(() => {
  for (const reader of open.splice(0)) reader.cut();
});

const hrefOf = (value: unknown): string => String((value as { href?: unknown } | undefined)?.href);

/** URI of the events of a tenant's log of everything. */
async function everything(client: Client = scene.client): Promise<string> {
  const logs = listOf((await client.get('eventLogs')).json, 'eventLogs');
  const log = logs.find(({ targetResource }) => hrefOf(targetResource).endsWith('/cloudEntryPoint'));
  return hrefOf(log?.events);
}

async function stream(uri: string, headers: Record<string, string> = {}): Promise<StreamReader> {
  const reader = await StreamReader.open(uri, headers);
  open.push(reader);
  return reader;
}

/** Stream from now on: what happens once this resolves is told. */
async function streamFromNow(uri: string, headers: Record<string, string> = {}): Promise<StreamReader> {
  const reader = await stream(uri, headers);
  await waitUntil(() => reader.lastId !== '');
  return reader;
}

/** Makes configurations, each of which is a model event and an access event. @returns their paths */
async function happen(count: number, client: Client = scene.client): Promise<string[]> {
  const paths: string[] = [];
  for (let n = 0; n < count; n += 1) paths.push(pathOf(client, (await made(client, 'machineConfigs', { cpu: 1, memory: 1024 })).id));
  return paths;
}

const aboutOf = (told: readonly Told[]): string[] => told.map(({ data }) => hrefOf(data.about).replace(/^.*\/cimi\//, ''));
const codeOf = (content: unknown): unknown => (content as { code?: unknown }).code;
const idsOf = (told: readonly Told[]): string[] => told.map(({ data }) => String(data.id));

describe('one tenant', () => {
  beforeAll(async () => {
    scene = await openScene({ config: { jobs: { graceMs: 10_000 }, streams: { perTenant: 3, keepAliveMs: 1000 } } });
  });
  afterAll(() => scene.close());

  test('each event is told as it happens, under the word of its type, as its own GET shows it', async () => {
    const reader = await streamFromNow(await everything());
    expect([reader.status, reader.headers['content-type'], reader.retry]).toEqual([200, 'text/event-stream', '2000']);
    expect(reader.headers).toMatchObject({ 'cache-control': 'no-store', vary: expect.stringContaining('Accept') as string });
    expect(reader.headers['content-length']).toBeUndefined();
    const paths = await happen(2);
    // Of each change a model event, and who asked for it.
    const told = await reader.first(4);
    expect(aboutOf(told.filter(({ event }) => event === 'model'))).toEqual(paths);
    expect(told.map(({ event, data }) => [event, data.type])).toEqual(
      ['model', 'access', 'model', 'access'].map((word) => [word, `${CIMI}/event/${word}`]),
    );
    for (const { data } of told) expect((await scene.client.get(String(data.id))).json).toEqual(data);
  });

  test('a client that was cut goes on after what it has read: nothing is lost, nothing told twice', async () => {
    const uri = await everything();
    const whole = await streamFromNow(uri);
    let part = await streamFromNow(uri);
    const seen: Told[] = [];
    for (const count of [3, 1, 2]) {
      await happen(count);
      await part.first(1);
      part.cut();
      // Whatever it has read of them by now, some are told while nobody reads.
      await happen(1);
      seen.push(...part.told);
      part = await stream(uri, { 'last-event-id': part.lastId });
    }
    const all = await whole.first(2 * 9);
    await waitUntil(() => seen.length + part.told.length >= all.length);
    expect([...seen, ...part.told].map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(idsOf([...seen, ...part.told])).toEqual(idsOf(all));
  });

  test('Last-Event-ID wins over where the URI says to begin, as a client comes again that knows only that', async () => {
    const uri = `${await everything()}?${MODELS}&$first=1`;
    const [, second] = await happen(2);
    const before = await stream(uri);
    await waitUntil(() => aboutOf(before.told).includes(String(second)));
    const known = before.told.at(-2);
    const after = await stream(uri, { 'last-event-id': String(known?.id) });
    expect(aboutOf(await after.first(1))).toEqual([second]);
  });

  test('$first begins with what is kept, or after as many as the client knows; then it goes on with what is new', async () => {
    await happen(3);
    const uri = await everything();
    const ids = listOf((await scene.client.get(uri)).json, 'events').map(({ id }) => String(id));
    const whole = await stream(`${uri}?$first=1`);
    expect(idsOf(await whole.first(ids.length)).sort()).toEqual([...ids].sort());
    const rest = await stream(`${uri}?$first=${ids.length}`);
    const [next] = await happen(1);
    expect(idsOf(await rest.first(1))).toEqual(idsOf(whole.told.slice(ids.length - 1, ids.length)));
    expect(aboutOf(await rest.first(2)).at(1)).toBe(next);
  });

  test('$filter and $select hold, and the place moves past what is not told', async () => {
    const uri = await everything();
    const [one, other] = await happen(2);
    const filter = `$filter=about='${String(one)}' or name='nobody'`;
    const reader = await stream(`${uri}?${filter}&$first=1&$select=type,about`);
    expect(aboutOf(await reader.first(1))).toEqual([one]);
    expect(Object.keys(reader.told[0]?.data ?? {})).toEqual(['resourceURI', 'type', 'about']);
    const { lastId } = reader;
    await scene.client.put(`${String(other)}?$select=name`, { name: 'renamed' });
    await waitUntil(() => reader.lastId !== lastId);
    expect(reader.told).toHaveLength(1);
    await scene.client.put(`${String(one)}?$select=name`, { name: 'renamed' });
    expect((await reader.first(2)).map(({ event }) => event)).toEqual(['model', 'model']);
  });

  test('where nothing happens a comment comes now and then', async () => {
    const reader = await streamFromNow(`${await everything()}?$filter=type='http://own.example/none'`);
    await waitUntil(() => reader.comments.length >= 2);
    expect([reader.told, reader.end]).toEqual([[], undefined]);
  });

  test('a log of one resource tells of that alone, and ends with its log', async () => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const body = { resourceURI: `${CIMI}/EventLogCreate`, eventLogTemplate: { targetResource: { href: String(machine.id) } } };
    const log = await made(scene.client, 'eventLogs', body);
    const reader = await streamFromNow(hrefOf(log.events));
    await happen(1);
    await scene.client.put(`${String(machine.id)}?$select=name`, { name: 'told' });
    const [told] = await reader.first(1);
    expect(aboutOf(reader.told)).toEqual(reader.told.map(() => pathOf(scene.client, machine.id)));
    expect(String(told?.data.id).startsWith(`${hrefOf(log.events)}/`)).toBe(true);
    await succeeded(scene.client, await scene.client.delete(String(log.id)));
    expect(await reader.ended()).toBe('ended');
    expect(reader.comments.at(-1)).toBe('the log is gone');
    expectFault(await scene.client.get(hrefOf(log.events), STREAM), 404, /nothing at/);
  });

  test('one goes with the target of its log, too', async () => {
    const machine = await made(scene.client, 'machines', machineCreate({}, { eventLogTemplate: { persistence: 'daily' } }));
    const log = (await scene.client.get(hrefOf(machine.eventLog))).json;
    const reader = await streamFromNow(hrefOf(log.events));
    await succeeded(scene.client, await scene.client.delete(String(machine.id)));
    expect(await reader.ended()).toBe('ended');
  });

  test.each([
    ['?$last=5', {}, /^\$last: a stream has no last event/],
    ['?$orderby=timestamp:desc', {}, /^\$orderby: a stream is in the order/],
    ['?$expand=about', {}, /^\$expand: a stream shows references as they are/],
    ['?$filter=(', {}, /\$filter/],
    ['', { 'last-event-id': 'yesterday' }, /^Last-Event-ID: is no id of an event/],
    ['', { 'last-event-id': '99999999999999999999-1' }, /^Last-Event-ID: is no id/],
  ])('what a stream cannot do is refused in words: %s %j', async (query, headers, words) => {
    expectFault(await scene.client.get(`${await everything()}${query}`, { ...STREAM, ...headers }), 400, words);
  });

  test('only what grows is read so: all else has no such representation, and says which it has', async () => {
    const uri = await everything();
    const event = idsOf(await (await stream(`${uri}?$first=1`)).first(1))[0];
    for (const other of ['machines', 'cloudEntryPoint', 'eventLogs', String(event)])
      expectFault(await scene.client.get(other, STREAM), 406, 'representations are application/json and application/xml');
    expectFault(await scene.client.get(uri, { accept: 'image/png' }), 406, /application\/xml, and of what is new text\/event-stream$/);
  });

  test('who asks for JSON or XML, or takes anything, is answered as ever', async () => {
    const uri = await everything();
    for (const [accept, type] of [
      ['*/*', 'application/json'],
      ['application/json, text/event-stream', 'application/json'],
      ['application/xml', 'application/xml'],
      ['text/*', 'application/json'],
    ] as const) {
      const { status, headers } = await scene.client.get(uri, { accept });
      expect([accept, status, headers.get('content-type'), headers.get('etag')]).toEqual([accept, 200, type, expect.any(String)]);
    }
    const asked = await scene.client.get(`${uri}?$format=json`, STREAM);
    expect([asked.status, listOf(asked.json, 'events').length > 0]).toEqual([200, true]);
  });

  test('HEAD has the headers and takes no seat; beyond the bound of a tenant 503 says when to come again', async () => {
    const uri = await everything();
    for (let n = 0; n < 5; n += 1) {
      const { status, headers, text } = await scene.client.send('HEAD', uri, { headers: STREAM });
      expect([status, headers.get('content-type'), text]).toEqual([200, 'text/event-stream', '']);
    }
    const readers = [await stream(uri), await stream(uri), await stream(uri)];
    expect(readers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await scene.client.get(uri, STREAM);
    expectFault(refused, 503, /^a tenant may read 3 streams at once \(streams\.perTenant\): come again later/);
    expect(refused.headers.get('retry-after')).toBe('10');
    expect((await scene.client.get(uri)).status).toBe(200);
    readers[0]?.cut();
    const again = await eventually(async () => {
      const reader = await stream(uri);
      return reader.status === 200 ? reader : undefined;
    });
    expect(again.status).toBe(200);
  });
});

describe('users and tenants', () => {
  let token: string;
  const access = () => scene.gateway.gateway.store.access;
  const user = async (name: string, tenant: string, role: Role): Promise<Client> => {
    await access().putPrincipal({ name, tenant, role, passwordHash: await hashPassword(`pw-${name}`) });
    return scene.client.as(basic(name, `pw-${name}`));
  };
  let a: Client;
  let b: Client;

  beforeAll(async () => {
    const clouds = { sim: simulatedCloud({}, { tenants: ['a', 'b'], discoveredTenant: 'a' }) };
    scene = await openScene({ config: { access: { required: true }, clouds, streams: { perTenant: 3, keepAliveMs: 1000 } } });
    a = await user('ann', 'a', 'operator');
    b = await user('bob', 'b', 'operator');
    token = newToken();
    await access().addToken({ id: 'reading', principal: 'bob', hash: hashToken(token), expires: null });
  });
  afterAll(() => scene.close());

  test("another's log is not there, another's events are not told, and another's streams take no seats", async () => {
    const [ofA, ofB] = [await everything(a), await everything(b)];
    expect(ofA).not.toBe(ofB);
    expect((await stream(ofA)).status).toBe(401);
    expect((await stream(ofA, basic('bob', 'pw-bob'))).status).toBe(404);
    const readers = await Promise.all([1, 2, 3].map(() => streamFromNow(`${ofB}?${MODELS}`, basic('bob', 'pw-bob'))));
    expect((await stream(ofB, basic('bob', 'pw-bob'))).status).toBe(503);
    const reader = await streamFromNow(`${ofA}?${MODELS}`, basic('ann', 'pw-ann'));
    const foreign = await happen(1, b);
    const own = await happen(1, a);
    expect(aboutOf(await reader.first(1))).toEqual(own);
    expect(aboutOf(await (readers[0] as StreamReader).first(1))).toEqual(foreign);
    // A place is one of the feed, not a right.
    const placed = await stream(ofA, { ...basic('ann', 'pw-ann'), 'last-event-id': '0-0' });
    expect(new Set((await placed.first(1)).map(({ data }) => String(data.id).startsWith(ofA)))).toEqual(new Set([true]));
  });

  test('a reader of the tenant is told the same, without what it may not do', async () => {
    await user('rae', 'a', 'reader');
    const uri = await everything(a);
    const [reads, works] = [await streamFromNow(uri, basic('rae', 'pw-rae')), await streamFromNow(uri, basic('ann', 'pw-ann'))];
    await happen(1, a);
    const [[read], [worked]] = [await reads.first(1), await works.first(1)];
    const { operations: _operations, ...shown } = worked?.data ?? {};
    expect([read?.data, listOf(worked?.data ?? {}, 'operations').map(({ rel }) => rel)]).toEqual([shown, ['edit', 'delete']]);
  });

  test('a token that is revoked ends its stream before another event is told', async () => {
    const reader = await streamFromNow(await everything(b), { authorization: `Bearer ${token}` });
    await happen(1, b);
    await reader.first(1);
    await access().removeToken('reading');
    // What is known of a login is believed for a moment.
    await elapse(3_500);
    await happen(1, b);
    expect(await reader.ended()).toBe('ended');
    expect([reader.told.length, reader.comments.at(-1)]).toEqual([1, 'the login holds no longer']);
  });

  test.each([
    [
      'who was removed',
      (name: string) =>
        access()
          .removePrincipal(name)
          .then(() => undefined),
    ],
    ['whose role was changed', (name: string) => user(name, 'a', 'reader').then(() => undefined)],
  ])('a user %s is told nothing more, also where nothing happens', async (_, change) => {
    await user('cleo', 'a', 'operator');
    const reader = await streamFromNow(await everything(a), basic('cleo', 'pw-cleo'));
    await change('cleo');
    expect(await reader.ended()).toBe('ended');
    expect([reader.told, reader.comments.at(-1)]).toEqual([[], 'the login holds no longer']);
  });
});

test('a client that does not read is cut, and goes on later where it was', async () => {
  scene = await openScene({ config: { server: { port: 0, limits: { stallMs: 1000 } }, streams: { perTenant: 1 } } });
  try {
    const uri = await everything();
    const detail = 'x'.repeat(64 * 1024);
    const common = { tenant: 'default', resource: 'machines/m', resourceType: 'Machine', type: `${CIMI}/event/alarm`, outcome: 'Warning' };
    for (let round = 0; round < 40; round += 1)
      await scene.gateway.gateway.store.transaction(async (unit) => {
        for (let n = 0; n < 20; n += 1) await unit.recordEvent({ ...common, content: { code: `${round}-${n}`, detail } });
      });
    const query = `${uri}?$first=1&$filter=about='machines/m'`;
    const slow = await stream(query);
    slow.pause();
    // The only seat is free once it was cut.
    const other = await eventually(async () => {
      const reader = await stream(uri);
      return reader.status === 200 ? reader : undefined;
    });
    slow.resume();
    expect(await slow.ended()).toBe('broken');
    expect(slow.told.length).toBeLessThan(800);
    other.cut();
    const rest = await eventually(async () => {
      const reader = await stream(query, { 'last-event-id': slow.lastId });
      return reader.status === 200 ? reader : undefined;
    });
    await rest.first(800 - slow.told.length);
    const codes = [...slow.told, ...rest.told].map(({ data }) => codeOf(data.content));
    expect(codes).toEqual(Array.from({ length: 800 }, (_, n) => `${Math.floor(n / 20)}-${n % 20}`));
  } finally {
    await scene.close();
  }
});

test('a gateway that stops ends its streams, and does not wait for who reads them', async () => {
  scene = await openScene({ config: { server: { port: 0, shutdownMs: 3_600_000 } } });
  const uri = await everything();
  const readers = await Promise.all([1, 2].map(() => streamFromNow(uri)));
  await scene.close();
  for (const reader of readers) expect([await reader.ended(), reader.comments.at(-1)]).toEqual(['ended', 'the gateway stops']);
});

test("undici's EventSource goes on over a restart of the gateway", async () => {
  const first = await startTestGateway();
  const port = Number(new URL(first.base).port);
  const client = new Client(first.base);
  const source = new EventSource(await everything(client), { node: { reconnectionTime: 100 } } as object);
  const told: string[] = [];
  source.addEventListener('model', (event) =>
    told.push(hrefOf((JSON.parse(String((event as MessageEvent).data)) as Json).about).replace(/^.*\/cimi\//, '')),
  );
  await waitUntil(() => source.readyState === EventSource.OPEN);
  const expected = await happen(2, client);
  await waitUntil(() => told.length === 2);
  await first.stop({ keepData: true });
  const second = await startTestGateway({ dataDir: first.dataDir, config: { server: { port, shutdownMs: 2000 } } });
  try {
    expected.push(...(await happen(2, client)));
    await waitUntil(() => told.length === 4);
    expect(told).toEqual(expected);
  } finally {
    source.close();
    await second.stop();
  }
});
