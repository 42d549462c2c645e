import { Agent, request } from 'node:http';
import type { BodyStream, CimiResponse } from '../../src/protocol/messages';
import { elapse, eventually, waitUntil } from '../harness/wait';
import { StreamReader } from '../harness/event-stream';
import { ask, HEAD, start, stopAll, wire } from './kit';

/** Answers that go on for as long as somebody reads them, over HTTP. */
afterEach(stopAll);

const login = { authorization: 'Bearer good' };
const limits = { bodyBytes: 1000, headerBytes: 8192, urlBytes: 2000, requestTimeoutMs: 1000, keepAliveMs: 200, stallMs: 300 };

/** A stream made of what the test gives, with what becomes of it. */
function streamOf(parts: (signal: AbortSignal) => AsyncIterable<Uint8Array>) {
  const ender = new AbortController();
  const seen = { closed: 0, signal: ender.signal };
  const stream: BodyStream = {
    signal: ender.signal,
    close: () => void (seen.closed += 1),
    [Symbol.asyncIterator]: () => parts(ender.signal)[Symbol.asyncIterator](),
  };
  const answer: CimiResponse = { status: 200, headers: { 'Content-Type': 'text/event-stream' }, stream };
  return { answer, seen, end: () => ender.abort() };
}

/** Parts of 64 KiB that are more than the buffers of two sockets hold. */
const MANY = 1_000;
const event = (text: string) => Buffer.from(`data: ${JSON.stringify(text)}\n\n`);

test('a stream in which nothing happens for longer than every limit of time goes on, also after a long answer on its connection', async () => {
  const { answer } = streamOf(async function* () {
    yield event('first');
    await elapse(3_500);
    yield event('second');
  });
  const long: CimiResponse = { status: 200, headers: {}, body: [Buffer.alloc(4_000_000)] };
  const { port } = await start(({ path }) => (path === 'long' ? long : answer), { limits: { ...limits, keepAliveMs: 3_000 } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path: string): Promise<{ text: string; port: number | undefined }> =>
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, headers: login, agent }, (incoming) => {
        const used = incoming.socket.localPort;
        let text = '';
        incoming.setEncoding('utf8').on('data', (more: string) => (text += more));
        incoming.on('end', () => resolve({ text, port: used })).on('error', reject);
      });
      sent.on('error', reject).end();
    });
  const before = await get('/cimi/long');
  const { text, port: used } = await get('/cimi/events');
  expect(text).toBe(`${String(event('first'))}${String(event('second'))}`);
  expect(used).toBe(before.port);
  agent.destroy();
});

test('the guard of an answer that was asked for before on the same connection does not cut it', async () => {
  // Long enough for this process to read 8 MB, whatever else the machine does.
  const stallMs = 3_000;
  const { answer } = streamOf(async function* () {
    yield event('first');
    await elapse(2 * stallMs);
    yield event('second');
  });
  const long: CimiResponse = { status: 200, headers: {}, body: [Buffer.alloc(8_000_000, 'x')] };
  const { port } = await start(({ path }) => (path === 'long' ? long : answer), { limits: { ...limits, stallMs } });
  const both = `GET /cimi/long HTTP/1.1\r\n${HEAD}\r\nGET /cimi/events HTTP/1.1\r\n${HEAD}\r\n`;
  const { got, socket } = await wire(port, both, /second/);
  expect(got).toContain(String(event('second')));
  socket.destroy();
});

test('what a client does not read is not made; it is cut after stallMs, and what the stream held is given back', async () => {
  let made = 0;
  const { answer, seen } = streamOf(async function* () {
    for (; made < MANY; made += 1) yield await Promise.resolve(Buffer.alloc(64 * 1024, 'x'));
    await new Promise(() => undefined);
  });
  const { port } = await start(() => answer, { limits });
  const reader = await StreamReader.open(`http://127.0.0.1:${port}/cimi/events`, login);
  reader.pause();
  await waitUntil(() => seen.closed === 1);
  // No more than the buffers of two sockets hold.
  expect(made).toBeLessThan(MANY);
  reader.resume();
  expect(await reader.ended()).toBe('broken');
});

