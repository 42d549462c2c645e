import assert from 'node:assert/strict';
import { asserted } from './assert';
import { JsonValue } from './json';
import type { Format, Value } from './value';
import { readXml, XmlValue } from './xml';

export const MEDIA: Record<Format, string> = { json: 'application/json', xml: 'application/xml' };

/** Parameters appended to a URI: names as they are, values encoded. Repeat a name by listing it twice. */
export type Query = Record<string, string> | [string, string][];

/** A URI with query parameters appended to those that the provider has put there (R4.1.3-02, R4.1.6-02). */
export function withQuery(uri: string, query: Query = {}): string {
  const pairs = Array.isArray(query) ? query : Object.entries(query);
  if (pairs.length === 0) return uri;
  const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `${uri}${uri.includes('?') ? '&' : '?'}${text}`;
}

/** Answer to a request. */
export class Answer {
  constructor(
    readonly request: string,
    readonly status: number,
    readonly headers: Headers,
    readonly text: string,
  ) {}

  /** Media type without parameters. */
  get mediaType(): string {
    return (this.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  }

  /** The representation in the body. @throws AssertionError where it is neither JSON nor XML. */
  get body(): Value {
    if (this.mediaType === MEDIA.json) return new JsonValue(JSON.parse(this.text));
    if (this.mediaType === MEDIA.xml) return new XmlValue(readXml(this.text));
    throw new assert.AssertionError({ message: `${this.said()}: the body is neither JSON nor XML but '${this.mediaType}'` });
  }

  get empty(): boolean {
    return this.text === '';
  }

  get etag(): string | undefined {
    return this.headers.get('etag') ?? undefined;
  }

  get location(): string | undefined {
    return this.headers.get('location') ?? undefined;
  }

  get jobUri(): string | undefined {
    return this.headers.get('cimi-job-uri') ?? undefined;
  }

  /** Request and status with the beginning of the body, for messages. */
  said(): string {
    return `${this.request}: ${this.status} ${this.text.slice(0, 600)}`;
  }

  /** Asserts one of these status codes. @returns itself. */
  is(...statuses: number[]): this {
    assert.ok(statuses.includes(this.status), `expected ${statuses.join(' or ')}, got ${this.said()}`);
    return this;
  }

  /** Asserts that the request was refused (4xx) for a reason of its own, not for want of rights. @returns itself. */
  refused(): this {
    asserted();
    assert.ok(this.status >= 400 && this.status < 500 && this.status !== 401, `expected a refusal (4xx), got ${this.said()}`);
    return this;
  }
}

export interface Request {
  method: string;
  uri: string;
  headers: Record<string, string>;
  body?: string;
}

interface Failure {
  message?: string;
  cause?: { message?: string; code?: string };
}

/** Returns the reason of a failed `fetch`, whose own words are behind `cause`. */
const reasonOf = ({ cause, message }: Failure): string => cause?.message || cause?.code || message || 'no reason given';

/** A connection that was kept open and that the other side has closed meanwhile: an idle one may be (RFC 9112 9.5). */
const CUT = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
const wasCut = ({ cause }: Failure): boolean => CUT.includes(cause?.code ?? '');

async function exchange({ method, uri, headers, body }: Request): Promise<Answer> {
  const all = { 'accept-encoding': 'identity', ...headers };
  const response = await fetch(uri, { method, headers: all, redirect: 'manual', ...(body === undefined ? {} : { body }) });
  return new Answer(`${method} ${uri}`, response.status, response.headers, await response.text());
}

/**
 * Sends a request; redirects are not followed, so that each URI is the provider's own. A GET is sent once more where the
 * connection was cut: it changes nothing. @throws Error where nothing answers.
 */
export async function send(request: Request): Promise<Answer> {
  const { method, uri } = request;
  return exchange(request)
    .catch((error: unknown) => {
      if (method !== 'GET' || !wasCut(error as Failure)) throw error;
      return exchange(request);
    })
    .catch((error: unknown) => {
      throw new Error(`${method} ${uri}: nothing answers: ${reasonOf(error as Failure)}`, { cause: error });
    });
}
