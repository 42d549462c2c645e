import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keeping } from '../../cli/transports';
import type { TransportRequest, TransportResponse } from '../../sdk/index';

const HERE = 'http://provider.test/cimi/';
const ENTRY = `${HERE}cloudEntryPoint`;

let home: string;
let asked: TransportRequest[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cimi-keeping-'));
  asked = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const answer = (status: number, text = ''): TransportResponse => ({
  status,
  header: (name) => (name === 'ETag' ? '"1"' : undefined),
  text: () => Promise.resolve(text),
  chunks: () => {
    throw new Error('read as text');
  },
});

/** One run of the program, whose provider says the same as before to who knows it. */
const run = (metadata: string, metadataNext = true) =>
  keeping(
    (request) => {
      asked.push(request);
      const text = JSON.stringify(request.url === ENTRY ? { resourceMetadata: { href: metadata } } : { resourceMetadatas: [] });
      return Promise.resolve(request.headers['If-None-Match'] === '"1"' ? answer(304) : answer(200, text));
    },
    { XDG_CACHE_HOME: home },
    metadataNext,
  );

const get = (url: string): TransportRequest => ({ method: 'GET', url, headers: { Authorization: 'Bearer secret' } });
const urls = () => asked.map(({ url }) => url);

test('the metadata that a kept entry point leads to is asked for with it, and once', async () => {
  const metadata = `${HERE}resourceMetadata`;
  const first = run(metadata);
  const told = await (await first(get(ENTRY))).text();
  expect(urls()).toEqual([ENTRY]);
  await first(get(metadata));

  asked = [];
  const next = run(metadata);
  const entry = next(get(ENTRY));
  expect(urls()).toEqual([ENTRY, metadata]);
  expect(await (await entry).text()).toBe(told);
  const kept = await next(get(metadata));
  expect([kept.status, await kept.text()]).toEqual([200, '{"resourceMetadatas":[]}']);
  expect(asked.map(({ url, headers }) => [url, headers['If-None-Match']])).toEqual([
    [ENTRY, '"1"'],
    [metadata, '"1"'],
  ]);
  await next(get(metadata));
  expect(urls()).toEqual([ENTRY, metadata, metadata]);
});

test('it is not asked for where nobody wants it', async () => {
  const metadata = `${HERE}resourceMetadata`;
  await run(metadata)(get(ENTRY));
  await run(metadata, false)(get(ENTRY));
  expect(urls()).toEqual([ENTRY, ENTRY]);
});

test('an answer that nobody waits for is read, whatever it says', async () => {
  const metadata = `${HERE}resourceMetadata`;
  await run(metadata)(get(ENTRY));
  let reads = 0;
  const transport = keeping(
    ({ url }) => {
      const text = (): Promise<string> => Promise.resolve(`read ${++reads} times`);
      return Promise.resolve(url === ENTRY ? answer(304) : { ...answer(403), text });
    },
    { XDG_CACHE_HOME: home },
    true,
  );
  await transport(get(ENTRY));
  await new Promise(setImmediate);
  expect(reads).toBe(1);
  expect(await (await transport(get(metadata))).text()).toBe('read 1 times');
});

test('a login goes to no other place, whatever was kept', async () => {
  const elsewhere = 'http://elsewhere.test/cimi/resourceMetadata';
  await run(elsewhere)(get(ENTRY));
  await run(elsewhere)(get(ENTRY));
  expect(urls()).toEqual([ENTRY, ENTRY]);
});
