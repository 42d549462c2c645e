import { doc, isDoc, text } from './documents';
import type { Service } from './options';

/** Answer of a service. */
export interface Refusal {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body's text. */
  body: string;
}

/** Author of an answer: one of the services, or Keystone. */
export type Speaker = Service | 'identity';

/** A service's own words for its refusal. */
export interface Fault {
  /** Name of the error (itemNotFound, NetworkInUse, …); the status' name where it has none. */
  type: string;
  message: string;
  /** Seconds or a date, where the fault itself asks to be left alone. */
  retryAfter?: string;
}

/**
 * The service's own fault document; undefined for what anybody else wrote: a proxy, a portal, another service.
 * Nova and Cinder: `{name: {code, message}}`; Neutron: `{NeutronError: {type, message}}`; Keystone, and its middleware in
 * front of every service: `{error: {code, message}}`; Gnocchi: `{code, title, description}`; Glance, and any service where it has no such route: webob's pages.
 */
export function faultOf(speaker: Speaker, { status, body }: Pick<Refusal, 'status' | 'body'>): Fault | undefined {
  const parsed = parse(body);
  if (parsed === undefined) return pageOf(status, body);
  if (!isDoc(parsed)) return undefined;
  return middlewares(parsed, status) ?? OWN[speaker](parsed, status) ?? webobs(parsed, status);
}

type Reader = (parsed: Readonly<Record<string, unknown>>, status: number) => Fault | undefined;

const named: Reader = (parsed, status) => {
  const [[name, told] = ['', undefined], ...others] = Object.entries(parsed);
  if (others.length > 0 || !isDoc(told) || told.code !== status || typeof told.message !== 'string') return undefined;
  const retryAfter = typeof told.retryAfter === 'number' ? String(told.retryAfter) : text(told.retryAfter);
  return { type: name, message: clean(told.message), ...(retryAfter === undefined ? {} : { retryAfter }) };
};

const neutrons: Reader = (parsed) => {
  const told = parsed.NeutronError;
  if (typeof told === 'string') return { type: 'NeutronError', message: clean(told) };
  const { type, message, detail } = doc(told);
  if (typeof type !== 'string' || typeof message !== 'string') return undefined;
  return { type, message: clean([message, text(detail)].filter((part) => part !== undefined).join(': ')) };
};

const middlewares: Reader = ({ error }, status) => {
  const { code, message } = doc(error);
  return code === status && typeof message === 'string' ? { type: 'error', message: clean(message) } : undefined;
};

const webobs: Reader = ({ message, code, title }, status) =>
  typeof message === 'string' && typeof title === 'string' && String(code).startsWith(`${status} `)
    ? { type: title, message: clean(message) }
    : undefined;

/** Gnocchi tells a text, or a cause with what it is about. */
const pecans: Reader = ({ code, title, description }, status) => {
  if (code !== status || typeof title !== 'string') return undefined;
  if (typeof description === 'string') return { type: title, message: clean(description) };
  const { cause, reason, detail } = doc(description);
  if (typeof cause !== 'string') return undefined;
  const more = detail === undefined ? undefined : typeof detail === 'string' ? detail : JSON.stringify(detail);
  return { type: cause, message: clean([cause, text(reason), text(more)].filter((part) => part !== undefined).join(': ')) };
};

const none: Reader = () => undefined;
const OWN: Readonly<Record<Speaker, Reader>> = {
  compute: named,
  volume: named,
  network: neutrons,
  metric: pecans,
  image: none,
  identity: none,
};

/** webob's page, to the letter: pages of web servers and proxies look alike, but not the same. */
const PAGE =
  /^\s*<html>\s*<head>\s*<title>(\d{3}) ([^<]*)<\/title>\s*<\/head>\s*<body>\s*<h1>\1 \2<\/h1>\s*([\s\S]*?)<br \/><br \/>\s*([\s\S]*?)\s*<\/body>\s*<\/html>\s*$/;

function pageOf(status: number, body: string): Fault | undefined {
  const [, code, title = '', message = '', more = ''] = PAGE.exec(body) ?? [];
  if (code !== String(status)) return undefined;
  return { type: title, message: wordsIn(`${message} ${more}`) };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** Glance ends its words in line breaks of HTML. */
const clean = (message: string): string =>
  message
    .replace(/<br ?\/?>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** Extracts the text of a page, without the markup; for people. */
export function wordsIn(body: string): string {
  return body
    .replace(/<(head|style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(lt|gt|amp|quot|#39|nbsp);/g, (_, entity: string) => ENTITIES[entity] ?? ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'", nbsp: ' ' };
