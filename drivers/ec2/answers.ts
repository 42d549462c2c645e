import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { Readable } from 'node:stream';
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
/** The header by which the SDK tells CloudWatch what is asked. */
const CLOUDWATCH_CALL = /^GraniteServiceVersion20100801\.\w+$/;
/** Paths of the EBS direct APIs. */
const EBS_PATH = /^\/snapshots(?:\/|$)/;
/** Length of the head and of the tail of a document that are examined, in characters. */
const EDGE = 2_000;

/** An answer as it came, decoded. */
interface Told {
  status: number;
  headers: Answer['headers'];
  bytes: Uint8Array;
}

/** A service whose answers are looked at: its name, and why a document is not its own. */
interface Judge {
  service: string;
  /** Tells whether the SDK reads its answers as streams. */
  streams?: true;
  strangeness(answer: Told): string | undefined;
}

/**
 * The way to a service and back that lets nothing through but its own answers: of EC2 `<ActionResponse>` with a request id for
 * a success, `Response/Errors/Error` with one for a refusal; of CloudWatch JSON with its results, or with its kind of error; of EBS
 * blocks with their checksums, JSON with what was asked, or a refusal that names its kind.
 * Whatever else comes (pages of proxies and portals, empty or cut bodies, redirects, documents of other services) is
 * `unavailable`, whatever its HTTP status: the SDK alone would make an empty answer of it.
 */
export class OwnAnswers extends ProxiedHandler {
  /** @param place where the service is looked for, in words */
  constructor(
    options: Pick<Ec2Options, 'proxy' | 'sockets'>,
    private readonly place: string,
  ) {
    super(options);
  }

  /** @throws ProviderError for an answer that is not the service's own */
  override async handle(...args: Parameters<Handle>): ReturnType<Handle> {
    const answer = await super.handle(...args);
    const judge = judgeOf(args[0]);
    if (judge === undefined) return answer;
    const { response } = answer;
    const bytes = await this.body(response, judge);
    const strange = judge.strangeness({ status: response.statusCode, headers: response.headers, bytes });
    if (strange !== undefined) throw this.notOwn(response, strange, judge);
    // The SDK takes the blocks of a snapshot from a stream alone.
    response.body = judge.streams ? Readable.from([bytes], { objectMode: false }) : bytes;
    return answer;
  }

  /** The whole body, decoded where it was compressed although nobody had asked for that. */
  private async body(response: Answer, judge: Judge): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of response.body as AsyncIterable<Uint8Array>) parts.push(part);
    const bytes = Buffer.concat(parts);
    const encoding = headerOf(response, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
    if (encoding === 'identity' || bytes.length === 0) return bytes;
    try {
      const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
      if (decode) return await decode(bytes);
    } catch {
      throw this.notOwn(response, `a body that is not the ${encoding} it says it is`, judge);
    }
    throw this.notOwn(response, `a body in the encoding '${encoding}'`, judge);
  }

  private notOwn(response: Answer, what: string, { service }: Judge): ProviderError {
    const { statusCode } = response;
    const message = `${this.place} answered HTTP ${statusCode} with ${what}, which is not ${service}'s own answer${advice(statusCode, service)}`;
    return new ProviderError(kindOfStranger(statusCode), message, { maybeDone: true, retryAfterMs: retryAfterMs(response.headers) });
  }
}

/** The SDK sends its logins (STS, SSO) the same way: those answers are theirs, and nobody judges them here. */
function judgeOf({ headers, body, path, method }: Parameters<Handle>[0]): Judge | undefined {
  if (CLOUDWATCH_CALL.test(headers['x-amz-target'] ?? ''))
    return { service: 'CloudWatch', strangeness: ({ status, bytes }) => strangeJson(status, bytes) };
  if (EBS_PATH.test(path)) return { service: 'EBS', streams: true, strangeness: (told) => strangeBlocks(method, path, told) };
  const action = EC2_CALL.exec(String(body))?.[1];
  return action === undefined ? undefined : { service: 'EC2', strangeness: ({ status, bytes }) => strangeness(status, action, bytes) };
}

/** Returns in words why an answer is not EC2's own; undefined where it is. */
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

/** Returns in words why an answer is not CloudWatch's own to GetMetricData; undefined where it is. */
export function strangeJson(status: number, bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'an empty body';
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!text.subarray(0, EDGE).toString('utf8').trimStart().startsWith('{')) return 'something that is not JSON';
  if (!text.subarray(-EDGE).toString('utf8').trimEnd().endsWith('}')) return 'a document that was cut off';
  if (status === 200) return text.includes('"MetricDataResults"') ? undefined : 'JSON without results';
  if (status < 400) return 'JSON';
  return text.includes('"__type"') ? undefined : 'a refusal without its kind';
}

/** Returns in words why an answer is not the EBS direct APIs' own; undefined where it is. */
export function strangeBlocks(method: string, path: string, { status, headers, bytes }: Told): string | undefined {
  const has = (name: string): string | undefined => headerOf({ headers }, name);
  if (status >= 400) return has('x-amzn-errortype') === undefined ? 'a refusal without its kind' : undefined;
  if (status >= 300) return 'a redirect';
  if (/\/blocks\/\d+$/.test(path)) {
    if (has('x-amz-checksum') === undefined) return 'a block without its checksum';
    return method === 'GET' && has('x-amz-data-length') !== String(bytes.length) ? 'a block that was cut off' : undefined;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!text.subarray(0, EDGE).toString('utf8').trimStart().startsWith('{')) return 'something that is not JSON';
  if (!text.subarray(-EDGE).toString('utf8').trimEnd().endsWith('}')) return 'a document that was cut off';
  const member = method === 'GET' ? '"BlockSize"' : path.startsWith('/snapshots/completion/') ? '"Status"' : '"SnapshotId"';
  return text.includes(member) ? undefined : `JSON without ${member}`;
}

function kindOfStranger(status: number): FailureKind {
  if (status === 429) return 'throttled';
  return status === 504 ? 'timeout' : 'unavailable';
}

function advice(status: number, service: string): string {
  if (status === 407) return ': a proxy in between wants a login';
  if (status === 401 || status === 403) return `: something in between refuses, it says nothing of the credentials for ${service}`;
  if (status >= 300 && status < 400) return ': something in between leads elsewhere';
  return ': check the region, the endpoint, and the proxies and portals in between';
}

function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Returns the delay that the answer asks for, in ms (Retry-After in seconds or as a date). */
export function retryAfterMs(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const text = headers && headerOf({ headers }, 'retry-after');
  if (text === undefined || text.trim() === '') return undefined;
  const ms = Number.isFinite(Number(text)) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
