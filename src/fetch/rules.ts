import type { FetchProblem } from './problem';
import { shown } from '../model/shown';

/** Rules of what may be fetched on behalf of a request, from the section `fetch` of the configuration. */
export interface FetchRules {
  /** Hosts, `*.domain` for all below a domain, `*` for all; with `:port` where it is not the scheme's own. None: nothing is fetched. */
  hosts: readonly string[];
  schemes: readonly ('https' | 'http')[];
  /** Subnets allowed although they are not the public internet. */
  addresses: readonly string[];
  /** Redirects followed at most. */
  redirects: number;
  /** Largest size of one download, in bytes. */
  maxBytes: number;
  /** Time limit of one download as a whole, in ms. */
  deadlineMs: number;
  /** Longest silence of the other side, ms. */
  idleMs: number;
  /** Largest number of downloads at once in one process. */
  concurrency: number;
  /** The proxy to fetch by, or none; absent: as the environment says. */
  proxy?: string | undefined;
}

/** Rules under which nothing is fetched. */
export const NOTHING_FETCHED: FetchRules = {
  hosts: [],
  schemes: ['https'],
  addresses: [],
  redirects: 0,
  maxBytes: 0,
  deadlineMs: 1,
  idleMs: 1,
  concurrency: 0,
};

const DEFAULT_PORTS: Readonly<Record<string, string>> = { https: '443', http: '80' };

/** Name of a URL in words: without what could be secret (user, path, query). */
export const hostOf = (url: URL): string => shown(url.host);

/**
 * Reads a URI of a request and holds it against the rules that need no network.
 * @param from where a redirect comes from.
 * @returns the URL without its fragment, or why it cannot be fetched.
 */
export function checkUri(text: string, rules: FetchRules, from?: URL): URL | FetchProblem {
  if (rules.hosts.length === 0) {
    return { kind: 'off', message: 'this gateway fetches nothing from other places; its operator can allow hosts by fetch.hosts' };
  }
  if (!URL.canParse(text, from?.href))
    return { kind: 'invalid', message: from ? 'the redirect is not a valid URI' : 'must be an absolute URI' };
  const url = new URL(text, from?.href);
  url.hash = '';
  const scheme = url.protocol.slice(0, -1);
  if (!rules.schemes.some((allowed) => allowed === scheme))
    return { kind: 'scheme', message: `the scheme ${shown(scheme)} is not allowed by fetch.schemes: ${rules.schemes.join(', ')}` };
  if (from?.protocol === 'https:' && scheme !== 'https')
    return { kind: 'scheme', message: `${hostOf(from)} redirects from https to ${shown(scheme)}` };
  if (url.username !== '' || url.password !== '')
    return { kind: 'invalid', message: from ? 'the redirect carries a user or a password' : 'the URI must carry no user and no password' };
  if (!rules.hosts.some((pattern) => matches(url, pattern)))
    return { kind: 'host', message: `nothing is fetched from ${hostOf(url)}: it is not among the hosts allowed by fetch.hosts` };
  return url;
}

/** Tells whether a rule names this very host or the domain above it, and not just any host. */
export const isNamed = (url: URL, { hosts }: FetchRules): boolean =>
  hosts.some((pattern) => !/^\*(:\d+)?$/.test(pattern) && matches(url, pattern));

function matches(url: URL, pattern: string): boolean {
  const [, wanted = '', port] = /^(.*?)(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? [];
  const scheme = url.protocol.slice(0, -1);
  if ((url.port || DEFAULT_PORTS[scheme]) !== (port ?? DEFAULT_PORTS[scheme])) return false;
  const host = url.hostname.replace(/\.$/, '');
  if (wanted === '*') return true;
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) && host.length >= wanted.length : host === wanted;
}
