import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { promisify } from 'node:util';
import { ProviderError, type FailureKind } from '../../src/clouds/errors';
import type { Ec2Options } from './options';
import { ProxiedHandler } from './proxied';

type Handle = ProxiedHandler['handle'];
type Answer = Awaited<ReturnType<Handle>>['response'];

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  gzip: promisify(gunzip) as (bytes: Uint8Array) => Promise<Uint8Array>,
  'x-gzip': promisify(gunzip) as (bytes: Uint8Array) => Promise<Uint8Array>,
  deflate: promisify(inflate) as (bytes: Uint8Array) => Promise<Uint8Array>,
  br: promisify(brotliDecompress) as (bytes: Uint8Array) => Promise<Uint8Array>,
};

/** The body of a call to EC2, as the SDK writes it: the action and the version of EC2's API. */
const EC2_CALL = /^Action=(\w+)&Version=2016-11-15(?:&|$)/;
/** As much of a document as has to be looked at to know its root, and what it ends with. */
const EDGE = 2_000;

/**
 * The way to EC2 and back that lets nothing through but EC2's own answers: `<ActionResponse>` with a request id for a
 * success, `Response/Errors/Error` with one for a refusal. Whatever else comes (pages of proxies and portals, empty or cut
 * bodies, redirects, documents of other services) is `unavailable`, whatever its HTTP status: the SDK alone would make an
 * empty answer of it.
 */
export class OwnAnswers extends ProxiedHandler {
  /** @param place where EC2 is looked for, in words */
  constructor(
    options: Pick<Ec2Options, 'proxy' | 'sockets'>,
    private readonly place: string,
  ) {
    super(options);
  }

  /** @throws ProviderError for an answer that is not EC2's own */
  override async handle(...args: Parameters<Handle>): ReturnType<Handle> {
    const answer = await super.handle(...args);
    // The SDK sends its logins (STS, SSO) the same way: those answers are theirs.
    const action = EC2_CALL.exec(String(args[0].body))?.[1];
    if (action === undefined) return answer;
    const { response } = answer;
    const bytes = await this.body(response);
    const strange = strangeness(response.statusCode, action, bytes);
    if (strange !== undefined) throw this.notOwn(response, strange);
    response.body = bytes;
    return answer;
  }

  /** The whole body, decoded where it was compressed although nobody had asked for that. */
  private async body(response: Answer): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of response.body as AsyncIterable<Uint8Array>) parts.push(part);
    const bytes = Buffer.concat(parts);
    const encoding = headerOf(response, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
    if (encoding === 'identity' || bytes.length === 0) return bytes;
    try {
      const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
      if (decode) return await decode(bytes);
    } catch {
      throw this.notOwn(response, `a body that is not the ${encoding} it says it is`);
    }
    throw this.notOwn(response, `a body in the encoding '${encoding}'`);
  }

  private notOwn(response: Answer, what: string): ProviderError {
    const { statusCode } = response;
    const words = `${this.place} answered HTTP ${statusCode} with ${what}, which is not EC2's own answer${advice(statusCode)}`;
    return new ProviderError(kindOfStranger(statusCode), words, { maybeDone: true, retryAfterMs: retryAfterMs(response.headers) });
  }
}

/** What is not EC2's own about an answer, in words; undefined where nothing is. */
export function strangeness(status: number, action: string, bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'an empty body';
  const head = Buffer.from(bytes.subarray(0, EDGE)).toString('utf8').trimStart();
  const tail = Buffer.from(bytes.subarray(-EDGE)).toString('utf8').trimEnd();
  const root = /^(?:\uFEFF)?(?:<\?xml[^>]*\?>)?\s*<([A-Za-z][\w.-]*)[\s>/]/.exec(head)?.[1];
  if (root === undefined) return head.startsWith('{') ? 'JSON' : 'something that is not XML';
  if (/^html$/i.test(root)) return 'a page';
  if (!tail.endsWith(`</${root}>`)) return 'a document that was cut off';
  if (status === 200) {
    if (root !== `${action}Response`) return `a document <${root}> to ${action}`;
    if (!/<requestId>[^<]+<\/requestId>/.test(head + tail)) return 'a document without a request id';
    return /^[^]*<return>false<\/return>/.test(head) ? `<return>false</return> to ${action}` : undefined;
  }
  if (status < 400 || root !== 'Response') return `a document <${root}>`;
  if (!/<Errors>\s*<Error>[^]*<Code>[^<]+<\/Code>/.test(head)) return 'a refusal without a code';
  return /<RequestID>[^<]+<\/RequestID>/i.test(head + tail) ? undefined : 'a refusal without a request id';
}

function kindOfStranger(status: number): FailureKind {
  if (status === 429) return 'throttled';
  return status === 504 ? 'timeout' : 'unavailable';
}

function advice(status: number): string {
  if (status === 407) return ': a proxy in between wants a login';
  if (status === 401 || status === 403) return ': something in between refuses, it says nothing of the credentials for EC2';
  if (status >= 300 && status < 400) return ': something in between leads elsewhere';
  return ': check the region, the endpoint, and the proxies and portals in between';
}

function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** How long the answer asks to be left alone, in ms: Retry-After in seconds or as a date. */
export function retryAfterMs(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const text = headers && headerOf({ headers }, 'retry-after');
  if (text === undefined || text.trim() === '') return undefined;
  const ms = Number.isFinite(Number(text)) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
