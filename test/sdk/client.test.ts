import { connect, CimiError, follow, fetchTransport, watch, type Cimi, type Transport, type TransportRequest } from '../../sdk/index';
import { nodeTransport } from '../../sdk/node';
import { Client, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { eventually } from '../harness/wait';

/** Request that went out, and whether its answer came in. */
interface Sent extends TransportRequest {
  status: number | undefined;
}

let gateway: TestGateway;
let raw: Client;
/** URIs that answers held, and those of entry points: nothing else may be asked for. */
const told = new Set<string>();
const sent: Sent[] = [];

const withoutQuery = (uri: string): string => uri.replace(/\?.*/, '');

/** Keeps what is sent, and the URIs of what is answered. */
function recorded(transport: Transport): Transport {
  return async (request) => {
    const one: Sent = { ...request, status: undefined };
    sent.push(one);
    const answer = await transport(request);
    one.status = answer.status;
    for (const name of ['Location', 'CIMI-Job-URI']) told.add(answer.header(name) ?? '');
    return {
      ...answer,
      text: async () => {
        const text = await answer.text();
        for (const [, uri = ''] of text.matchAll(/"(http[^"]*)"/g)) told.add(withoutQuery(uri));
        return text;
      },
    };
  };
}

const template = { machineConfig: { cpu: 1, memory: 1_048_576 }, machineImage: { href: '' } };
const entry = (): string => `${gateway.base}cloudEntryPoint`;
const open = (transport: Transport = nodeTransport()): Promise<Cimi> => connect(entry(), { transport: recorded(transport) });
/** Failure of a promise, which has to be one of the library's. */
const failure = async (work: Promise<unknown>): Promise<CimiError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CimiError)) throw new Error(`no CimiError: ${String(error)}`);
  return error;
};
const machine = (name: string) => ({ name, machineTemplate: template });

/** Ids of a list, as the gateway gives it. */
const idsOf = async (uri: string, group: string): Promise<string[]> =>
  ((await raw.get(uri)).json[group] as unknown as Json[]).map(({ id }) => String(id));

beforeAll(async () => {
  const failures = [{ method: 'machines.restart', kind: 'conflict', message: 'the hypervisor is being updated', times: 1000 }];
  gateway = await startTestGateway({ config: { clouds: { sim: simulatedCloud({ failures }) } } });
  raw = new Client(gateway.base);
  told.add(entry());
  template.machineImage.href = (await idsOf('machineImages', 'machineImages'))[0] ?? '';
});

afterAll(() => gateway.stop());

afterEach(() => {
  const strange = sent.filter(({ url }) => !told.has(withoutQuery(url))).map(({ url }) => url);
  expect(strange).toEqual([]);
});

