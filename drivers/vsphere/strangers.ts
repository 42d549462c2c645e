import { brotliDecompressSync, gunzipSync, inflateSync, type ZlibOptions } from 'node:zlib';
import { type ErrorKind, ProviderError } from '../../src/clouds/errors';

/** Answers that are not vCenter's own: of a proxy, a portal, a gateway in front. They decide nothing about anything there. */

/** Head of an answer: what it says beside its body. */
export interface Head {
  status: number;
  retryAfter: string | undefined;
  location: string | undefined;
}

/** An answer longer than this is refused, in bytes. */
export const MAX_ANSWER = 512 * 1024 * 1024;

type Decoder = (body: Buffer, options: ZlibOptions) => Buffer;
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: (body) => brotliDecompressSync(body, { maxOutputLength: MAX_ANSWER }),
};

/**
 * The text of an answer. It is asked for plain, and decoded where somebody in between compressed it all the same.
 * @throws ProviderError `unavailable` for what cannot be decoded
 */
export function decoded(body: Buffer, encoding: string | undefined, head: Head): string {
  const names = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  let plain = body;
  for (const name of names.reverse().filter((each) => each !== '' && each !== 'identity')) {
    const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (!decoder) throw notOurs(head, `in the encoding '${name}', which was not asked for`);
    try {
      plain = decoder(plain, { maxOutputLength: MAX_ANSWER });
    } catch (error) {
      throw notOurs(head, `that cannot be decoded as ${name} (${error instanceof Error ? error.message : 'unreadable'})`);
    }
  }
  return plain.toString('utf8');
}

const SAID: Readonly<Record<number, string>> = {
  401: 'a gateway in front of vCenter wants a login of its own',
  403: 'a gateway in front of vCenter refuses it',
  404: 'is this a vCenter?',
  407: 'a proxy wants a login of its own',
  429: 'a gateway in front of vCenter lets no more calls through for now',
};

/** Statuses of which only vCenter itself could have done something: everything below came from before it. */
const MAYBE_DONE: readonly number[] = [200, 500, 502, 504];

/**
 * An answer that is not vCenter's: never a proof of anything, nor a refused login.
 * @param how what is wrong with it, in words
 */
export function notOurs({ status, retryAfter, location }: Head, how: string): ProviderError {
  const to = status >= 300 && status < 400 ? `it leads to ${hostOf(location)}` : SAID[status];
  const message = `The endpoint answered HTTP ${status} ${how}${to === undefined ? '' : `: ${to}`}`;
  const seconds = Number(retryAfter);
  const kind: ErrorKind = status === 429 ? 'throttled' : 'unavailable';
  return new ProviderError(kind, message, {
    maybeDone: MAYBE_DONE.includes(status),
    ...(retryAfter !== undefined && Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

/** A redirect's path and query may hold what is nobody's business. */
function hostOf(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? new URL(location).host : 'another page';
}
