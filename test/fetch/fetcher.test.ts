import { gzipSync } from 'node:zlib';
import { createFetcher, isProblem, type Fetcher } from '../../src/fetch/fetcher';
import type { ResolveHost } from '../../src/fetch/single-request';
import { FetchBroken, type FetchProblem } from '../../src/fetch/problem';
import type { FetchRules } from '../../src/fetch/rules';
import { bytes, redirect, startOrigin, startRaw, type Origin } from './origin';
import { elapse } from '../harness/wait';

const CONTENT = Buffer.alloc(300_000, 'image');
const IMAGE = CONTENT.toString('base64');
const BOMB = gzipSync(Buffer.alloc(50_000_000));
const MAX = 1_000_000;
let origin: Origin;
let other: Origin;

/** Rules under which the origins may be asked. */
function rules(more: Partial<FetchRules> = {}): FetchRules {
  return {
    hosts: [`127.0.0.1:${origin.port}`, `images.example:${origin.port}`, `*.mixed.example:${origin.port}`],
    schemes: ['http', 'https'],
    addresses: ['127.0.0.1/32'],
    ...{ redirects: 2, maxBytes: MAX, deadlineMs: 20_000, idleMs: 10_000, concurrency: 4 },
    ...more,
  };
}

const never = () => new AbortController().signal;
const resolvedTo =
  (...addresses: string[]): ResolveHost =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

/** Returns what comes of fetching: the content, or the problem, wherever it shows. */
async function fetched(fetcher: Fetcher, uri: string, signal = never()): Promise<Buffer | FetchProblem> {
  const opened = await fetcher.open(uri, { signal });
  if (isProblem(opened)) return opened;
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of opened.bytes()) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof FetchBroken) return error.problem;
    throw error;
  } finally {
    opened.close();
    expect(fetcher.busy()).toBe(false);
  }
}

/** The same as text, which compares fast. */
async function content(fetcher: Fetcher, uri: string): Promise<string> {
  const seen = await fetched(fetcher, uri);
  return Buffer.isBuffer(seen) ? seen.toString('base64') : seen.message;
}

beforeAll(async () => {
  other = await startOrigin({ '/secret': bytes(Buffer.from('metadata')) });
  origin = await startOrigin({
    '/image': bytes(CONTENT),
    '/headers': (request, response) => response.end(JSON.stringify(request.headers)),
    '/once': redirect('/image', 307),
    '/twice': redirect('/once', 301),
    '/thrice': redirect('/twice', 308),
    '/round': redirect('/round', 303),
    '/nowhere': (_request, response) => response.writeHead(302).end(),
    '/metadata': redirect('http://169.254.169.254/latest/meta-data/'),
    '/other': redirect(() => `${other.url}secret`),
    '/by-name': redirect(() => `http://images.example:${origin.port}/image`),
    '/file': redirect('file:///etc/passwd'),
    '/user': redirect(() => `http://u:p@127.0.0.1:${origin.port}/image`),
    '/big': (_request, response) => response.writeHead(200, { 'content-length': MAX + 1 }).end(Buffer.alloc(10)),
    '/flood': (_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(100_000))) continue;
      };
      response.on('drain', more);
      more();
    },
    '/silent': () => undefined,
    '/stalls': (_request, response) => void response.writeHead(200, { 'content-length': 100 }).write('some'),
    '/drips': (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    },
    '/gzip': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB),
    '/bomb': bytes(BOMB),
    '/partial': (_request, response) => response.writeHead(206).end('part'),
    '/gone': (_request, response) => response.writeHead(410).end('for ever'),
  });
});
afterAll(async () => {
  await origin.close();
  await other.close();
});

test('what is there comes as it is, with its size, asked for without a coding', async () => {
  const fetcher = createFetcher(rules());
  const opened = await fetcher.open(`${origin.url}image`, { signal: never() });
  if (isProblem(opened)) throw new Error(opened.message);
  expect(opened.size).toBe(CONTENT.length);
  expect(opened.withinMs).toBeLessThanOrEqual(20_000);
  opened.close();
  expect(await content(fetcher, `${origin.url}image#part`)).toBe(IMAGE);
  const headers = JSON.parse(String(await fetched(fetcher, `${origin.url}headers`))) as Record<string, string>;
  expect(headers).toMatchObject({ 'accept-encoding': 'identity', host: `127.0.0.1:${origin.port}` });
  expect(Object.keys(headers).filter((name) => /cookie|authorization|referer/.test(name))).toEqual([]);
});