describe.each([
  ['fetch', fetchTransport],
  ['node:http', nodeTransport()],
])('over %s', (way, transport) => {
  const name = `life-${way.replace(/\W/, '-')}`;

  test('a machine is made, followed, stopped, changed and deleted', async () => {
    const cimi = await open(transport);
    const { resource, job } = await cimi.machines.create(machine(name));
    expect(resource.name).toBe(name);
    const seen: (number | undefined)[] = [];
    const done = await cimi.wait(job, { onProgress: ({ progress }) => seen.push(progress) });
    expect(done?.state).toBe('SUCCESS');
    expect(seen.at(-1)).toBe(100);

    const started = await cimi.get<'Machine'>(resource.id);
    expect([started.state, started.can('stop'), started.can('start')]).toEqual(['STARTED', true, false]);
    await cimi.wait((await started.act('stop', { force: true })).job);
    const stopped = await started.refresh();
    expect([stopped.state, stopped.can('stop'), stopped.can('start')]).toEqual(['STOPPED', false, true]);
    expect(await stopped.refresh()).toBe(stopped);

    const changed = await stopped.update({ description: 'one', properties: { team: 'blue' } });
    await cimi.wait(changed.job);
    // The version that was read is not there any more (412).
    expect(await failure(stopped.update({ description: 'two' }))).toMatchObject({ kind: 'changed', status: 412, at: 'If-Match' });
    const now = await stopped.refresh();
    expect([now.description, now.properties]).toEqual(['one', { team: 'blue' }]);
    // Only what is named is changed; null erases.
    await cimi.wait((await now.update({ description: null })).job);
    const bare = await now.refresh();
    expect([bare.description, bare.properties, bare.name]).toEqual([undefined, { team: 'blue' }, name]);
    expect(JSON.parse(JSON.stringify(bare))).toEqual((await raw.get(bare.id)).json);

    await cimi.wait((await bare.delete()).job);
    expect(await failure(bare.refresh())).toMatchObject({
      kind: 'notFound',
      status: 404,
      requestId: expect.stringMatching(/^[-0-9a-f]{36}$/),
    });
  });

  test('an answer that gets lost does not make two: the same key is sent again', async () => {
    let lost = 0;
    const lossy: Transport = async (request) => {
      const answer = await transport(request);
      if (request.method !== 'POST' || lost > 0) return answer;
      lost += 1;
      throw new Error('the connection was reset');
    };
    const cimi = await open(lossy);
    const before = sent.length;
    const { resource, job } = await cimi.machines.create(machine(`${name}-once`));
    await cimi.wait(job);
    const posts = sent.slice(before).filter(({ method }) => method === 'POST');
    expect(posts.map(({ status }) => status)).toEqual([undefined, expect.any(Number)]);
    expect(new Set(posts.map(({ headers }) => headers['Idempotency-Key'])).size).toBe(1);
    const found = await cimi.machines.all({ filter: (f) => f.name.eq(`${name}-once`), select: ['name'] });
    expect(found.map(({ id }) => id)).toEqual([resource.id]);
  });

  test('a provider that nobody reaches', async () => {
    const error = await failure(connect('http://127.0.0.1:1/', { transport, retries: 0 }));
    expect(error).toMatchObject({ kind: 'unreachable', status: undefined });
    expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:1 can't be reached: .*(ECONNREFUSED|bad port)/);
  });
});

test('each new change has a key of its own', async () => {
  const cimi = await open();
  const before = sent.length;
  const made = [await cimi.machines.create(machine('key-a')), await cimi.machines.create(machine('key-b'), { idempotencyKey: 'mine' })];
  const keys = sent.slice(before).map(({ headers }) => headers['Idempotency-Key']);
  expect(keys).toEqual([expect.stringMatching(/^[-0-9a-f]{36}$/), 'mine']);
  for (const { job } of made) await cimi.wait(job);
});

test('a list is read by windows, in order, with what was asked for', async () => {
  const cimi = await open();
  const whole = await idsOf('machineConfigs?$orderby=name', 'machineConfigurations');
  expect(whole.length).toBeGreaterThan(3);
  const before = sent.length;
  const items = await cimi.machineConfigs.all({ window: 3, orderBy: ['name'], select: ['name', 'memory'] });
  expect(items.map(({ id }) => id)).toEqual(whole);
  expect(new Set(items.flatMap((item) => Object.keys(item)))).toEqual(new Set(['resourceURI', 'id', 'name', 'memory']));
  const windows = sent.slice(before).map(({ url }) => new URL(url).searchParams);
  expect(windows.map((query) => [query.get('$first'), query.get('$last')])).toEqual(
    Array.from({ length: Math.ceil(whole.length / 3) }, (_, i) => [String(3 * i + 1), String(3 * i + 3)]),
  );
  const first = await cimi.machineConfigs.all({ window: 3, limit: 4, orderBy: ['name'] });
  expect(first.map(({ id }) => id)).toEqual(whole.slice(0, 4));
  // Reading ends with who reads.
  const looked = sent.length;
  for await (const { id } of cimi.machineConfigs.list({ window: 1, orderBy: ['name'] })) if (id === whole[1]) break;
  expect(sent.length - looked).toBe(2);
});

test('a window tells number and validator, and nothing where nothing is another', async () => {
  const cimi = await open();
  const page = await cimi.machineImages.page({ first: 1, last: 2, select: ['name'] });
  expect([page?.items.length, page?.unavailableClouds]).toEqual([2, []]);
  expect(page?.count).toBe((await raw.get('machineImages')).json.count);
  const known = await cimi.machineImages.page({ first: 1, last: 2, select: ['name'], unless: page?.etag });
  expect(known).toBeUndefined();
  const all = await cimi.systems.page();
  expect([all?.can('add'), all?.items]).toEqual([true, []]);
});

