import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Socket } from 'node:net';

/** Server elsewhere on the network, on 127.0.0.1: what it answers is up to the test. */
export interface Origin {
  /** http://127.0.0.1:port/ */
  url: string;
  port: number;
  /** Paths asked for, in order. */
  asked: string[];
  close(): Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server that answers by path; other paths are 404. */
export async function startOrigin(answers: Readonly<Record<string, Answer>>): Promise<Origin> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    asked.push(path);
    const answer = answers[path];
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  return { ...(await listening(server)), asked };
}

/** A server that says these bytes to whoever asks for anything, and then nothing more; `end` closes the connection. */
export async function startRaw(text: string, options: { end: boolean }): Promise<Origin> {
  const asked: string[] = [];
  const server = createTcp((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => {
      asked.push(data.toString('latin1').split(' ')[1] ?? '');
      socket.write(text);
      if (options.end) socket.end();
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}/`, port, asked },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function listening(server: Server): Promise<Omit<Origin, 'asked'>> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}/`, port },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Answers with these bytes and their number. @param type media type, where one is told */
export const bytes =
  (content: Uint8Array, type?: string): Answer =>
  (_request, response) => {
    const told = type === undefined ? {} : { 'content-type': type };
    response.writeHead(200, { 'content-length': content.byteLength, ...told }).end(content);
  };

/** Sends its reader somewhere else. */
export const redirect =
  (location: string | (() => string), status = 302): Answer =>
  (_request, response) => {
    response.writeHead(status, { location: typeof location === 'string' ? location : location() }).end('moved');
  };

/** File that a server keeps, and how it answers for it. */
export interface KeptFile {
  content: Uint8Array;
  etag?: string;
  modified?: string;
  /** False: it sends the whole, whatever part it is asked for. */
  ranges?: boolean;
  /** Bytes of an answer after which the connection breaks; one for each answer, and none after those. */
  breaks?: number[];
}

/** Answers with a file or a range of it (RFC 9110 14), under the conditions of the request. */
export const kept =
  (file: KeptFile): Answer =>
  (request, response) => {
    const { content, etag, modified, ranges = true, breaks = [] } = file;
    const version = { ...(etag === undefined ? {} : { etag }), ...(modified === undefined ? {} : { 'last-modified': modified }) };
    const { 'if-match': match, 'if-unmodified-since': since, range } = request.headers;
    if ((match !== undefined && match !== etag) || (since !== undefined && since !== modified)) return void response.writeHead(412).end();
    const [, first, last] = (ranges ? /^bytes=(\d+)-(\d*)$/.exec(range ?? '') : undefined) ?? [];
    const [from, to] = [Number(first ?? 0), last ? Math.min(Number(last) + 1, content.byteLength) : content.byteLength];
    if (from >= to) return void response.writeHead(416).end();
    const part = content.subarray(from, to);
    const about = { ...version, 'content-length': part.byteLength, ...(ranges ? { 'accept-ranges': 'bytes' } : {}) };
    if (first === undefined) response.writeHead(200, about);
    else response.writeHead(206, { ...about, 'content-range': `bytes ${from}-${to - 1}/${content.byteLength}` });
    const cut = breaks.shift();
    if (cut === undefined || cut >= part.byteLength) response.end(part);
    else response.write(part.subarray(0, cut), () => response.destroy());
  };
