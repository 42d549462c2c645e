import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { type Dispatcher, request } from 'undici';
import { ProviderError } from '../../src/clouds/errors';
import { Ways } from '../../src/net/dispatcher';
import { proxiesOf } from '../../src/net/proxies';
import { unanswered } from './errors';
import type { Refusal } from './faults';
import type { OpenstackOptions } from './options';

/** One HTTP request. */
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
  async exchange(name: string, url: string, { headers, ...sent }: Sent, signal: AbortSignal, reads: boolean): Promise<Refusal> {
    if (signal.aborted) throw new ProviderError('timeout', 'Nobody waits for this call any more', { maybeDone: false });
    let answer: Dispatcher.ResponseData;
    let bytes: ArrayBuffer;
    try {
      answer = await request(url, {
        ...sent,
        headers: { ...headers, 'accept-encoding': 'identity' },
        dispatcher: this.agent,
        // A signal of its own for each call: many at once on one signal look like leaked listeners to Node.
        signal: AbortSignal.any([signal]),
      });
      bytes = await answer.body.arrayBuffer();
    } catch (thrown) {
      throw unanswered(name, thrown, reads);
    }
    const body = await decoded(name, Buffer.from(bytes), answer.headers['content-encoding'], reads);
    return { status: answer.statusCode, headers: answer.headers, body };
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
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
      throw new ProviderError('unavailable', `What was answered for ${name} cannot be decoded: ${why}`, { maybeDone: !reads, cause });
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
