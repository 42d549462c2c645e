import { gzipSync } from 'node:zlib';
import type { ErrorKind } from '../../../src/clouds/errors';

/** An answer as it goes over the wire. */
export interface Reply {
  status: number;
  headers: Readonly<Record<string, string | readonly string[]>>;
  body: Buffer;
  /** Bytes after which the connection breaks. */
  cutAt?: number;
}

/** Answer that comes in place of a provider's. */
export interface Strike {
  name: string;
  reply(right: Reply): Reply;
  /** Kinds that fit. */
  kinds: readonly ErrorKind[];
  /** Set for the right answer in another coating: it may be understood. Then the call ends as without it. */
  right?: 'may' | 'must';
  /** The provider may have done what a write asked for. */
  unknown?: boolean;
  /** Delay that it asks for, in ms. */
  retryAfterMs?: number;
}

const page = (title: string) => `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;
const html = (status: number, headers: Record<string, string> = {}, title = `Gateway ${status}`) => {
  const body = Buffer.from(page(title));
  return (): Reply => ({ status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body });
};
const other = (status: number, type: string, body: string) => (): Reply => ({
  status,
  headers: { 'content-type': type },
  body: Buffer.from(body),
});

const AWAY: readonly ErrorKind[] = ['unavailable', 'timeout'];
const REFUSED: readonly ErrorKind[] = ['unavailable', 'auth', 'forbidden'];
const S3 =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Resource>/x</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>';
const KUBERNETES =
  '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","code":404}';
const SOAP =
  '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>The object has already been deleted or has not been completely created</faultstring><detail><e:NotFound xmlns:e="urn:other:billing"/></detail></soap:Fault></soap:Body></soap:Envelope>';

/** Answers of strangers, in the place of a provider or on the way to it. */
export const STRIKES: readonly Strike[] = [
  { name: '404 HTML', reply: html(404), kinds: AWAY },
  {
    name: '404 of a proxy in JSON',
    reply: other(404, 'application/json', '{"message":"no Route matched with those values"}'),
    kinds: AWAY,
  },
  { name: '410 HTML', reply: html(410), kinds: AWAY },
  { name: '200 HTML', reply: html(200), kinds: AWAY, unknown: true },
  { name: '200 empty', reply: other(200, 'text/plain', ''), kinds: AWAY, unknown: true },
  { name: '200 JSON of a portal', reply: other(200, 'application/json', '{"status":"ok"}'), kinds: AWAY, unknown: true },
  { name: '204', reply: () => ({ status: 204, headers: {}, body: Buffer.alloc(0) }), kinds: AWAY },
  { name: '302 to a login page', reply: html(302, { location: 'http://127.0.0.1:9/login' }), kinds: [...AWAY, 'auth'] },
  { name: '307 to a login page', reply: html(307, { location: 'http://127.0.0.1:9/login' }), kinds: [...AWAY, 'auth'] },
  { name: '400 HTML', reply: html(400), kinds: AWAY },
  { name: '401 of a gateway', reply: html(401, { 'www-authenticate': 'Basic realm="gateway"' }), kinds: REFUSED },
  { name: '403 of a gateway', reply: html(403), kinds: REFUSED },
  { name: '407', reply: html(407, { 'proxy-authenticate': 'Basic realm="proxy"' }), kinds: REFUSED },
  { name: '429 with Retry-After', reply: html(429, { 'retry-after': '7' }), kinds: ['throttled'], retryAfterMs: 7000 },
  { name: '429 without Retry-After', reply: html(429), kinds: ['throttled'] },
  { name: '500 HTML', reply: html(500), kinds: AWAY, unknown: true },
  { name: '502 HTML', reply: html(502), kinds: AWAY, unknown: true },
  { name: '503 HTML', reply: html(503), kinds: [...AWAY, 'throttled'] },
  { name: '504 HTML', reply: html(504), kinds: AWAY, unknown: true },
  { name: 'a body cut off', reply: (right) => ({ ...right, cutAt: right.body.length >> 1 }), kinds: AWAY, unknown: true },
  { name: 'half a body that says it is whole', reply: half, kinds: AWAY, unknown: true },
  { name: 'a wrong content type', reply: typed, kinds: AWAY, right: 'may', unknown: true },
  { name: 'gzip not asked for', reply: zipped, kinds: [], right: 'must' },
  { name: 'a fault of S3', reply: other(404, 'application/xml', S3), kinds: AWAY },
  { name: 'a fault of Kubernetes', reply: other(404, 'application/json', KUBERNETES), kinds: AWAY },
  { name: 'a fault of another SOAP service', reply: other(500, 'text/xml', SOAP), kinds: AWAY, unknown: true },
];

function half(right: Reply): Reply {
  return { ...right, body: right.body.subarray(0, right.body.length >> 1) };
}

function typed(right: Reply): Reply {
  return { ...right, headers: { ...right.headers, 'content-type': 'application/octet-stream' } };
}

function zipped(right: Reply): Reply {
  return { ...right, headers: { ...right.headers, 'content-encoding': 'gzip' }, body: gzipSync(right.body) };
}
