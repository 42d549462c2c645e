import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BodyStream, CimiResponse } from '../protocol/messages';
import { swallow } from './body';

export type ExtraHeaders = Readonly<Record<string, string | string[]>>;

export interface SendOptions {
  requestId: string;
  /** Headers beside the response's own; they win. */
  extra?: ExtraHeaders;
  /** HEAD: everything but the body. */
  headOnly: boolean;
  /** Close the connection afterwards, reading what the client still sends for a moment. */
  hangUp: boolean;
  /** Longest time for which a client may take no byte of its answer, in ms. */
  stallMs: number;
}

/** Bytes that are written to the socket at once. */
const BATCH_BYTES = 256 * 1024;

/**
 * Sends a response. Of a complete one the length is told before its first byte, slices are written as fast as the client
 * takes them. A client that goes away ends it early.
 * @returns bytes of the body
 */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: CimiResponse,
  options: SendOptions,
): Promise<number> {
  if (answer.stream) return sendStream(response, answer, answer.stream, options);
  const slices = answer.body ?? [];
  let length = 0;
  for (const slice of slices) length += slice.length;
  writeHead(response, answer, length, options);
  const bodiless = options.headOnly || answer.status === 204 || answer.status === 304;
  if (bodiless || slices.length === 0) {
    if (options.hangUp) await hangUp(request, response);
    response.end();
    guardStall(response, options.stallMs);
    return 0;
  }
  for (let at = 0; at < slices.length;) {
    if (response.destroyed) return length;
    const next = endOfBatch(slices, at);
    // What goes together is one write to the socket, with the header and the end.
    response.cork();
    let isTaken = true;
    for (; at < next; at += 1) isTaken = response.write(slices[at]);
    if (at === slices.length && !options.hangUp) response.end();
    else response.uncork();
    // However little it is: the client may have taken nothing of the answers before it either.
    guardStall(response, options.stallMs);
    if (!isTaken && at < slices.length) await drained(response);
  }
  if (options.hangUp) {
    await swallow(request);
    response.end();
    guardStall(response, options.stallMs);
  }
  return length;
}

/**
 * Sends a body part by part, each made once the client has taken those before: nothing piles up for one that does not read, and it is
 * cut after `stallMs`. A stream in which nothing happens is left in peace for as long as it takes.
 */
async function sendStream(response: ServerResponse, answer: CimiResponse, stream: BodyStream, options: SendOptions): Promise<number> {
  // An earlier answer on the connection may have left its guard; until that is sent, this one has no socket.
  if (response.socket) response.socket.setTimeout(0);
  else response.once('socket', (socket: Socket) => socket.setTimeout(0));
  writeHead(response, answer, undefined, options);
  let length = 0;
  if (!options.headOnly) {
    response.flushHeaders();
    for await (const part of stream) {
      if (response.destroyed) return length;
      length += part.length;
      if (response.write(part)) continue;
      guardStall(response, options.stallMs);
      await drained(response, stream.signal);
      // Nobody waits for one that does not read until it can be told of the end.
      if (stream.signal.aborted && response.writableNeedDrain) response.destroy();
      response.socket?.setTimeout(0);
    }
  }
  response.end();
  return length;
}

/** Finds the end of the slices that are written together: some, or one that is larger. */
function endOfBatch(slices: readonly Uint8Array[], from: number): number {
  let bytes = 0;
  let at = from;
  do bytes += slices[at]?.byteLength ?? 0;
  while (++at < slices.length && bytes < BATCH_BYTES);
  return at;
}

function writeHead(response: ServerResponse, answer: CimiResponse, length: number | undefined, options: SendOptions): void {
  const headers: OutgoingHttpHeaders = {
    Vary: 'Accept, Authorization',
    'Cache-Control': 'private, no-cache',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': options.requestId,
    ...answer.headers,
    ...options.extra,
  };
  if (length !== undefined && answer.status !== 204 && answer.status !== 304) headers['Content-Length'] = length;
  if (options.hangUp) headers['Connection'] = 'close';
  // One object in one call: Node writes that without keeping, checking and merging each header by itself.
  response.writeHead(answer.status, headers);
}

async function hangUp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.flushHeaders();
  await swallow(request);
}

/**
 * Has the socket closed when a client that does not read makes no progress for so long. An answer behind another one has its guard once
 * that is sent; with the answer the guard ends, since the next one may take its time.
 */
function guardStall(response: ServerResponse, stallMs: number): void {
  if (response.writableLength === 0) return;
  const guard = (socket: Socket): void => {
    socket.setTimeout(stallMs);
    // Before Node's own listener, which sets the time for which an idle connection is kept.
    response.off('finish', endGuard).prependListener('finish', endGuard);
  };
  if (response.socket) guard(response.socket);
  else response.once('socket', guard);
}

function endGuard(this: ServerResponse): void {
  this.socket?.setTimeout(0);
}

/** Waits until the client has taken what was written, is gone, or it is not waited for any more. */
async function drained(response: ServerResponse, ending?: AbortSignal): Promise<void> {
  if (response.destroyed || ending?.aborted) return;
  const given = new AbortController();
  const gone = (): void => given.abort();
  response.once('close', gone);
  ending?.addEventListener('abort', gone, { once: true });
  try {
    await once(response, 'drain', { signal: given.signal });
  } catch (error) {
    if (!given.signal.aborted) throw error;
  } finally {
    response.off('close', gone);
    ending?.removeEventListener('abort', gone);
  }
}
