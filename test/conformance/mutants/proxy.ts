import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request on its way to the gateway. */
export interface Asked {
  method: string;
  /** Path and query. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Answer of the gateway behind. */
export interface Told {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export type Forward = (asked: Asked) => Promise<Told>;

/** Stands between client and gateway and does something wrong. `memory`: what it remembers from one request to the next. */
export type Fault = (asked: Asked, forward: Forward, memory: Map<string, unknown>) => Promise<Told>;

export interface Proxy {
  /** URL for clients: the gateway's publicUrl. */
  url: string;
  /** URL of the gateway. */
  target: string;
  /** Fault that it has from now on; nothing where undefined. */
  become: (fault: Fault | undefined) => void;
  stop: () => Promise<void>;
}

/** Headers that belong to one connection, or to a body that may become another. */
const HOP = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host', 'date'];

const flat = (headers: Iterable<[string, string]>): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => !HOP.includes(name)));

async function forwardTo(target: string, { method, path, headers, body }: Asked): Promise<Told> {
  const response = await fetch(`${target}${path}`, { method, headers, redirect: 'manual', ...(body === '' ? {} : { body }) });
  return { status: response.status, headers: flat(response.headers), body: await response.text() };
}

const askedBy = async (request: IncomingMessage): Promise<Asked> => ({
  method: request.method ?? 'GET',
  path: request.url ?? '/',
  headers: flat(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
  body: await text(request),
});

function tell(response: ServerResponse, { status, headers, body }: Told): void {
  response.writeHead(status, { ...headers, ...(status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) }) });
  response.end(status === 204 ? undefined : body);
}

/** Starts a proxy on a free port of 127.0.0.1, which does nothing wrong until it is told to. */
export async function startProxy(): Promise<Proxy> {
  let fault: Fault | undefined;
  let memory = new Map<string, unknown>();
  const server = createServer((request, response) => {
    const answer = async (): Promise<Told> => {
      const forward: Forward = (asked) => forwardTo(proxy.target, asked);
      const asked = await askedBy(request);
      return fault === undefined ? forward(asked) : fault(asked, forward, memory);
    };
    answer().then(
      (told) => tell(response, told),
      (error: unknown) => tell(response, { status: 500, headers: {}, body: String(error) }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    become: (next) => {
      fault = next;
      memory = new Map();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