test('HEAD has the headers of the stream and reads nothing of it', async () => {
  let made = 0;
  const { answer, seen } = streamOf(async function* () {
    made += 1;
    yield await Promise.resolve(event('never'));
  });
  const { port } = await start(() => answer, { limits });
  const { status, headers, body } = await ask(port, '/cimi/events', { method: 'HEAD' });
  expect([status, headers['content-type'], headers['content-length'], body]).toEqual([200, 'text/event-stream', undefined, '']);
  await waitUntil(() => seen.closed === 1);
  expect(made).toBe(0);
});

test('a client that goes away ends it: its request is aborted, and what it held is given back', async () => {
  const { answer, seen } = streamOf(async function* () {
    yield event('first');
    await eventually(() => (asked?.aborted ? true : undefined));
  });
  let asked: AbortSignal | undefined;
  const { port } = await start(
    ({ client }) => {
      asked = client?.signal;
      return answer;
    },
    { limits },
  );
  const reader = await StreamReader.open(`http://127.0.0.1:${port}/cimi/events`, login);
  await reader.first(1);
  reader.cut();
  await waitUntil(() => seen.closed === 1);
  expect(asked?.aborted).toBe(true);
});

test('one that fails is broken off, not ended as if all had been told', async () => {
  const { answer, seen } = streamOf(async function* () {
    yield event('first');
    await eventually(() => opened.reader?.told[0]);
    throw new Error('the store broke');
  });
  const opened: { reader?: StreamReader } = {};
  const { port, sink } = await start(() => answer, { limits });
  const reader = (opened.reader = await StreamReader.open(`http://127.0.0.1:${port}/cimi/events`, login));
  expect(await reader.ended()).toBe('broken');
  expect(reader.told.map(({ data }) => data)).toEqual(['first']);
  expect(seen.closed).toBe(1);
  expect(sink.lines()).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'the answer could not be sent' }));
});

test('a shutdown ends one at once, and cuts a client that does not read', async () => {
  const told = streamOf(async function* (signal) {
    yield event('first');
    await eventually(() => (signal.aborted ? true : undefined));
    yield event('the end');
  });
  const unread = streamOf(async function* () {
    for (let n = 0; n < MANY; n += 1) yield await Promise.resolve(Buffer.alloc(64 * 1024, 'x'));
  });
  // Nothing but the end of the streams lets the server close in time.
  const patient = { ...limits, stallMs: 3_600_000 };
  const { port, server } = await start(({ path }) => (path === 'told' ? told.answer : unread.answer), { limits: patient });
  const base = `http://127.0.0.1:${port}/cimi/`;
  const [reads, sleeps] = await Promise.all([StreamReader.open(`${base}told`, login), StreamReader.open(`${base}unread`, login)]);
  await reads.first(1);
  sleeps.pause();
  const closed = server.close(3_600_000);
  told.end();
  unread.end();
  expect(await closed).toBe(0);
  expect([await reads.ended(), reads.told.map(({ data }) => data)]).toEqual(['ended', ['first', 'the end']]);
  expect(unread.seen.closed).toBe(1);
});

test('the metrics and the log have it as a request that was answered when it began', async () => {
  const samples: { format: string; path: string | undefined }[] = [];
  const { answer, end } = streamOf(async function* (signal) {
    yield event('first');
    await eventually(() => (signal.aborted ? true : undefined));
  });
  const metrics = {
    request: (sample: { format: string; path: string | undefined }) => void samples.push(sample),
    watchRequests: () => undefined,
    scrape: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
  };
  const { port, sink } = await start(() => answer, { limits, metrics });
  const reader = await StreamReader.open(`http://127.0.0.1:${port}/cimi/events`, login);
  await reader.first(1);
  expect(samples).toMatchObject([{ format: 'stream', path: 'events' }]);
  expect(sink.lines().filter(({ msg }) => msg === 'request')).toHaveLength(1);
  end();
  await reader.ended();
  expect(samples).toHaveLength(1);
});