test('references and collections of a resource are followed, with or without $expand', async () => {
  const cimi = await open();
  const { resource, job } = await cimi.machines.create(machine('refs'));
  await cimi.wait(job);
  const [expanded] = await cimi.machines.all({ filter: (f) => f.name.eq('refs'), expand: ['disks'] });
  const disks = expanded?.disks?.disks ?? [];
  const { disks: ref } = resource;
  expect(ref && (await cimi.collection(ref).all()).map(({ id }) => id)).toEqual(disks.map(({ id }) => id));
  expect(disks.length).toBeGreaterThan(0);
  // A snapshot is made by the collection of images (5.14.1.2).
  const taken = await (await cimi.get<'Machine'>(resource.id)).act('snapshot', { name: 'before' });
  await cimi.wait(taken.job);
  const { latestSnapshot } = await cimi.get<'Machine'>(resource.id);
  const image = latestSnapshot && (await cimi.get(latestSnapshot));
  expect([image?.name, image?.type, image?.state]).toEqual(['before', 'SNAPSHOT', 'AVAILABLE']);
});

test('a Job that fails is an error that has it, at once', async () => {
  const cimi = await open();
  const { resource, job } = await cimi.machines.create(machine('failing'));
  await cimi.wait(job);
  const started = await cimi.get<'Machine'>(resource.id);
  const { job: restart } = await started.act('restart');
  const seen: string[] = [];
  const error = await failure(cimi.wait(restart, { onProgress: ({ state }) => seen.push(state) }));
  expect(error).toMatchObject({ kind: 'conflict', status: undefined, job: { state: 'FAILED' } });
  expect(error.message).toContain('the hypervisor is being updated');
  expect(seen.at(-1)).toBe('FAILED');
});

test('a wait is ended by its signal, and the Job goes on', async () => {
  const cimi = await open();
  const { job } = await cimi.machines.create(machine('aborted'));
  const control = new AbortController();
  const waiting = cimi.wait(job, { signal: control.signal });
  control.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow();
  await expect(cimi.wait(job)).resolves.toMatchObject({ state: 'SUCCESS' });
});

test('refusals say what the gateway says, and where', async () => {
  const cimi = await open();
  expect(await failure(cimi.machines.all({ filter: 'foo bar' }))).toMatchObject({
    kind: 'invalid',
    status: 400,
    at: '$filter',
    message: expect.stringContaining('$filter, character 5'),
  });
  const wrong = { name: 'x', machineTemplate: { machineConfig: { cpu: -1 } } };
  expect(await failure(cimi.machines.create(wrong))).toMatchObject({ status: 400, job: { state: 'FAILED' } });
  const { resource, job } = await cimi.machines.create(machine('refused'));
  await cimi.wait(job);
  const started = await cimi.get<'Machine'>(resource.id);
  const state = await failure(started.act('start'));
  expect([state.kind, state.message]).toEqual(['conflict', expect.stringContaining('STARTED')]);
  expect((await failure(Promise.resolve().then(() => cimi.collection('nothings')))).kind).toBe('notOffered');
});

/** Transport that gives the answers in their order, and then nothing but 500. */
const scripted =
  (answers: [status: number, values: object, headers?: Record<string, string>][]): Transport =>
  () => {
    const [status, values, headers = {}] = answers.shift() ?? [500, {}];
    return Promise.resolve({
      status,
      header: (name) => headers[name],
      text: () => Promise.resolve(JSON.stringify(values)),
      chunks: () => (async function* () {})(),
    });
  };
const entryAnswer = (): [number, object] => [200, { baseURI: gateway.base, id: 'x' }];

test('a change that is in the way is named', async () => {
  const link = '<https://a/style>; rel="style", <https://a/jobs/7>; rel="http://cimi-gateway.org/rel/blocking-job"';
  const cimi = await connect(gateway.base, {
    transport: scripted([
      entryAnswer(),
      [409, { statusMessage: 'it is being stopped' }, { Link: link, 'Retry-After': '3', 'X-Request-Id': 'r' }],
    ]),
  });
  expect(await failure(cimi.send({ method: 'DELETE', url: 'machines/1' }))).toMatchObject({
    kind: 'conflict',
    message: 'it is being stopped',
    blockedBy: 'https://a/jobs/7',
    retryAfter: 3,
    requestId: 'r',
  });
});

