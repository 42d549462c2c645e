import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** Request on its way to a service. */
export interface OpenstackCall {
  /** Service by the name that the driver uses (compute, image, network, volume), or identity. */
  service: string;
  method: string;
  /** Path with its query, from the version on. */
  path: string;
  /** The parsed body, where it was JSON. */
  body: unknown;
}

/** Rule of what shall go wrong. The first rule that fits a call decides; its `times` then goes down by one. */
export interface OpenstackRule {
  service?: string;
  method?: string;
  path?: RegExp;
  when?: (call: OpenstackCall) => boolean;
  /** Number of calls that it catches; absent: all. */
  times?: number;
  /** Waits before anything else, in ms. */
  delayMs?: number;
  /** Answers this; the call does not go through. A text body is sent as it is, anything else as JSON. */
  fail?: { status: number; body?: unknown; headers?: Readonly<Record<string, string>> };
  /** Cuts the connection before the call went through, or after (the lost answer). */
  drop?: 'before' | 'after';
  /** Bytes of a body of bytes (an image's file, on its way in or out) after which no more pass, until one side ends the connection. */
  standsAfter?: number;
  /** Does something once the service has answered, before the caller is told. */
  answered?: () => void;
  /** Changes the JSON of a good answer. */
  rewrite?: (body: never, call: OpenstackCall) => unknown;
}

/** An HTTP proxy in front of all services of an OpenStack that misbehaves on demand. Its Keystone names the proxy in its catalogue. */
export interface OpenstackProxy {
  /** Keystone's URL through the proxy. */
  authUrl: string;
  /** Adds a rule; returns the way to take it back. */
  add(rule: OpenstackRule): () => void;
  /** Returns how many calls came in, to one service or to all. */
  count(service?: string): number;
  /** Calls as `POST compute /v2.1/servers`, in their order, without their query. */
  calls(): readonly string[];
  /** Number of bodies that stand still now. */
  standing(): number;
  /** Forgets rules and counts. */
  reset(): void;
  stop(): Promise<void>;
}

/** Catalogue types by the names that the proxy's URLs have. */
const SERVICES: Readonly<Record<string, string>> = {
  compute: 'compute',
  image: 'image',
  network: 'network',
  'block-storage': 'volume',
  volumev3: 'volume',
  metric: 'metric',
};

class State {
  rules: OpenstackRule[] = [];
  calls: { service: string; words: string }[] = [];
  standing = 0;
  /** Origin of each service. */
  readonly origins = new Map<string, string>();

  take(call: OpenstackCall): OpenstackRule {
    this.calls.push({ service: call.service, words: `${call.method} ${call.service} ${call.path.replace(/\?.*/, '')}` });
    const rule = this.rules.find((each) => each.times !== 0 && fits(each, call));
    if (rule?.times !== undefined) rule.times -= 1;
    return rule ?? {};
  }
}

function fits(rule: OpenstackRule, call: OpenstackCall): boolean {
  return (
    (rule.service ?? call.service) === call.service &&
    (rule.method ?? call.method) === call.method &&
    (rule.path?.test(call.path) ?? true) &&
    (rule.when?.(call) ?? true)
  );
}

