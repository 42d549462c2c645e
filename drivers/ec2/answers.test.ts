import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Driver } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { strangeBlocks, strangeness } from './answers';
import { driver as module } from './index';

const ID = 'vol-0123456789abcdef0';
const ok = (action: string, content = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>${content}</${action}Response>`;
const fault = (code: string, message: string, id = '<RequestID>r-2</RequestID>') =>
  `<?xml version="1.0"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors>${id}</Response>`;
const HTML = '<!DOCTYPE html><html><body>Please log in</body></html>';
const GONE = fault('InvalidVolume.NotFound', `The volume '${ID}' does not exist.`);

interface Answer {
  status: number;
  body?: string | Buffer;
  headers?: Record<string, string>;
  cut?: boolean;
}

/** Answers by somebody other than EC2, or incomplete ones of EC2. */
const STRANGERS: readonly (readonly [string, Answer])[] = [
  ['404 HTML', { status: 404, body: '<html>404 page not found</html>' }],
  ['404 text of an ingress', { status: 404, body: 'default backend - 404', headers: { 'content-type': 'text/plain' } }],
  ['404 JSON of a proxy', { status: 404, body: '{"message":"no Route matched"}', headers: { 'content-type': 'application/json' } }],
  ['404 without a body', { status: 404 }],
  ['200 HTML', { status: 200, body: HTML }],
  ['200 empty', { status: 200 }],
  ['204', { status: 204 }],
  ['302 to a login page', { status: 302, headers: { location: 'http://127.0.0.1:1/login' } }],
  ['307 with a page', { status: 307, body: HTML, headers: { location: '/login' } }],
  ['401 of a gateway', { status: 401, body: HTML }],
  ['403 of a gateway', { status: 403, body: '{"message":"Forbidden"}' }],
  ['407', { status: 407, body: HTML, headers: { 'proxy-authenticate': 'Basic' } }],
  ['429', { status: 429 }],
  ['429 with Retry-After', { status: 429, body: 'slow down', headers: { 'retry-after': '7' } }],
  ['500', { status: 500, body: '<html>Internal Server Error</html>' }],
  ['502', { status: 502, body: '<html>Bad gateway</html>' }],
  ['503', { status: 503, body: 'upstream connect error', headers: { 'retry-after': '3' } }],
  ['504', { status: 504, body: '' }],
  [
    '200 cut off in the document',
    { status: 200, body: ok('DescribeVolumes', '<volumeSet><item><volumeId>vol-1</volumeId>').slice(0, -30) },
  ],
  ['200 cut off in the body', { status: 200, body: ok('DescribeVolumes', '<volumeSet/>'), cut: true }],
  ['the answer to another action', { status: 200, body: ok('DescribeKeyPairs') }],
  ['an answer without a request id', { status: 200, body: ok('DescribeVolumes').replace(/<requestId>.*<\/requestId>/, '') }],
  ['a fault with status 200', { status: 200, body: GONE }],
  ['a fault without a request id', { status: 400, body: fault('InvalidVolume.NotFound', `The volume '${ID}' does not exist.`, '') }],
  [
    "a query service's fault",
    {
      status: 404,
      body: '<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>x</Message></Error><RequestId>r</RequestId></ErrorResponse>',
    },
  ],
  [
    "S3's fault",
    { status: 404, body: `<Error><Code>InvalidVolume.NotFound</Code><Message>${ID}</Message><RequestId>r</RequestId></Error>` },
  ],
  ["another API's fault", { status: 404, body: '{"itemNotFound":{"message":"Instance could not be found","code":404}}' }],
  ['gzip that is none', { status: 200, body: ok('DescribeVolumes'), headers: { 'content-encoding': 'gzip' } }],
  ['an encoding that nobody knows', { status: 200, body: ok('DescribeVolumes'), headers: { 'content-encoding': 'zstd-2' } }],
  ['<return>false</return>', { status: 200, body: ok('DeleteVolume', '<return>false</return>') }],
  ["EC2's fault of another thing", { status: 400, body: fault('InvalidSnapshot.NotFound', "The snapshot 'snap-1' does not exist.") }],
  [
    "EC2's fault of another volume",
    { status: 400, body: fault('InvalidVolume.NotFound', "The volume 'vol-0fffffffffffffff0' does not exist.") },
  ],
];

describe('who answers', () => {
  let server: Server;
  let driver: Driver;
  let answer: Answer;
  const at = () => ({ signal: AbortSignal.timeout(10_000) });

  beforeAll(async () => {
    server = createServer((request, response: ServerResponse) => {
      request.resume();
      const { status, body = '', headers = {}, cut = false } = answer;
      const bytes = Buffer.from(body);
      response.writeHead(status, { 'content-type': 'text/xml', ...headers, ...(cut ? { 'content-length': bytes.length + 10 } : {}) });
      response.write(bytes);
      if (cut) setImmediate(() => response.destroy());
      else response.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = module.options.parse({ region: 'eu-central-1', endpoint, accessKeyId: 'AKIAX', secretAccessKey: 'none' });
    driver = await module.connect(options, { dataDir: '', warn: () => undefined });
  });
  afterAll(async () => {
    await driver.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const error = async (run: Promise<unknown> | undefined): Promise<unknown> =>
    run?.then(
      (value) => ({ answered: value }),
      (thrown: unknown) => thrown,
    );

  test.each(STRANGERS)('%s: nothing is read, deleted, made or gone', async (_what, given) => {
    answer = given;
    const outcomes = [
      await error((async () => driver.volumes?.getMany([ID], at()))()),
      await error((async () => (await driver.volumes?.list(at())[Symbol.asyncIterator]().next())?.value as unknown)()),
      await error(driver.volumes?.delete?.(ID, at())),
      await error(driver.machines?.start?.('i-0123456789abcdef0', at())),
      await error(driver.networks?.create?.({ token: 't', tag: 'x', networkType: 'PRIVATE', forwardingGroup: 'vpc-1' }, at())),
      await error(driver.credentials?.delete('cimi-1', at())),
    ];
    for (const outcome of outcomes) {
      expect(outcome).toBeInstanceOf(ProviderError);
      expect(outcome).not.toBeInstanceOf(Gone);
      expect(['unavailable', 'throttled', 'timeout', 'invalid']).toContain((outcome as ProviderError).kind);
      expect((outcome as ProviderError).message).toMatch(/\S/);
    }
    if (given.status === 401 || given.status === 403) expect((outcomes[0] as ProviderError).message).toMatch(/nothing of the credentials/);
    if (given.headers?.['retry-after'])
      expect((outcomes[0] as ProviderError).retryAfterMs).toBe(Number(given.headers['retry-after']) * 1000);
  });

  test('EC2’s own fault of the very volume is the proof, also compressed; its own good answer is read', async () => {
    for (const given of [
      { status: 400, body: GONE },
      { status: 400, body: gzipSync(GONE), headers: { 'content-encoding': 'gzip' } },
    ]) {
      answer = given;
      const [proof] = (await driver.volumes?.getMany([ID], at())) ?? [];
      expect(proof).toBeInstanceOf(Gone);
      expect(proof).toMatchObject({ key: ID, code: 'InvalidVolume.NotFound', thing: { type: 'volume', key: ID } });
      expect(await driver.volumes?.delete?.(ID, at())).toBeUndefined();
    }
    const body = ok(
      'DescribeVolumes',
      `<volumeSet><item><volumeId>${ID}</volumeId><status>available</status><size>2</size></item></volumeSet>`,
    );
    for (const given of [
      { status: 200, body },
      { status: 200, body: gzipSync(body), headers: { 'content-encoding': 'gzip' } },
    ]) {
      answer = given;
      expect(await driver.volumes?.getMany([ID], at())).toMatchObject([{ key: ID, values: { state: 'AVAILABLE' } }]);
    }
  });

  test('a good answer without the thing asked for proves nothing', async () => {
    answer = { status: 200, body: ok('DescribeVolumes', '<volumeSet/>') };
    expect(await driver.volumes?.getMany([ID], at())).toEqual([]);
    await expect(driver.volumes?.update?.(ID, { capacity: 1 }, at())).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('a key that no thing can have is gone without a question', async () => {
    answer = { status: 500 };
    expect(await driver.volumes?.getMany(['nonsense', '../vol-1'], at())).toMatchObject([{ name: 'Gone' }, { name: 'Gone' }]);
  });

  test('a certificate that is not trusted, and a port where nobody listens, say nothing of any thing', async () => {
    for (const endpoint of [`https://127.0.0.1:${(server.address() as AddressInfo).port}`, 'http://127.0.0.1:1']) {
      const options = module.options.parse({ region: 'eu-central-1', endpoint, accessKeyId: 'AKIAX', secretAccessKey: 'none' });
      const other = await module.connect(options, { dataDir: '', warn: () => undefined });
      const outcome = await error(other.volumes?.delete?.(ID, at()));
      expect(outcome).toBeInstanceOf(ProviderError);
      expect(outcome).not.toBeInstanceOf(Gone);
      await other.close();
    }
  });
});