test('a login is sent to the provider and to nobody else', async () => {
  const seen: TransportRequest[] = [];
  const transport: Transport = (request) => {
    seen.push(request);
    return nodeTransport()(request);
  };
  const there = await connect(gateway.base, { transport, token: 'cimi_x', headers: { 'X-CIMI-Console': '1' } });
  expect(seen.map(({ headers }) => headers)).toMatchObject([{ Authorization: 'Bearer cimi_x', 'X-CIMI-Console': '1' }]);
  const strangers = await failure(there.get('http://127.0.0.1:9/cimi/machines/1'));
  expect(strangers.kind).toBe('forbidden');
  expect(seen.length).toBe(1);
});

test('user and password go as Basic, in UTF-8', async () => {
  let authorization: string | undefined;
  const transport: Transport = (request) => {
    authorization = request.headers.Authorization;
    return Promise.reject(new Error('enough'));
  };
  await failure(connect(gateway.base, { transport, user: 'жуж', password: 'пароль', retries: 0 }));
  expect(Buffer.from(String(authorization).replace('Basic ', ''), 'base64').toString()).toBe('жуж:пароль');
});

test('what comes later is asked for again, when it says; what was accepted is not', async () => {
  const answers: Parameters<typeof scripted>[0] = [
    [503, { statusMessage: 'busy', returnCode: 10_000 }, { 'Retry-After': '0' }],
    entryAnswer(),
  ];
  const cimi = await connect(gateway.base, { transport: scripted(answers) });
  expect(answers).toEqual([]);
  // The Job of an accepted create failed: it would be the same again.
  answers.push([503, { statusMessage: 'no capacity', returnCode: 10_008, id: 'j', state: 'FAILED' }, { 'Retry-After': '0' }], [200, {}]);
  expect(await failure(cimi.send({ method: 'POST', url: 'machines', body: {} }))).toMatchObject({ kind: 'unavailable', status: 503 });
  expect(answers.length).toBe(1);
});

test('a provider whose answers do not wait is asked for a Job again, after its Retry-After', async () => {
  const job = (state: string): [number, object, Record<string, string>] => [
    200,
    { id: 'jobs/1', state, progress: 0 },
    { 'Retry-After': '0' },
  ];
  const answers = [entryAnswer(), job('QUEUED'), job('RUNNING'), job('SUCCESS')];
  const cimi = await connect(gateway.base, { transport: scripted(answers) });
  expect((await cimi.wait('jobs/1')).state).toBe('SUCCESS');
  expect(answers).toEqual([]);
});

test('what is there and what changes is told by watch, once each', async () => {
  const cimi = await open();
  const control = new AbortController();
  const changes: string[] = [];
  const watching = (async () => {
    const options = { filter: "name='watched'", everyMs: 20, signal: control.signal };
    for await (const { change, item } of watch(cimi.machines, options)) changes.push(`${change} ${item.state}`);
  })().catch((error: unknown) => error);
  const { resource, job } = await cimi.machines.create(machine('watched'));
  await cimi.wait(job);
  await eventually(() => changes.find((change) => change.endsWith('STARTED')));
  await cimi.wait((await (await cimi.get<'Machine'>(resource.id)).delete()).job);
  await eventually(() => changes.find((change) => change.startsWith('removed')));
  expect(changes.filter((change) => change.startsWith('added')).length).toBe(1);
  expect(new Set(changes).size).toBe(changes.length);
  control.abort(new Error('enough'));
  expect(await watching).toBeInstanceOf(Error);
});

test('events are told as they happen', async () => {
  const cimi = await open();
  const [log] = await cimi.eventLogs.all();
  const control = new AbortController();
  const events = log?.events && follow(cimi, log.events, { signal: control.signal, kept: 'all' });
  const { resource, job } = await cimi.machines.create(machine('evented'));
  await cimi.wait(job);
  let about: string | undefined;
  for await (const event of events ?? []) {
    about = event.about?.href;
    if (about === resource.id) break;
  }
  expect(about).toBe(resource.id);
  control.abort(new Error('enough'));
});
