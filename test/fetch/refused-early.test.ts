import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { driver as openstack } from '../../drivers/openstack/index';
import { DiskPlace } from '../../drivers/vsphere/nfc-transfer';
import { vsphereOptions } from '../../drivers/vsphere/options';
import { createPutter } from '../../src/fetch/putter';
import { startFakeOpenstack } from '../backends/fake-openstack';

/**
 * A server that refuses a long body by its head, and closes without having read the rest (RFC 9112 9.6): its close is a reset, after which
 * who still sends reads no answer. It runs beside the sender, as others do. It takes records of images, as Glance does.
 */
const SERVER = `
  const { createServer } = require('node:net');
  const answer = (status, body) =>
    'HTTP/1.1 ' + status + '\\r\\nContent-Type: application/json\\r\\nContent-Length: ' + body.length + '\\r\\nConnection: close\\r\\n\\r\\n' + body;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (head) => {
      if (String(head).startsWith('POST /v2/images ')) return socket.end(answer('201 Created', '{"id":"i1","status":"queued"}'));
      if (String(head).startsWith('DELETE ')) return socket.end(answer('204 No Content', ''));
      if (String(head).startsWith('GET ')) return socket.end(answer('200 OK', '{"images":[]}'));
      socket.pause();
      socket.write(answer('403 Forbidden', '"expired"'), () => socket.destroy());
    });
  });
  server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port));
`;
let worker: Worker;
let port: number;

beforeAll(async () => {
  worker = new Worker(SERVER, { eval: true });
  [port] = (await once(worker, 'message')) as [number];
});
afterAll(() => worker.terminate());

/** Bytes that nobody takes to their end. */
async function* long(): AsyncGenerator<Buffer> {
  for (let part = 0; part < 2_000; part++) yield await Promise.resolve(Buffer.alloc(1 << 20, part));
}
const signal = () => new AbortController().signal;
const TIMES = 10;

test('the place of an export is heard', async () => {
  const rules = { hosts: [`127.0.0.1:${port}`], schemes: ['http' as const], addresses: ['127.0.0.1/32'] };
  const put = createPutter({ ...rules, redirects: 0, maxBytes: 1, deadlineMs: 20_000, idleMs: 10_000, concurrency: 4 });
  for (let time = 0; time < TIMES; time++)
    expect(await put(`http://127.0.0.1:${port}/disk`, { headers: {}, body: long(), signal: signal() })).toMatchObject({ status: 403 });
});

test('a host of vSphere is heard', async () => {
  const options = vsphereOptions.parse({ url: `http://127.0.0.1:${port}/sdk`, username: 'u', password: 'p', insecure: true });
  for (let time = 0; time < TIMES; time++) {
    const place = new DiskPlace(options, { url: `http://127.0.0.1:${port}/nfc` } as ConstructorParameters<typeof DiskPlace>[1]);
    await expect(place.post(long(), signal())).rejects.toThrow(/answered HTTP 403 \("expired"\)/);
    await place.close();
  }
});

test('Glance is heard', async () => {
  const cloud = await startFakeOpenstack();
  const login = { authUrl: `${cloud.url}/v3`, username: 'ann', password: 'a-long-secret', projectName: 'web' };
  const options = openstack.options.parse({ ...login, endpoints: { image: `http://127.0.0.1:${port}/v2` } });
  const driver = await openstack.connect(options, { dataDir: '', warn: () => undefined });
  try {
    for (let time = 0; time < TIMES; time++) {
      const source = { withinMs: 10_000, open: long };
      await expect(driver.machineImages?.upload?.({ tag: 't', token: 'k', source }, { signal: signal() })).rejects.toMatchObject({
        code: '403',
      });
    }
  } finally {
    await driver.close();
    await cloud.stop();
  }
});