test.each<[string, string, string, number, Record<string, string>, string]>([
  ['a redirect', 'GET', '/snapshots/snap-1/blocks', 302, {}, ''],
  ['a refusal without its kind', 'PUT', '/snapshots/snap-1/blocks/0', 403, {}, '{"message": "no"}'],
  ['a block without its checksum', 'PUT', '/snapshots/snap-1/blocks/0', 201, {}, ''],
  ['a block without its checksum', 'GET', '/snapshots/snap-1/blocks/0', 200, {}, '<html>Welcome</html>'],
  ['a block that was cut off', 'GET', '/snapshots/snap-1/blocks/0', 200, { 'x-amz-checksum': 'x', 'x-amz-data-length': '5' }, 'data'],
  ['something that is not JSON', 'POST', '/snapshots', 201, {}, '<html>Welcome</html>'],
  ['something that is not JSON', 'POST', '/snapshots', 201, {}, ''],
  ['a document that was cut off', 'POST', '/snapshots', 201, {}, '{"SnapshotId": "snap-1"'],
  ['JSON without "SnapshotId"', 'POST', '/snapshots', 201, {}, '{}'],
  ['JSON without "Status"', 'POST', '/snapshots/completion/snap-1', 202, {}, '{"SnapshotId": "snap-1"}'],
  ['JSON without "BlockSize"', 'GET', '/snapshots/snap-1/blocks', 200, {}, '{"Status": "ok"}'],
])('%s is no answer of the EBS direct APIs', (why, method, path, status, headers, body) => {
  expect(strangeBlocks(method, path, { status, headers, bytes: Buffer.from(body) })).toBe(why);
});

