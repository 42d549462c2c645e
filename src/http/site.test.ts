import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createSite } from './site';

let outer: string;
let server: Server;
const PAGE = `<h1>${'page '.repeat(200)}</h1>`;

function serve(folder: string | undefined): Promise<Server> {
  const site = createSite({ prefix: '/docs/', folder, notBuilt: 'npm run docs builds it' });
  const made = createServer((asked, answer) => {
    site(String(asked.url), asked, answer).catch(() => answer.destroy());
  });
  return new Promise((resolve) => made.listen(0, '127.0.0.1', () => resolve(made)));
}

interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Asks for a path as it stands: nothing is decoded or taken out of it on the way. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET', from = server): Promise<Got> {
  const { port } = from.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    asked.on('error', reject).end();
  });
}

beforeAll(async () => {
  outer = mkdtempSync(join(tmpdir(), 'cimi-site-'));
  const folder = join(outer, 'site');
  mkdirSync(join(folder, 'part'), { recursive: true });
  writeFileSync(join(outer, 'secret.html'), 'secret');
  writeFileSync(join(folder, '.hidden.html'), 'secret');
  writeFileSync(join(folder, 'key.pem'), 'secret');
  for (const name of ['index.html', 'part/index.html']) {
    writeFileSync(join(folder, `${name}.gz`), gzipSync(PAGE));
  }
  writeFileSync(join(folder, 'main-0123456789ab.js'), '1');
  server = await serve(folder);
});
afterAll(() => {
  server.close();
  rmSync(outer, { recursive: true });
});

test('a page comes in the encoding that the client takes, each with a tag of its own', async () => {
  const plain = await get('/docs/');
  expect([plain.status, plain.body.toString(), plain.headers['content-encoding']]).toEqual([200, PAGE, undefined]);
  expect(plain.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache', vary: 'Accept-Encoding' });
  for (const taken of ['gzip', 'deflate, GZIP;q=0.5, br;q=0']) {
    const gz = await get('/docs/', { 'accept-encoding': taken });
    expect([gz.headers['content-encoding'], gunzipSync(gz.body).toString()]).toEqual(['gzip', PAGE]);
    expect(gz.headers.etag).not.toBe(plain.headers.etag);
  }
  expect((await get('/docs/', { 'accept-encoding': 'gzip;q=0, br' })).headers['content-encoding']).toBeUndefined();
  const small = await get('/docs/main-0123456789ab.js', { 'accept-encoding': 'gzip' });
  expect([small.headers['content-encoding'], small.body.toString()]).toEqual([undefined, '1']);
});

test('what the client has is not sent again; a HEAD has no body', async () => {
  const tag = String((await get('/docs/')).headers.etag);
  for (const known of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
    const { status, headers, body } = await get('/docs/', { 'if-none-match': known });
    expect([status, headers.etag, body.length]).toEqual([304, tag, 0]);
  }
  expect((await get('/docs/', { 'if-none-match': '"x"' })).status).toBe(200);
  const head = await get('/docs/', {}, 'HEAD');
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(PAGE.length), 0]);
});

test('names that change with the content are kept for a year; folders go by their page', async () => {
  expect((await get('/docs/main-0123456789ab.js')).headers['cache-control']).toBe('public, max-age=31536000, immutable');
  for (const [path, to] of [
    ['/docs', 'docs/'],
    ['/docs/part', 'part/'],
  ] as const) {
    const { status, headers } = await get(path);
    expect([path, status, headers.location]).toEqual([path, 308, to]);
  }
  expect((await get('/docs/part/')).status).toBe(200);
});

test.each(
  [
    '/docs/..%2fsecret.html',
    '/docs/../secret.html',
    '/docs/part/../../secret.html',
    '/docs/part/..%5c..%5csecret.html',
    '/docs//etc/passwd',
    '/docs/%00',
    '/docs/index.html%00.js',
    '/docs/.hidden.html',
    '/docs/key.pem',
    '/docs/index.html.gz',
    '/docs/index.html/',
    '/docs/part/index.html/x.html',
    '/docs/constructor',
    `/docs/${'a/'.repeat(3_000)}b.html`,
    `/docs/${'a'.repeat(6_000)}.html`,
  ].map((path) => [path.slice(0, 60), path]),
)('nothing else is served: %s', async (_name, path = '') => {
  const { status, body } = await get(path);
  expect([status, JSON.parse(body.toString())]).toEqual([404, { problem: 'there is nothing at this path' }]);
});

test('nothing is taken', async () => {
  const { status, headers } = await get('/docs/', {}, 'POST');
  expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
});

test('people read how to build what was not built', async () => {
  const empty = await serve(undefined);
  const { status, headers, body } = await get('/docs/', { accept: 'text/html' }, 'GET', empty);
  expect([status, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  expect(body.toString()).toContain('<p>npm run docs builds it</p>');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  empty.close();
});
