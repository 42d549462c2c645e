import { readFileSync } from 'node:fs';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, createBrotliDecompress, createGunzip, createInflate, gunzip, inflate } from 'node:zlib';
import { type Dispatcher, request } from 'undici';
import { ProviderError } from '../../src/clouds/errors';
import { Ways } from '../../src/net/dispatcher';
import { proxiesOf } from '../../src/net/proxies';
import { unanswered } from './errors';
import type { Refusal } from './faults';
import type { OpenstackOptions } from './options';
import { anySignal } from '../../src/model/any-signal';

/** HTTP request. */
export interface Sent {
  method: Dispatcher.HttpMethod;
  headers: Readonly<Record<string, string>>;
  body?: string | Readable;
}

/** HTTP to the services: connections, certificates, compressed answers. It retries nothing. */
export class Transport {
  private readonly agent: Ways;

  /** @throws ProviderError (invalid) where the file of certificates cannot be read */
  constructor(options: OpenstackOptions) {
    this.agent = new Ways({
      proxyFor: proxiesOf(options.proxy),
      connections: options.sockets,
      keepAliveTimeout: 4000,
      // The call's own signal is its deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: 5000, ...trust(options) },
    });
  }

  /**
   * Sends one request.
   * @param name who is asked, for the words of failures
   * @param reads the request changes nothing
   * @throws ProviderError where no answer came, or none that can be read
   */
  async exchange(name: string, url: string, sent: Sent, signal: AbortSignal, reads: boolean): Promise<Refusal> {
    return this.whole(name, await this.open(name, url, sent, signal, reads), reads);
  }

  /**
   * Sends one request and answers before the body has come; who calls reads that, or destroys it.
   * @param silenceMs how long the other side may say nothing, in ms; absent: as long as the signal lasts
   * @throws ProviderError where no answer came
   */
  async open(name: string, url: string, sent: Sent, signal: AbortSignal, reads: boolean, silenceMs = 0): Promise<Dispatcher.ResponseData> {
    if (signal.aborted)
      throw new ProviderError('timeout', 'The call was cancelled: nobody waits for its answer any more', { maybeDone: false });
    try {
      return await request(url, {
        ...sent,
        headers: { ...sent.headers, 'accept-encoding': 'identity' },
        dispatcher: this.agent,
        headersTimeout: silenceMs,
        bodyTimeout: silenceMs,
        // A signal of its own for each call: many at once on one signal look like leaked listeners to Node.
        signal: anySignal(signal),
      });
    } catch (thrown) {
      throw unanswered(name, thrown, reads);
    }
  }

  /** Reads an answer's body to its end. @throws ProviderError where it breaks off or cannot be read */
  async whole(name: string, { statusCode, headers, body }: Dispatcher.ResponseData, reads: boolean): Promise<Refusal> {
    let bytes: ArrayBuffer;
    try {
      bytes = await body.arrayBuffer();
    } catch (thrown) {
      throw unanswered(name, thrown, reads);
    }
    return { status: statusCode, headers, body: await decoded(name, Buffer.from(bytes), headers['content-encoding'], reads) };
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** Decoders of bodies that come piece by piece. */
const STREAMS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Place of bytes in a file: offset of the first, and how many; absent: all that follow. */
export interface Place {
  from: number;
  length?: number;
}

/** Bytes of a file and the offset of the first. */
export interface Part {
  bytes: Readable;
  at: number;
  /** Present where the service gave bytes by their place; `of`: length of the whole file in bytes, where it knows that. */
  range?: { of: number | undefined };
}

/** The header that asks for bytes at a place. */
export function rangeOf({ from, length }: Place): { range?: string } {
  if (length !== undefined) return { range: `bytes=${from}-${from + length - 1}` };
  return from === 0 ? {} : { range: `bytes=${from}-` };
}

/** The bytes of an answer and the offset of the first; undefined of an answer that is not the bytes asked for. */
export function bytesOf({ statusCode, headers, body }: Dispatcher.ResponseData, from: number): Part | undefined {
  const one = (name: string): string => String(headers[name] ?? '').toLowerCase();
  if (one('content-type').split(';')[0] !== 'application/octet-stream') return undefined;
  const encoding = one('content-encoding').replace('identity', '');
  if (statusCode === 200 && encoding === '') return { bytes: body, at: 0 };
  const decoder = statusCode === 200 && Object.hasOwn(STREAMS, encoding) ? STREAMS[encoding]?.() : undefined;
  // Who reads the decoder hears of failures there.
  if (decoder) return { bytes: pipeline(body, decoder, () => undefined), at: 0 };
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(one('content-range'));
  if (statusCode !== 206 || encoding !== '' || range?.[1] !== String(from)) return undefined;
  return { bytes: body, at: from, range: { of: range[2] === '*' ? undefined : Number(range[2]) } };
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  identity: (bytes) => Promise.resolve(bytes),
};

/** The text of a body; proxies compress answers also where that was not asked for. */
async function decoded(name: string, bytes: Buffer, encoding: string | string[] | undefined, reads: boolean): Promise<string> {
  const encodings = [encoding ?? []]
    .flat()
    .flatMap((each) => each.toLowerCase().split(','))
    .map((each) => each.trim());
  let plain = bytes;
  for (const each of encodings.filter((word) => word !== '').reverse()) {
    const decode = Object.hasOwn(DECODERS, each) ? DECODERS[each] : undefined;
    try {
      if (!decode) throw new Error(`${each} is not known here`);
      if (plain.length > 0) plain = await decode(plain);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ProviderError('unavailable', `The answer for ${name} cannot be decoded: ${why}`, { maybeDone: !reads, cause });
    }
  }
  return plain.toString('utf8');
}

function trust({ cacert, verify }: OpenstackOptions): { ca?: Buffer; rejectUnauthorized?: false } {
  if (verify === false) return { rejectUnauthorized: false };
  if (cacert === undefined) return {};
  try {
    return { ca: readFileSync(cacert) };
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ProviderError('invalid', `The certificates in ${cacert} cannot be read: ${code ?? 'unknown'}`, { maybeDone: false });
  }
}