test.each<[string, string, number, Record<string, string>, string]>([
  ['POST', '/snapshots', 201, {}, '{"SnapshotId": "snap-1"}'],
  ['PUT', '/snapshots/snap-1/blocks/0', 201, { 'x-amz-Checksum': 'x' }, ''],
  ['POST', '/snapshots/completion/snap-1', 202, {}, '{"Status": "pending"}'],
  ['GET', '/snapshots/snap-1/blocks', 200, {}, '{"Blocks": [], "BlockSize": 524288}'],
  ['GET', '/snapshots/snap-1/blocks/0', 200, { 'x-amz-Checksum': 'x', 'x-amz-Data-Length': '4' }, 'data'],
  ['GET', '/snapshots/snap-1/blocks/0', 404, { 'x-amzn-ErrorType': 'ResourceNotFoundException' }, '{"message": "none"}'],
])('%s %s with %i is the EBS direct APIs’ own as they document it', (method, path, status, headers, body) => {
  expect(strangeBlocks(method, path, { status, headers, bytes: Buffer.from(body) })).toBeUndefined();
});

test('the edges of a document tell whose it is', () => {
  expect(strangeness(200, 'DescribeVolumes', Buffer.from(ok('DescribeVolumes')))).toBeUndefined();
  expect(strangeness(400, 'DescribeVolumes', Buffer.from(GONE))).toBeUndefined();
  expect(strangeness(404, 'DescribeVolumes', Buffer.from(GONE))).toBeUndefined();
  expect(strangeness(200, 'DescribeVolumes', Buffer.from(`\uFEFF${ok('DescribeVolumes')}\n`))).toBeUndefined();
});
