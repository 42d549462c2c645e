import type { IncomingMessage } from 'node:http';
import { ClientGone, HttpFault } from './fault';
import { shown } from '../model/shown';

/** Tells whether a message has a body by its framing (RFC 9112 6.3). */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}

/**
 * Checks what can be known of a body before its first byte.
 * @param maxBytes most bytes that are taken
 * @throws HttpFault 413 by the declared length, 415 for a content coding, 501 for a transfer coding but chunked (RFC 9112 6.1)
 */
export function checkBodyHeaders(request: IncomingMessage, maxBytes: number): void {
  const transfer = request.headers['transfer-encoding'];
  if (transfer !== undefined && transfer.trim().toLowerCase() !== 'chunked')
    throw new HttpFault(501, `the transfer coding '${transfer.slice(0, 40)}' is not understood: send the body chunked or with its length`);
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity') {
    throw new HttpFault(415, `the content coding '${shown(coding, 40)}' is not taken: send the body as it is`, {
      'Accept-Encoding': 'identity',
    });
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

/**
 * Reads a body to its end, counting.
 * @param maxBytes most bytes that are taken
 * @throws HttpFault 413 as soon as it is larger; ClientGone when the upload breaks off
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (end: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      // A broken upload reports its error after we stopped listening; it is known already.
      request.on('error', ignore);
      end();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        settle(() => reject(tooLarge(maxBytes)));
      } else chunks.push(chunk);
    };
    const onEnd = (): void => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)));
    const onClose = (): void => settle(() => reject(new ClientGone()));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/**
 * Swallows the rest of a body that nobody wants, so that the client can read the refusal before the connection is
 * closed (closing with unread bytes would reset it and lose the answer). Bounded by bytes and time; never rejects.
 */
export function swallow(request: IncomingMessage, maxBytes = 16 * 1024 * 1024, maxMs = 2_000): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let size = 0;
    const done = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', done).off('close', done);
      resolve();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) done();
    };
    const timer = setTimeout(done, maxMs);
    request.on('data', onData).on('end', done).on('close', done);
    request.resume();
  });
}

function tooLarge(maxBytes: number): HttpFault {
  return new HttpFault(413, `the request body is larger than ${maxBytes} bytes`);
}

function ignore(): void {
  return undefined;
}
