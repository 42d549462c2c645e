import * as fc from 'fast-check';
import { createFetcher, isProblem, type Opened } from '../../src/fetch/fetcher';
import { cutOut, type Section } from '../../src/fetch/section';
import { FetchBroken } from '../../src/fetch/problem';
import { kept, startOrigin, type Answer, type KeptFile, type Origin } from './origin';

/** Sections of what a URL names (RFC 9110 13, 14), and the rest of what broke off. */
const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) % 256));
const ETAG = '"v1"';
const MODIFIED = 'Tue, 01 Dec 2026 00:00:00 GMT';
const files = {
  tagged: { content: CONTENT, etag: ETAG },
  dated: { content: CONTENT, modified: MODIFIED },
  weak: { content: CONTENT, etag: 'W/"v1"' },
  deaf: { content: CONTENT, etag: ETAG, ranges: false },
  bare: { content: CONTENT },
} satisfies Record<string, KeptFile>;
const sent = (headers: Record<string, string>, status = 206, body = 'bytes'): Answer => {
  return (_request, response) => response.writeHead(status, headers).end(body);
};
let origin: Origin;
let headers: Record<string, unknown>;
beforeAll(async () => {
  origin = await startOrigin({
    ...Object.fromEntries(Object.entries(files).map(([name, file]) => [`/${name}`, kept(file)])),
    '/elsewhere': sent({ 'content-range': 'bytes 11-15/20' }),
    '/less': sent({ 'content-range': 'bytes 10-12/20' }, 206, 'byt'),
    '/silent': sent({}),
    '/other': sent({ 'content-range': 'bytes 10-14/20', etag: '"v2"' }),
    '/stateless': sent({ 'content-range': 'bytes 10-14/20' }),
    '/empty': sent({}, 416, ''),
    '/echo': (request, response) => {
      ({ headers } = request);
      response.writeHead(200, { etag: ETAG }).end(CONTENT);
    },
  });
});
afterAll(() => origin.close());

const fetcher = (more = {}) =>
  createFetcher({
    ...{ hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] },
    ...{ redirects: 0, maxBytes: 1_000_000, deadlineMs: 20_000, idleMs: 10_000, concurrency: 4 },
    ...more,
  });

async function open(path: string, section?: Section): Promise<Opened> {
  const opened = await fetcher().open(origin.url + path, { signal: new AbortController().signal, ...(section ? { section } : {}) });
  if (isProblem(opened)) throw new FetchBroken(opened);
  return opened;
}
async function read(path: string, section?: Section): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of (await open(path, section)).bytes()) parts.push(part);
  return Buffer.concat(parts);
}
const same = (one: Buffer, other: Buffer): void => expect(one.compare(other)).toBe(0);

test.each(['tagged', 'dated', 'weak', 'deaf', 'bare'])(
  'a section of %s is what it says, to its end or to that of the whole',
  async (path) => {
    same(await read(path, { from: 100_000, size: 70_000 }), CONTENT.subarray(100_000, 170_000));
    same(await read(path, { from: 299_999 }), CONTENT.subarray(299_999));
  },
);

test('whether sections are sent, and of which version, is told by the first answer', async () => {
  const told = async (path: string) => {
    const opened = await open(path);
    opened.close();
    return [opened.sections, opened.version];
  };
  expect(await told('tagged')).toEqual([true, { etag: ETAG, size: 300_000 }]);
  expect(await told('dated')).toEqual([true, { modified: MODIFIED, size: 300_000 }]);
  // A weak tag says nothing of bytes (RFC 9110 8.8.1).
  expect(await told('weak')).toEqual([true, { size: 300_000 }]);
  expect(await told('deaf')).toEqual([false, { etag: ETAG, size: 300_000 }]);
});

test('the conditions are those of the version (RFC 9110 13.1.1, 13.1.4)', async () => {
  await read('echo', { from: 5, size: 5, of: { etag: ETAG, modified: MODIFIED } });
  expect(headers).toMatchObject({ range: 'bytes=5-9', 'if-match': ETAG });
  await expect(read('echo', { from: 5, of: { modified: MODIFIED } })).rejects.toThrow(/has changed/);
  expect(headers).toMatchObject({ range: 'bytes=5-', 'if-unmodified-since': MODIFIED });
});

test.each<[string, Section, RegExp]>([
  ['tagged', { from: 5, of: { etag: '"v0"' } }, /has changed since/],
  ['dated', { from: 5, of: { modified: 'Mon, 30 Nov 2026 00:00:00 GMT' } }, /has changed since/],
  ['bare', { from: 5, of: { size: 299_000 } }, /has changed since/],
  ['other', { from: 10, size: 5, of: { etag: ETAG } }, /has changed since/],
  ['stateless', { from: 10, size: 5, of: { etag: ETAG } }, /has changed since/],
  ['elsewhere', { from: 10, size: 5 }, /other bytes than it was asked for/],
  ['less', { from: 10, size: 5 }, /other bytes than it was asked for/],
  ['silent', { from: 10, size: 5 }, /other bytes than it was asked for/],
  ['empty', { from: 10, size: 5 }, /status 416/],
  ['tagged', { from: 299_000, size: 2_000 }, /other bytes than it was asked for/],
  ['deaf', { from: 299_000, size: 2_000 }, /sent 1000 bytes of 2000/],
])('%s: what is not the section of the version is refused', async (path, section, words) => {
  await expect(read(path, section)).rejects.toThrow(words);
});

test('the rest of what broke off is asked for, of the same version', async () => {
  Object.assign(files.tagged, { breaks: [1_000, 100_000] });
  const before = origin.asked.length;
  same(await read('tagged'), CONTENT);
  expect(origin.asked.length - before).toBe(3);
  Object.assign(files.dated, { breaks: [50_000] });
  same(await read('dated', { from: 1_000, size: 200_000 }), CONTENT.subarray(1_000, 201_000));
  Object.assign(files.deaf, { breaks: [50_000] });
  same(await read('deaf'), CONTENT);
});

test('it is not where it may have become another, nor for ever', async () => {
  Object.assign(files.bare, { breaks: [1_000] });
  await expect(read('bare')).rejects.toThrow(/closed the connection|broke the connection off|fewer or more bytes/);
  Object.assign(files.tagged, { breaks: [1_000, 1_000, 1_000, 1_000, 1_000] });
  await expect(read('tagged')).rejects.toThrow(/closed the connection|broke the connection off|fewer or more bytes/);
  expect(files.tagged).toMatchObject({ breaks: [1_000] });
});

test('a section cut out of bytes is theirs, however they come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.nat(20)),
      fc.nat(70),
      fc.option(fc.nat(70)),
      async (whole, cuts, skip, size) => {
        async function* source() {
          let at = 0;
          for (const length of cuts) yield await Promise.resolve(whole.subarray(at, (at += length)));
          yield whole.subarray(at);
        }
        const parts: Uint8Array[] = [];
        for await (const part of cutOut(source(), skip, size ?? undefined)) parts.push(part);
        expect(Buffer.concat(parts)).toEqual(Buffer.from(whole.subarray(skip, size === null ? undefined : skip + size)));
      },
    ),
    { numRuns: 200 },
  );
});