/** Starts a proxy on a free port of 127.0.0.1. @param authUrl Keystone's own URL */
export async function startOpenstackProxy(authUrl: string): Promise<OpenstackProxy> {
  const state = new State();
  state.origins.set('identity', new URL(authUrl).origin);
  let own = '';
  const server = createServer((incoming, outgoing) => {
    serve(state, own, incoming, outgoing).catch((cause: unknown) => {
      outgoing.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    });
  });
  // A connection that is closed while a driver sends on it is a lost answer, and only a rule loses those.
  server.keepAliveTimeout = 0;
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  own = `http://127.0.0.1:${address.port}`;
  return {
    authUrl: `${own}/identity/v3`,
    add: (rule) => {
      const added = { ...rule };
      state.rules.push(added);
      return () => {
        state.rules = state.rules.filter((other) => other !== added);
      };
    },
    count: (service) => state.calls.filter((call) => (service ?? call.service) === call.service).length,
    calls: () => state.calls.map(({ words }) => words),
    standing: () => state.standing,
    reset: () => {
      state.rules = [];
      state.calls = [];
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

async function serve(state: State, own: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const [, service = '', path = '/'] = /^\/([^/?]+)(.*)$/.exec(incoming.url ?? '') ?? [];
  const origin = state.origins.get(service);
  if (origin === undefined) throw new Error(`no service ${service} behind the proxy`);
  const bytes = isOfBytes(incoming) ? undefined : await bytesOf(incoming);
  const call: OpenstackCall = { service, method: incoming.method ?? 'GET', path, body: bytes && parsed(bytes.toString('utf8')) };
  const rule = state.take(call);
  if (rule.delayMs !== undefined) await new Promise((done) => setTimeout(done, rule.delayMs));
  if (rule.drop === 'before') return void incoming.socket.destroy();
  if (rule.fail) {
    const { status, headers = {}, body } = rule.fail;
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
    incoming.resume();
    outgoing.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json', ...headers }).end(text);
    return;
  }
  const passing = (body: AsyncIterable<Buffer>) => passed(body, rule.standsAfter ?? Infinity, () => stand(state, incoming));
  const answer = await forward(`${origin}${path}`, incoming, bytes ?? passing(incoming));
  rule.answered?.();
  if (rule.drop === 'after') {
    answer.destroy();
    return void incoming.socket.destroy();
  }
  const { 'transfer-encoding': _encoding, connection: _connection, ...headers } = answer.headers;
  if (isOfBytes(answer)) {
    outgoing.writeHead(answer.statusCode ?? 502, headers);
    return pipeline(passing(answer), outgoing);
  }
  const { statusCode: status = 502 } = answer;
  const body = changed(state, own, rule, call, { status, body: await bytesOf(answer) });
  const { 'content-length': _length, ...others } = headers;
  outgoing.writeHead(status, { ...others, ...(status === 204 ? {} : { 'content-length': String(body.length) }) });
  outgoing.end(status === 204 ? undefined : body);
}

/** Tells whether a message has bytes that are passed on as they come: an image's file is larger than anything that is kept. */
const isOfBytes = ({ headers }: { headers: IncomingHttpHeaders }): boolean => headers['content-type'] === 'application/octet-stream';

/** Passes bytes on. @param halt waits where so many have passed */
async function* passed(bytes: AsyncIterable<Buffer>, halts: number, halt: () => Promise<never>): AsyncGenerator<Buffer> {
  let left = halts;
  for await (const part of bytes) {
    if (part.length > left) {
      yield part.subarray(0, left);
      await halt();
    }
    left -= part.length;
    yield part;
  }
}

/** Waits until the caller has gone, and fails then. */
async function stand(state: State, { socket }: IncomingMessage): Promise<never> {
  state.standing += 1;
  if (!socket.destroyed) await new Promise((done) => socket.once('close', done));
  state.standing -= 1;
  throw new Error('the caller has gone');
}

interface Answer {
  status: number;
  body: Buffer;
}

function changed(state: State, own: string, rule: OpenstackRule, call: OpenstackCall, answer: Answer): Buffer {
  const login = call.service === 'identity' && call.method === 'POST' && call.path.endsWith('/auth/tokens');
  if (answer.status >= 300 || (!login && !rule.rewrite)) return answer.body;
  const json: unknown = parsed(answer.body.toString('utf8'));
  const known = login ? throughProxy(state, own, json as Told) : json;
  return Buffer.from(JSON.stringify(rule.rewrite ? rule.rewrite(known as never, call) : known));
}

interface Told {
  token?: { catalog?: { type: string; endpoints: { url: string }[] }[] };
}

/** The catalogue's endpoints become the proxy's; where they led to is remembered. */
function throughProxy(state: State, own: string, body: Told): Told {
  for (const { type, endpoints } of body.token?.catalog ?? []) {
    const service = Object.hasOwn(SERVICES, type) ? SERVICES[type] : undefined;
    if (service === undefined) continue;
    for (const endpoint of endpoints) {
      const { origin } = new URL(endpoint.url);
      state.origins.set(service, origin);
      endpoint.url = endpoint.url.replace(origin, `${own}/${service}`);
    }
  }
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

function forward(url: string, incoming: IncomingMessage, body: Buffer | AsyncIterable<Buffer>): Promise<IncomingMessage> {
  return new Promise((done, failed) => {
    const { host: _host, 'transfer-encoding': _encoding, connection: _connection, ...headers } = incoming.headers;
    const kept = Buffer.isBuffer(body) && (body.length > 0 || headers['content-length'] !== undefined);
    const length = kept ? { 'content-length': String(body.length) } : {};
    const onward = request(url, { method: incoming.method ?? 'GET', headers: { ...headers, ...length } }, done);
    onward.once('error', failed);
    if (Buffer.isBuffer(body)) onward.end(body);
    else pipeline(body, onward).catch(failed);
  });
}
