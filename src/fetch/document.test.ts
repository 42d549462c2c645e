import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createDocumentFetcher } from './document';

const LOOPBACK = { addresses: ['127.0.0.0/8'] };
const open: Server[] = [];
const ending = new AbortController();
const get = createDocumentFetcher({ proxy: undefined }, ending.signal);

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  open.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

test('a document is read whole', async () => {
  const at = await serve((_request, response) => response.end('{"a":1}'));
  expect(await get(`${at}/x`, LOOPBACK)).toEqual({ bytes: Buffer.from('{"a":1}') });
});

test('an address that is not named is not connected to', async () => {
  const seen: unknown[] = [];
  const at = await serve((request, response) => response.end(seen.push(request.url)));
  expect(await get(at, { addresses: [] })).toEqual({ message: expect.stringContaining('at an address that nothing may be fetched from') });
  expect(seen).toEqual([]);
});

test('a redirect is not followed, wherever it leads', async () => {
  const seen: unknown[] = [];
  const at = await serve((request, response) => {
    seen.push(request.url);
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect(await get(`${at}/x`, LOOPBACK)).toEqual({ message: `${new URL(at).host} redirects` });
  expect(seen).toEqual(['/x']);
});

test.each([
  ['announced', true],
  ['not announced', false],
])('more than 512 KiB (%s) are not taken', async (_what, announced) => {
  const at = await serve((_request, response) => {
    if (announced) response.setHeader('content-length', 600 * 1024);
    for (let left = 600; left > 0; left -= 1) response.write(Buffer.alloc(1024));
    response.end();
  });
  expect(await get(at, LOOPBACK)).toEqual({ message: `${new URL(at).host} sends more than 524288 bytes` });
});

test('no document: status, a broken connection, silence that is ended', async () => {
  const at = await serve((_request, response) => response.writeHead(500).end());
  expect(await get(at, LOOPBACK)).toEqual({ message: `${new URL(at).host} answers with status 500` });
  const broken = await serve((_request, response) => response.destroy());
  expect(await get(broken, LOOPBACK)).toEqual({ message: `${new URL(broken).host} closed the connection` });
  const stopping = new AbortController();
  const silent = await serve(() => stopping.abort());
  expect(await createDocumentFetcher({ proxy: undefined }, stopping.signal)(silent, LOOPBACK)).toEqual({ message: 'fetching was stopped' });
});

test('one that is silent is left after five seconds', async () => {
  const at = await serve(() => undefined);
  expect(await get(at, LOOPBACK)).toEqual({ message: expect.stringMatching(/5000 ms/) });
});
