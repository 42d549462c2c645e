import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** A proxy on the way to somewhere. */
export interface Proxy {
  /** URL of the proxy, without user and password: messages may contain it. */
  url: URL;
  /** Value of Proxy-Authorization; a secret. */
  authorization: string | undefined;
}

/** Returns the proxy that leads to this URL; undefined: connect directly. */
export type ProxyFor = (target: URL) => Proxy | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/** The option `proxy` wherever it is taken. */
export const proxyOption = z
  .string()
  .refine((text) => text === 'none' || proxyOf(text) !== undefined, 'must be the URL of a proxy (http://proxy.example.org:3128) or none')
  .optional()
  .describe('Proxy for all requests: its URL, with user and password where it wants them, or none; absent: as the environment says');

/**
 * The proxies of an option, or without one of the environment: HTTPS_PROXY for https, HTTP_PROXY for http, and NO_PROXY for
 * what is reached directly, each also in lower case, which wins. An option goes before all of them. This machine itself is
 * never reached by a proxy of the environment.
 * @throws Error naming the variable where it is no URL of a proxy
 */
export function proxiesOf(option: string | undefined, env: Environment = process.env): ProxyFor {
  if (option === 'none') return () => undefined;
  if (option !== undefined) {
    const always = proxyOf(option);
    return () => always;
  }
  const secure = fromEnvironment('HTTPS_PROXY', env);
  const plain = fromEnvironment('HTTP_PROXY', env);
  const direct = exceptions(env.no_proxy ?? env.NO_PROXY ?? '');
  return (target) => {
    const proxy = target.protocol === 'https:' ? secure : plain;
    return proxy === undefined || isThisMachine(target) || direct(target) ? undefined : proxy;
  };
}

/** The proxy that is to be asked for a place itself: http is asked for by its whole URL, as proxies expect; the rest takes a tunnel. */
export function askedOf(proxyFor: ProxyFor, place: URL): Proxy | undefined {
  const proxy = place.protocol === 'http:' ? proxyFor(place) : undefined;
  return proxy?.url.protocol === 'http:' ? proxy : undefined;
}

function fromEnvironment(name: string, env: Environment): Proxy | undefined {
  const lower = name.toLowerCase();
  const used = env[lower] === undefined ? name : lower;
  const text = env[used]?.trim() ?? '';
  if (text === '') return undefined;
  const proxy = proxyOf(text);
  if (proxy) return proxy;
  throw new Error(`The environment variable ${used} is not the URL of an http or https proxy`);
}

/** Reads a proxy's URL; `host:port` is taken as http, as curl does. */
function proxyOf(text: string): Proxy | undefined {
  const href = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return undefined;
  const user = plainOf(url.username);
  const password = plainOf(url.password);
  if (user === undefined || password === undefined) return undefined;
  const pair = Buffer.from(`${user}:${password}`).toString('base64');
  const authorization = url.username === '' && url.password === '' ? undefined : `Basic ${pair}`;
  [url.username, url.password] = ['', ''];
  return { url, authorization };
}

/** The option `proxy` as it may be shown: without user and password; undefined for what is none. */
export const shownProxy = (text: string): string | undefined => (text === 'none' ? text : proxyOf(text)?.url.origin);

function plainOf(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

const hostOf = (target: URL): string =>
  target.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
const portOf = (target: URL): string => (target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port);

function isThisMachine(target: URL): boolean {
  const host = hostOf(target);
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * Parses NO_PROXY, separated by commas or blanks: `*`, a host with all below it (`example.org`, `.example.org`, `*.example.org`),
 * an address, a subnet (`10.0.0.0/8`), each but `*` also with `:port`. Names are not resolved for it.
 */
function exceptions(text: string): (target: URL) => boolean {
  const rules = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(exception);
  return (target) => rules.some((excepts) => excepts(hostOf(target), portOf(target)));
}

type Exception = (host: string, port: string) => boolean;

function exception(entry: string): Exception {
  if (entry === '*') return () => true;
  const subnet = /^(.+)\/(\d{1,3})$/.exec(entry);
  if (subnet) return inSubnet(subnet[1] ?? '', Number(subnet[2]));
  const [, bracketed, named = entry, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  const name = (bracketed ?? named).replace(/^\*?\.|\.$/g, '');
  return (host, at) => (port === undefined || port === at) && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
}

function inSubnet(net: string, bits: number): Exception {
  const family = isIP(net);
  if (family === 0 || bits > (family === 4 ? 32 : 128)) return () => false;
  const list = new BlockList();
  list.addSubnet(net, bits, family === 4 ? 'ipv4' : 'ipv6');
  return (host) => isIP(host) === family && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
