import { type Dispatcher, request } from 'undici';
import { ProviderError } from '../../src/clouds/errors';
import { shown } from '../../src/model/shown';
import { type Fault, nameOf, translate, withoutAnswer } from './errors';
import { decoded, type Head, MAX_ANSWER, notOurs } from './strangers';
import { type MethodName, serviceOf, sinceOf } from './methods';
import type { Parameters, Ref, Result } from './types';
import { readAs, readResult, writeCall } from './values';
import { child, escape, type Node, parse } from './xml';

/** Version of the API spoken, the oldest that will do; every vCenter since 6.7 answers it. */
export const VERSION = '6.7';

/** Fault with which vCenter refused a call. */
export class SoapFault extends Error {
  constructor(
    readonly fault: Fault | undefined,
    readonly said: string | undefined,
  ) {
    super(said ?? nameOf(fault));
    this.name = 'SoapFault';
  }

  get code(): string {
    return nameOf(this.fault);
  }

  /** Translates to the contract's error. */
  translated(): ProviderError {
    return translate(this.fault, this.said);
  }
}

export interface Sent<M extends MethodName> {
  result: Result<M>;
  /** Session cookie, where the answer set one: `name=value`. */
  cookie: string | undefined;
}

/**
 * Sends one call over HTTP, without retries.
 * @throws SoapFault for what vCenter refuses, ProviderError where no answer came
 */
export async function send<M extends MethodName>(
  to: { url: string; agent: Dispatcher; cookie: string | undefined },
  call: { method: M; self: Ref; parameters: Parameters<M> },
  signal: AbortSignal,
): Promise<Sent<M>> {
  if (signal.aborted)
    throw new ProviderError('timeout', 'The call was cancelled: nobody waits for its answer any more', { maybeDone: false });
  const body = envelope(writeCall(call.method, call.self, call.parameters), headerOf(call.method, to.cookie));
  let head: Head;
  let text: string;
  let cookie: string | undefined;
  try {
    const answer = await request(endpoint(to.url, call.method), {
      method: 'POST',
      dispatcher: to.agent,
      body,
      signal,
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        soapaction: actionOf(call.method),
        'accept-encoding': 'identity',
        ...(to.cookie === undefined ? {} : { cookie: to.cookie }),
      },
    });
    head = { status: answer.statusCode, retryAfter: one(answer.headers['retry-after']), location: one(answer.headers.location) };
    cookie = cookieOf(answer.headers['set-cookie']);
    text = decoded(Buffer.from(await answer.body.arrayBuffer()), one(answer.headers['content-encoding']), head);
  } catch (thrown) {
    throw withoutAnswer(thrown, signal.aborted);
  }
  return { result: read(call.method, head, text), cookie };
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

/** Other services have their own path beside vim25's, and take its session by a header of the envelope. */
function endpoint(url: string, method: MethodName): string {
  const service = serviceOf(method);
  return service === undefined ? url : new URL(`/${service}/sdk`, url).href;
}

function actionOf(method: MethodName): string {
  const service = serviceOf(method);
  return service === undefined ? `urn:vim25/${sinceOf(method) ?? VERSION}` : `urn:${service}/`;
}

function headerOf(method: MethodName, cookie: string | undefined): string {
  if (serviceOf(method) === undefined || cookie === undefined) return '';
  const session = cookie.slice(cookie.indexOf('=') + 1).replace(/^"(.*)"$/, '$1');
  return `<soapenv:Header><vcSessionCookie>${escape(session)}</vcSessionCookie></soapenv:Header>`;
}

function envelope(inner: string, header: string): string {
  const spaces = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<soapenv:Envelope ${spaces} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
    `${header}<soapenv:Body>${inner}</soapenv:Body></soapenv:Envelope>`
  );
}

function cookieOf(header: string | string[] | undefined): string | undefined {
  const all = header === undefined ? [] : [header].flat();
  return all.find((each) => each.startsWith('vmware_soap_session='))?.split(';')[0];
}

function read<M extends MethodName>(method: M, head: Head, text: string): Result<M> {
  const body = bodyOf(head, text);
  const fault = child(body, 'Fault');
  if (fault && [200, 500].includes(head.status)) throw faultOf(fault, head);
  const response = child(body, `${method}Response`);
  if (!response || head.status !== 200 || !isOwnSpace(response.space)) throw notOurs(head, 'without the expected element');
  return readResult(method, response);
}

/** vCenter's services have namespaces of their own. */
const isOwnSpace = (space = ''): boolean => /^urn:(?:internal)?(?:vim25|vslm)\b/.test(space);

/** A fault of vCenter's own has a typed detail; what another service says with the same envelope decides nothing. */
function faultOf(fault: Node, head: Head): Error {
  const detail = child(fault, 'detail')?.children[0];
  const name = detail && (detail.xsiType ?? faultName(detail));
  const own = detail && [detail.space, detail.xsiSpace].some(isOwnSpace);
  if (own && name !== undefined && name !== '') return new SoapFault(readAs('MethodFault', { ...detail, xsiType: name }), saidOf(fault));
  const said = saidOf(fault);
  if (said !== undefined && /unsupported version/i.test(said)) return new ProviderError('unsupported', said, { maybeDone: false });
  return notOurs(head, `with a fault that is not vSphere's (${said === undefined ? 'without words' : shown(said, 200)})`);
}

/** Elements of faults are named after their type with `Fault` at the end. */
const faultName = ({ name }: Node): string => name.replace(/(?<=.)Fault$/, '');

function saidOf(fault: Node): string | undefined {
  const text = child(fault, 'faultstring')?.text;
  return text === undefined || text === '' ? undefined : text;
}

function bodyOf(head: Head, text: string): Node {
  if (text.length > MAX_ANSWER) throw notOurs(head, 'that is too long');
  let root: Node;
  try {
    root = parse(text);
  } catch (error) {
    // Behind a colon the parser quotes what it read.
    const message = error instanceof Error ? error.message.replace(/(?<=[a-z]): .*$/is, '') : 'unreadable';
    throw notOurs(head, `that is no XML of vSphere's (${shown(message, 100)})`);
  }
  const body = child(root, 'Body');
  if (root.name !== 'Envelope' || !body) throw notOurs(head, "that is not vSphere's");
  return body;
}