test('redirects are followed so far and no further', async () => {
  const fetcher = createFetcher(rules());
  expect(await content(fetcher, `${origin.url}once`)).toBe(IMAGE);
  expect(await content(fetcher, `${origin.url}twice`)).toBe(IMAGE);
  expect(await fetched(fetcher, `${origin.url}thrice`)).toMatchObject({ kind: 'redirects' });
  expect(await fetched(fetcher, `${origin.url}round`)).toMatchObject({ kind: 'redirects' });
  expect(await fetched(fetcher, `${origin.url}nowhere`)).toMatchObject({ kind: 'answer' });
  expect(await fetched(createFetcher(rules({ redirects: 0 })), `${origin.url}once`)).toMatchObject({ kind: 'redirects' });
});

test('a redirect into a forbidden place ends there, and nobody is asked', async () => {
  const asked = [...other.asked];
  const fetcher = createFetcher(rules());
  for (const path of ['metadata', 'other']) expect(await fetched(fetcher, `${origin.url}${path}`)).toMatchObject({ kind: 'host' });
  expect(await fetched(fetcher, `${origin.url}file`)).toMatchObject({ kind: 'scheme' });
  expect(await fetched(fetcher, `${origin.url}user`)).toMatchObject({ kind: 'invalid' });
  // Also where every host is allowed: then the address decides.
  const all = createFetcher(rules({ hosts: ['*', `*:${origin.port}`] }));
  expect(await fetched(all, `${origin.url}metadata`)).toMatchObject({ kind: 'address' });
  expect(other.asked).toEqual(asked);
});

test.each([
  ['127.0.0.2'],
  ['169.254.169.254'],
  ['::1'],
  ['10.1.2.3'],
  ['::ffff:169.254.169.254'],
  // One good address does not excuse a bad one.
  ['127.0.0.1', '10.1.2.3'],
])('a name that resolves to %s is refused without saying so', async (...addresses) => {
  const problem = await fetched(createFetcher(rules(), resolvedTo(...addresses)), `http://images.example:${origin.port}/image`);
  expect(problem).toMatchObject({ kind: 'address' });
  for (const address of addresses) expect(JSON.stringify(problem)).not.toContain(address);
});

test('the connection goes to the address that was checked, whatever the name means a moment later', async () => {
  const lies: string[] = [];
  const rebinding: ResolveHost = (host) => {
    lies.push(host);
    return resolvedTo(lies.length > 1 ? '169.254.169.254' : '127.0.0.1')(host);
  };
  const fetcher = createFetcher(rules(), rebinding);
  expect(await content(fetcher, `http://images.example:${origin.port}/image`)).toBe(IMAGE);
  expect(lies).toEqual(['images.example']);
  expect(await fetched(fetcher, `${origin.url}by-name`)).toMatchObject({ kind: 'address' });
});

test('literal addresses are judged, too, in every notation', async () => {
  const fetcher = createFetcher(rules({ hosts: ['*', `*:${origin.port}`], addresses: [] }));
  const hosts = ['127.0.0.1', '2130706433', '0x7f.1', '127.1', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', 'localhost', '0'];
  for (const host of hosts)
    expect([host, await fetched(fetcher, `http://${host}:${origin.port}/image`)]).toMatchObject([host, { kind: 'address' }]);
});

test('what is too big is refused by its own word, and cut where it has none', async () => {
  const fetcher = createFetcher(rules());
  expect(await fetched(fetcher, `${origin.url}big`)).toMatchObject({
    kind: 'size',
    message: expect.stringContaining('fetch.maxBytes') as string,
  });
  expect(await fetched(fetcher, `${origin.url}flood`)).toMatchObject({ kind: 'size' });
});

test('the other side may not be silent, before its answer or in it', async () => {
  const fetcher = createFetcher(rules({ idleMs: 300 }));
  expect(await fetched(fetcher, `${origin.url}silent`)).toMatchObject({ kind: 'timeout' });
  expect(await fetched(fetcher, `${origin.url}stalls`)).toMatchObject({ kind: 'timeout' });
});

test('who drips does not get past the deadline; a resolver that never answers neither', async () => {
  const short = rules({ deadlineMs: 400 });
  expect(await fetched(createFetcher(short), `${origin.url}drips`)).toMatchObject({ kind: 'timeout' });
  const stuck: ResolveHost = () => new Promise(() => undefined);
  expect(await fetched(createFetcher(short, stuck), `http://images.example:${origin.port}/image`)).toMatchObject({ kind: 'timeout' });
});

test('nothing is unpacked: a coding is refused, a packed file comes as it is', async () => {
  const fetcher = createFetcher(rules());
  expect(await fetched(fetcher, `${origin.url}gzip`)).toMatchObject({ kind: 'answer' });
  expect(await content(fetcher, `${origin.url}bomb`)).toBe(BOMB.toString('base64'));
});

test('other answers than the thing itself are problems', async () => {
  const fetcher = createFetcher(rules());
  for (const path of ['partial', 'gone', 'missing'])
    expect(await fetched(fetcher, `${origin.url}${path}`)).toMatchObject({
      kind: 'answer',
      message: expect.stringMatching(/status \d+/) as string,
    });
});

test.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this', ['unreachable', 'answer']],
  ['HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n', ['answer']],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nthis!', ['unreachable', 'answer']],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthis!\r\n', ['unreachable', 'answer']],
  [`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, ['answer']],
  ['SSH-2.0-OpenSSH_9.6\r\n', ['answer']],
  ['', ['unreachable']],
])('an answer that lies or breaks off is no image: %#', async (text, kinds) => {
  const raw = await startRaw(text, { end: true });
  try {
    const problem = await fetched(createFetcher(rules({ hosts: [`127.0.0.1:${raw.port}`] })), raw.url);
    expect(kinds).toContain((problem as FetchProblem).kind);
  } finally {
    await raw.close();
  }
});

test('more bytes than announced are not taken', async () => {
  const raw = await startRaw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthis! and that', { end: true });
  try {
    const seen = await fetched(createFetcher(rules({ hosts: [`127.0.0.1:${raw.port}`] })), raw.url);
    // Either the five bytes announced, or a refusal of the whole: never the rest.
    expect(Buffer.isBuffer(seen) ? seen.toString() : seen.kind).toMatch(/^(this!|answer|unreachable)$/);
  } finally {
    await raw.close();
  }
});

test('nobody there', async () => {
  const closed = await startOrigin({});
  await closed.close();
  const problem = await fetched(createFetcher(rules({ hosts: [`127.0.0.1:${closed.port}`] })), closed.url);
  expect(problem).toEqual({ kind: 'unreachable', message: `127.0.0.1:${closed.port} refused the connection` });
  const unknown: ResolveHost = () => Promise.reject(Object.assign(new Error('queryA ENOTFOUND at 10.0.0.53'), { code: 'ENOTFOUND' }));
  expect(await fetched(createFetcher(rules(), unknown), `http://images.example:${origin.port}/`)).toEqual({
    kind: 'unreachable',
    message: `images.example:${origin.port} has no address`,
  });
});

