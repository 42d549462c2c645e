import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { CimiResponse } from '../protocol/messages';

/** A request under way on a connection. */
interface Visit {
  request: IncomingMessage;
  response: ServerResponse;
}

/** Connections and the requests under way on them, so that a shutdown can wait and a broken connection can be answered. */
export interface Connections {
  /** Enters a request; it leaves by itself with the end of its answer. */
  enter(request: IncomingMessage, response: ServerResponse): void;
  /** Requests under way. */
  busy(): number;
}

/**
 * Time for which an idle connection is kept beyond what `Keep-Alive` tells, in ms. A client that goes by that and is late by a moment would
 * send into the closing, and could not tell whether its request was taken.
 */
const GRACE_MS = 5_000;
/** Turns of the event loop in which what had come of a request is read, at most: each reads up to 64 KiB of it. */
const MOST_TURNS = 100;

/**
 * Watches a server's connections. What Node's parser refuses (malformed, too large or too slow headers and bodies) is
 * answered by `refuse` where an answer still has a place on the wire: not before or inside the answer to an earlier
 * request of the same connection.
 */
export function watchConnections(server: Server, refuse: (status: number, message: string) => CimiResponse, log: Logger): Connections {
  const visits = new Map<Socket, Set<Visit>>();
  const entered = new WeakMap<Socket, number>();
  let busy = 0;
  /** Tells whether what was given up as too slow had come after all, and this process was too busy to read it. */
  const hadCome = async (socket: Socket): Promise<boolean> => {
    const before = entered.get(socket) ?? 0;
    const slow = [...(visits.get(socket) ?? [])].find(({ request }) => !request.complete);
    for (let read = -1, turns = 0; socket.bytesRead !== read && turns < MOST_TURNS; turns += 1) {
      read = socket.bytesRead;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (slow) return slow.request.complete;
    return (entered.get(socket) ?? 0) !== before && [...(visits.get(socket) ?? [])].every(({ request }) => request.complete);
  };
  const giveUp = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const earlier = [...(visits.get(socket) ?? [])];
    const [status, message] = verdict(error.code);
    log.debug({ code: error.code, status }, 'a connection was refused');
    // A handshake that failed has nowhere to be answered.
    if (!socket.writable || error.code === 'ECONNRESET' || isUnsecured(socket)) return void socket.destroy();
    if (earlier.every(unanswered)) return hangUp(socket, refuse(status, message));
    // Earlier requests were whole: their answers go out, then the connection ends.
    const wait = setInterval(() => {
      if ((visits.get(socket)?.size ?? 0) > 0 && !socket.destroyed) return;
      clearInterval(wait);
      socket.destroySoon();
    }, 20);
  };
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT') return giveUp(error, socket);
    void hadCome(socket).then((came) => {
      if (!came && !socket.destroyed) giveUp(error, socket);
    });
  });
  server.on('timeout', (socket: Socket) => {
    if (visits.has(socket)) return void socket.destroy();
    if (socket.timeout !== GRACE_MS) return void socket.setTimeout(GRACE_MS);
    // A request may have come that this process was too busy to read.
    const read = socket.bytesRead;
    setImmediate(() => {
      if (socket.bytesRead === read) socket.destroy();
    });
  });
  return {
    busy: () => busy,
    enter: (request, response) => {
      const visit: Visit = { request, response };
      const { socket } = request;
      entered.set(socket, (entered.get(socket) ?? 0) + 1);
      const here = visits.get(socket) ?? new Set<Visit>();
      if (here.size === 0) visits.set(socket, here);
      here.add(visit);
      busy += 1;
      response.once('close', () => {
        busy -= 1;
        here.delete(visit);
        if (here.size === 0) visits.delete(socket);
      });
    },
  };
}

/** Tells whether a socket was to speak TLS and does not yet. */
function isUnsecured(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.getProtocol() === null;
}

/** The request that broke, itself: its body did not arrive whole and nothing was said about it yet. */
function unanswered({ request, response }: Visit): boolean {
  return !request.complete && !response.headersSent;
}

function verdict(code: string | undefined): readonly [status: number, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'the header is too large'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'the request did not arrive in time'];
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return [413, 'the chunk extensions are too large'];
  return [400, 'the request is not well-formed HTTP/1.1'];
}

function hangUp(socket: Socket, answer: CimiResponse): void {
  const body = Buffer.concat(answer.body ?? []);
  const headers = { ...answer.headers, 'Content-Length': String(body.length), Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.write(`HTTP/1.1 ${answer.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n`);
  socket.write(body);
  socket.destroySoon();
}
