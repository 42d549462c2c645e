import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { connect, CimiError, type Transport, type TransportRequest } from '../../sdk/index';
import { nodeTransport } from '../../sdk/node';
import { chromiumAvailable, startChromium } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { Client, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { tell, type Scene, type Story, type Told } from './stories';

let gateway: TestGateway;
let image: string;
const entry = (): string => `${gateway.base}cloudEntryPoint`;
/** Failure of a promise, which has to be one of the library's. */
const failure = async (work: Promise<unknown>): Promise<CimiError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CimiError)) throw new Error(`no CimiError: ${String(error)}`);
  return error;
};

beforeAll(async () => {
  const failures = [{ method: 'machines.restart', kind: 'conflict', message: 'the hypervisor is being updated', times: 1000 }];
  gateway = await startTestGateway({ config: { clouds: { sim: simulatedCloud({ failures }) } } });
  const { json } = await new Client(gateway.base).get('machineImages');
  image = String((json['machineImages'] as unknown as Json[])[0]?.['id']);
});

afterAll(() => gateway.stop());

/**
 * Expects of each story what the gateway and the library promise.
 * @param way word for names
 * @param run runs a story somewhere
 */
function storiesBy(way: string, run: (story: Story, scene: Scene) => Promise<Told>): void {
  /** Runs a story; nothing may be asked for that no answer has named. */
  const told = async <T = Record<string, unknown>>(story: Story): Promise<T> => {
    const { told: values, strange } = await run(story, { entry: entry(), image, way });
    expect(strange).toEqual([]);
    return values as T;
  };

  test('a machine is made, followed, stopped, changed and deleted', async () => {
    expect(await told('life')).toEqual({
      states: [
        [true, 'SUCCESS', 100],
        ['STARTED', true, false],
        ['STOPPED', false, true],
        ['one', { team: 'blue' }],
        // Only what is named is changed; null erases.
        [null, { team: 'blue' }],
      ],
      isSame: true,
      isWhole: true,
      // The version that was read is not there any more.
      stale: expect.objectContaining({ kind: 'changed', status: 412, at: 'If-Match' }),
      gone: expect.objectContaining({ kind: 'notFound', status: 404, requestId: expect.stringMatching(/^[-0-9a-f]{36}$/) }),
    });
  });

  test('an answer that gets lost does not make two: the same key is sent again', async () => {
    expect(await told('lost')).toEqual({ posts: 2, keys: 1, isOne: true });
  });

  test('a provider that nobody reaches', async () => {
    const { kind, status, message } = await told('nobody');
    expect([kind, status, message]).toEqual([
      'unreachable',
      undefined,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:1 can't be reached: ./),
    ]);
  });

  test('each new change has a key of its own', async () => {
    expect(await told('keys')).toEqual([expect.stringMatching(/^[-0-9a-f]{36}$/), `${way}-mine`]);
  });

  test('a list is read by windows, in order, with what was asked for', async () => {
    const { whole, items, attributes, windows, first, requests } = await told<Record<string, string[]>>('windows');
    expect(whole?.length).toBeGreaterThan(3);
    expect(items).toEqual(whole);
    expect(new Set(attributes)).toEqual(new Set(['resourceURI', 'id', 'name', 'memory']));
    expect(windows).toEqual(Array.from({ length: Math.ceil((whole?.length ?? 0) / 3) }, (_, i) => [String(3 * i + 1), String(3 * i + 3)]));
    expect(first).toEqual(whole?.slice(0, 4));
    expect(requests).toBe(2);
  });

  test('a window tells number and validator, and nothing where nothing is another', async () => {
    expect(await told('page')).toEqual({ items: 2, clouds: [], isCounted: true, isKnown: true, canAdd: true });
  });

  test('references and collections of a resource are followed, with or without $expand', async () => {
    const { disks, read, image: taken } = await told('references');
    expect(disks).not.toEqual([]);
    expect(read).toEqual(disks);
    expect(taken).toEqual(['before', 'SNAPSHOT', 'AVAILABLE']);
  });

  test('a Job that fails is an error that has it, at once', async () => {
    expect(await told('failing')).toEqual({
      error: {
        kind: 'conflict',
        message: expect.stringContaining('the hypervisor is being updated'),
        job: 'FAILED',
        requestId: expect.any(String),
      },
      last: 'FAILED',
    });
  });

  test('a wait is ended by its signal, and the Job goes on', async () => {
    expect(await told('aborted')).toEqual(['ended', 'SUCCESS']);
  });

  test('refusals say what the gateway says, and where', async () => {
    expect(await told('refusals')).toMatchObject({
      filter: { kind: 'invalid', status: 400, at: '$filter', message: expect.stringContaining('$filter, character 5') },
      wrong: { status: 400, job: 'FAILED' },
      state: { kind: 'conflict', message: expect.stringContaining('STARTED') },
      nothing: { kind: 'notOffered' },
    });
  });

  test('what is there and what changes is told by watch, once each', async () => {
    const { changes, isEnded } = await told<{ changes: string[]; isEnded: boolean }>('watched');
    expect(changes.filter((change) => change.startsWith('added')).length).toBe(1);
    expect(new Set(changes).size).toBe(changes.length);
    expect(isEnded).toBe(true);
  });

  test('events are told as they happen', async () => {
    expect(await told('events')).toBe(true);
  });
}

describe('over fetch', () => storiesBy('fetch', (story, scene) => tell(story, scene)));
describe('over node:http', () => storiesBy('node', (story, scene) => tell(story, scene, nodeTransport())));

describeWith('chromium', chromiumAvailable(), () => {
  let browser: Browser;
  let page: Page;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cimi-sdk-'));
    const bundle = join(folder, 'stories.js');
    const esbuild = join(__dirname, '../../node_modules/.bin/esbuild');
    const options = ['--bundle', '--format=iife', '--global-name=stories', '--platform=browser', '--target=es2022', `--outfile=${bundle}`];
    execFileSync(esbuild, [join(__dirname, 'stories.ts'), ...options, '--log-level=error']);
    browser = await startChromium();
    // The page's own policy allows no scripts; that is not what is tried here.
    page = await (await browser.newContext({ bypassCSP: true })).newPage();
    await page.goto(entry());
    await page.evaluate(`${readFileSync(bundle, 'utf8')}\nglobalThis.stories = stories;`);
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  storiesBy('chromium', (story, scene) =>
    page.evaluate(([name, where]) => (globalThis as unknown as { stories: { tell: typeof tell } }).stories.tell(name, where), [
      story,
      scene,
    ] as const),
  );
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