test('it stops when asked to, while it waits and in the middle', async () => {
  const fetcher = createFetcher(rules());
  const before = new AbortController();
  before.abort();
  expect(await fetched(fetcher, `${origin.url}image`, before.signal)).toMatchObject({ kind: 'stopped' });
  const during = new AbortController();
  const silent = fetched(fetcher, `${origin.url}silent`, during.signal);
  during.abort();
  expect(await silent).toMatchObject({ kind: 'stopped' });
  const amid = new AbortController();
  const opened = await fetcher.open(`${origin.url}drips`, { signal: amid.signal });
  if (isProblem(opened)) throw new Error(opened.message);
  const read = async () => {
    for await (const _chunk of opened.bytes()) amid.abort();
  };
  await expect(read()).rejects.toMatchObject({ problem: { kind: 'stopped' } });
});

test('only so many at once; one that is not read gives its place back, too', async () => {
  const fetcher = createFetcher(rules({ concurrency: 1 }));
  const opened = await fetcher.open(`${origin.url}drips`, { signal: never() });
  if (isProblem(opened)) throw new Error(opened.message);
  expect(fetcher.busy()).toBe(true);
  opened.close();
  opened.close();
  expect(fetcher.busy()).toBe(false);
  await fetched(fetcher, `${origin.url}gone`);
  expect(fetcher.busy()).toBe(false);
});

test('a reader that takes its time holds the sender back: nothing piles up', async () => {
  let sent = 0;
  const eager = await startOrigin({
    '/': (_request, response) => {
      response.writeHead(200);
      const more = () => {
        for (let go = true; go && sent < 200_000_000;) {
          sent += 100_000;
          go = response.write(Buffer.alloc(100_000));
        }
      };
      response.on('drain', more);
      more();
    },
  });
  try {
    const fetcher = createFetcher(rules({ hosts: [`127.0.0.1:${eager.port}`], maxBytes: 1e9 }));
    const opened = await fetcher.open(eager.url, { signal: never() });
    if (isProblem(opened)) throw new Error(opened.message);
    const iterator = opened.bytes()[Symbol.asyncIterator]();
    await iterator.next();
    const before = sent;
    await elapse(300);
    await iterator.next();
    // What fits into the buffers of two sockets, and not what could have been sent.
    expect(sent).toBeLessThan(50_000_000);
    expect(sent).toBeGreaterThanOrEqual(before);
    opened.close();
  } finally {
    await eager.close();
  }
});

test('the rules as text alone', () => {
  const fetcher = createFetcher(rules());
  expect(fetcher.check(`${origin.url}image`)).toBeUndefined();
  expect(fetcher.check('http://elsewhere.example/')).toMatchObject({ kind: 'host' });
});
