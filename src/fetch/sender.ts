import { awaitingRefusal } from '../net/early-answer';
import { proxiesOf } from '../net/proxies';
import { createAddressCheck } from './addresses';
import { FetchBroken, problemOf, type FetchProblem } from './problem';
import { hostOf, type FetchRules } from './rules';
import { singleRequest, systemResolve, type PendingAnswer, type ResolveHost } from './single-request';
import { anySignal } from '../model/any-signal';

/** Body with what goes before it. */
export interface Sending {
  method: 'POST' | 'PUT';
  headers: Readonly<Record<string, string>>;
  /** Text, or bytes that are made while they are taken. */
  body: string | AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}

/** Answer to what was sent. */
export interface Answered {
  status: number;
  /** Type of its content; absent: it names none. */
  type?: string;
  /** Content, as far as it was asked for. */
  bytes: Uint8Array;
}

/**
 * Makes the one way to send a body elsewhere, by the rules that hold for fetching: addresses and proxy; scheme and host are the caller's
 * to check. Redirects are not followed. Errors are values.
 * @param rules.named tells whether the configuration names the very host
 * @param rules.answerBytes largest answer that is read; absent: none is
 */
export function createSender(
  rules: Pick<FetchRules, 'addresses' | 'proxy' | 'deadlineMs' | 'idleMs'> & { named: (url: URL) => boolean; answerBytes?: number },
  resolve: ResolveHost = systemResolve,
) {
  const allows = createAddressCheck(rules.addresses);
  const proxyFor = proxiesOf(rules.proxy);
  const { named, idleMs, deadlineMs, answerBytes = 0 } = rules;
  return async (url: URL, { method, headers, body, signal }: Sending): Promise<Answered | FetchProblem> => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const stalled = new AbortController();
    const all = anySignal(signal, deadline, stalled.signal);
    // What the source of the bytes threw says more than what became of the connection.
    let thrown: { error: unknown } | undefined;
    const sent = typeof body === 'string' ? body : taken(awaitingRefusal(body), idleMs, stalled, (error) => (thrown = { error }));
    try {
      const answer = await singleRequest(url, {
        allows,
        resolve,
        proxyFor,
        named,
        idleMs,
        signal: all,
        send: { method, headers, body: sent },
      });
      try {
        const type = answer.headers['content-type'];
        const bytes = answerBytes > 0 ? await contentOf(answer, url, answerBytes) : new Uint8Array();
        return { status: answer.status, ...(typeof type === 'string' && { type }), bytes };
      } finally {
        answer.end();
      }
    } catch (error) {
      if (thrown) throw thrown.error;
      if (deadline.aborted) return { kind: 'timeout', message: `${hostOf(url)} did not answer within ${deadlineMs} ms` };
      if (stalled.signal.aborted) return { kind: 'timeout', message: `${hostOf(url)} took nothing more for ${idleMs} ms` };
      if (signal.aborted) return { kind: 'stopped', message: 'sending was stopped' };
      return problemOf(error, hostOf(url), idleMs);
    }
  };
}

/** Reads an answer whole. @throws FetchBroken where it is too large */
async function contentOf({ body }: PendingAnswer, url: URL, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    if (size > most) throw new FetchBroken({ kind: 'size', message: `${hostOf(url)} answers with more than ${most} bytes` });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Passes bytes on, and watches that each piece is taken. */
async function* taken(
  bytes: AsyncIterable<Uint8Array>,
  idleMs: number,
  stalled: AbortController,
  broken: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let watch: NodeJS.Timeout | undefined;
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        broken(error);
        throw error;
      });
      if (next.done) return;
      watch = setTimeout(() => stalled.abort(), idleMs);
      yield next.value;
      clearTimeout(watch);
    }
  } finally {
    clearTimeout(watch);
    await iterator.return?.();
  }
}
