import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface ProxyManners {
  /** user:password that it wants. */
  login?: string;
  /** Names that it knows beside those of the system, and where they are. */
  names?: Readonly<Record<string, string>>;
  /** Status it answers whatever is asked for. */
  refuses?: number;
}

/** A proxy of the test's own on 127.0.0.1. */
export interface TestProxy {
  /** host:port */
  place: string;
  /** Method and target of each request, in order: `CONNECT host:port`, `POST http://…`. */
  asked: string[];
  manners: ProxyManners;
  close(): Promise<void>;
}

/** Starts a proxy that takes CONNECT as well as whole URLs. */
export async function startProxy(manners: ProxyManners = {}): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const proxy = { place: '', asked, manners };
  const hostOf = (name: string): string => proxy.manners.names?.[name] ?? name;
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const refusal = refusalOf(incoming, proxy.manners);
    if (refusal === undefined) passOn(incoming, outgoing, hostOf);
    else outgoing.writeHead(refusal, { 'content-type': 'text/html' }).end('<html>the proxy</html>');
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    const refusal = refusalOf(incoming, proxy.manners);
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal} No\r\ncontent-length: 0\r\n\r\n`);
    const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(incoming.url ?? '') ?? [];
    const onwards = connect(Number(port), hostOf(host), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onwards.pipe(socket).pipe(onwards);
    });
    sockets.add(onwards);
    onwards.on('close', () => sockets.delete(onwards));
    onwards.on('error', () => socket.end('HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  proxy.place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy, {
    close: () =>
      new Promise<void>((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  });
}

function refusalOf({ headers }: IncomingMessage, { login, refuses }: ProxyManners): number | undefined {
  if (login !== undefined && headers['proxy-authorization'] !== `Basic ${Buffer.from(login).toString('base64')}`) return 407;
  return refuses;
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, hostOf: (name: string) => string): void {
  if (!URL.canParse(incoming.url ?? '')) return void outgoing.writeHead(400).end('not a whole URL');
  const { hostname, port, pathname, search } = new URL(incoming.url ?? '');
  const { 'proxy-authorization': _own, ...headers } = incoming.headers;
  const to = { host: hostOf(hostname), port: port || 80, path: pathname + search, method: incoming.method, headers };
  const onwards = request(to, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(outgoing);
  });
  onwards.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(onwards);
}
