import type { FetchProblem } from './problem';

/** What may be fetched on behalf of a request, as the section `fetch` of the configuration says. */
export interface FetchRules {
  /** Hosts, `*.domain` for all below a domain, `*` for all; with `:port` where it is not the scheme's own. None: nothing is fetched. */
  hosts: readonly string[];
  schemes: readonly ('https' | 'http')[];
  /** Subnets allowed although they are not the public internet. */
  addresses: readonly string[];
  /** Redirects followed at most. */
  redirects: number;
  /** Most bytes of one thing. */
  maxBytes: number;
  /** For one thing as a whole, ms. */
  deadlineMs: number;
  /** Longest silence of the other side, ms. */
  idleMs: number;
  /** Most things fetched at once by one process. */
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

/** What a URL is called in words: without what could be secret (user, path, query). */
export const hostOf = (url: URL): string => url.host;

/**
 * Reads a URI of a request and holds it against the rules that need no network.
 * @param from where a redirect comes from.
 * @returns the URL without its fragment, or why it cannot be fetched.
 */
export function checkUri(text: string, rules: FetchRules, from?: URL): URL | FetchProblem {
  if (rules.hosts.length === 0) {
    return { kind: 'off', words: 'nothing is fetched from other places here; whoever runs the gateway allows hosts by fetch.hosts' };
  }
  if (!URL.canParse(text, from?.href)) return { kind: 'invalid', words: from ? 'the redirect is no URI' : 'this is no absolute URI' };
  const url = new URL(text, from?.href);
  url.hash = '';
  const scheme = url.protocol.slice(0, -1);
  if (!rules.schemes.some((allowed) => allowed === scheme))
    return { kind: 'scheme', words: `nothing is fetched by ${scheme}; allowed by fetch.schemes: ${rules.schemes.join(', ')}` };
  if (from?.protocol === 'https:' && scheme !== 'https')
    return { kind: 'scheme', words: `${hostOf(from)} redirects from https to ${scheme}` };
  if (url.username !== '' || url.password !== '')
    return { kind: 'invalid', words: from ? 'the redirect carries a user or a password' : 'the URI must carry no user and no password' };
  if (!rules.hosts.some((pattern) => matches(url, pattern)))
    return { kind: 'host', words: `nothing is fetched from ${hostOf(url)}: it is not among the hosts allowed by fetch.hosts` };
  return url;
}

/** Whether a rule names this very host or the domain above it, and not just any host. */
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
