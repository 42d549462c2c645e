import { createHash } from 'node:crypto';
import { Refusal } from '../operations/resource-handler';
import type { CimiRequest } from './messages';

/** The client's own name for a request, so that sending it again does not do it again. */
export interface Idempotency {
  key: string;
  /** Hash of everything that makes the request what it is. */
  hash: string;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Reads `Idempotency-Key`. @throws Refusal 400 for a key that is empty, too long or not plain ASCII. */
export function idempotencyOf(request: CimiRequest): Idempotency | undefined {
  const raw = request.headers['idempotency-key'];
  if (raw === undefined) return undefined;
  const key = raw.trim().replace(/^"(.*)"$/, '$1');
  if (!KEY.test(key)) throw new Refusal(400, '1 to 255 printable ASCII characters are needed', { at: 'Idempotency-Key' });
  const hash = createHash('sha256')
    .update(JSON.stringify([request.method, request.path, request.query, request.headers['content-type'] ?? '']))
    .update(request.body ?? '')
    .digest('hex');
  return { key, hash };
}
