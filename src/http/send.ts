import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { CimiResponse } from '../protocol/messages';
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
  /** How long a client may take no byte of its answer, ms. */
  stallMs: number;
}

/**
 * Sends a complete response: its length is told before its first byte, slices are written as fast as the client
 * takes them. A client that goes away ends it early.
 * @returns bytes of the body
 */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: CimiResponse,
  options: SendOptions,
): Promise<number> {
  const slices = answer.body ?? [];
  let length = 0;
  for (const slice of slices) length += slice.length;
  writeHead(response, answer, length, options);
  const bodiless = options.headOnly || answer.status === 204 || answer.status === 304;
  if (bodiless || slices.length === 0) {
    if (options.hangUp) await hangUp(request, response);
    response.end();
    return 0;
  }
  if (slices.length === 1 && !options.hangUp) {
    response.end(slices[0]);
    guardStall(response, options.stallMs);
    return length;
  }
  for (const slice of slices) {
    if (response.destroyed) return length;
    if (!response.write(slice)) {
      guardStall(response, options.stallMs);
      await drained(response);
    }
  }
  if (options.hangUp) await swallow(request);
  response.end();
  return length;
}

function writeHead(response: ServerResponse, answer: CimiResponse, length: number, options: SendOptions): void {
  const headers: OutgoingHttpHeaders = {
    Vary: 'Accept, Authorization',
    'Cache-Control': 'private, no-cache',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': options.requestId,
    ...answer.headers,
    ...options.extra,
  };
  if (answer.status !== 204 && answer.status !== 304) headers['Content-Length'] = length;
  if (options.hangUp) headers['Connection'] = 'close';
  // One object in one call: Node writes that without keeping, checking and merging each header by itself.
  response.writeHead(answer.status, headers);
}

async function hangUp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.flushHeaders();
  await swallow(request);
}

/** The socket is closed when a client that does not read makes no progress for so long; Node resets this with the next request. */
function guardStall(response: ServerResponse, stallMs: number): void {
  if (response.writableLength > 0) response.socket?.setTimeout(stallMs);
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const given = new AbortController();
  const gone = (): void => given.abort();
  response.once('close', gone);
  try {
    await once(response, 'drain', { signal: given.signal });
  } catch (error) {
    if (!given.signal.aborted) throw error;
  } finally {
    response.off('close', gone);
  }
}
