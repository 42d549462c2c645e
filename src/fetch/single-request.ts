import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { Ways } from '../net/dispatcher';
import type { ProxyFor } from '../net/proxies';
import type { AddressCheck } from './addresses';
import { FetchBroken, problemOf } from './problem';
import { hostOf } from './rules';
import { createLimit } from '../threads/limit';

export interface ResolvedAddress {
  address: string;
  family: number;
}
/** Every address of a host name. */
export type ResolveHost = (host: string) => Promise<readonly ResolvedAddress[]>;

/** Lookups of names, two at a time: a name that takes long holds a thread of libuv's pool, which other names need as well. */
const lookups = createLimit(2, Number.POSITIVE_INFINITY, 'too many names are being looked up');

/** The system's own resolution (hosts file, DNS). */
export const systemResolve: ResolveHost = (host) => lookups(() => lookup(host, { all: true }));

export interface SingleRequestOptions {
  allows: AddressCheck;
  resolve: ResolveHost;
  proxyFor: ProxyFor;
  /** Tells whether the configuration names this very host (or the domain above it). */
  named: (url: URL) => boolean;
  idleMs: number;
  signal: AbortSignal;
  /** Further headers of a GET. */
  ask?: Readonly<Record<string, string>>;
  /** Body that is sent there, with its headers; absent: a GET. */
  send?: { method: 'POST' | 'PUT'; headers: Readonly<Record<string, string>>; body: string | AsyncIterable<Uint8Array> };
}

/** An answer whose bytes are still to come; `end` closes the connection. */
export interface PendingAnswer {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  body: AsyncIterable<Uint8Array>;
  end(): void;
}

/** Rejects when the signal is aborted, however long the work goes on. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('stopped'));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

/** The addresses of a URL's host, all of which may be connected to. @throws FetchBroken where one may not. */
async function addressesOf(url: URL, { allows, resolve, signal }: SingleRequestOptions): Promise<readonly ResolvedAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  const addresses = family === 0 ? await within(signal, resolve(host)) : [{ address: host, family }];
  if (addresses.length === 0) throw new FetchBroken({ kind: 'unreachable', message: `${hostOf(url)} has no address` });
  // One forbidden address among others is an attempt, or a mistake: which one gets connected to must not be chance.
  if (!addresses.every(({ address }) => allows(address)))
    throw new FetchBroken({ kind: 'address', message: `${hostOf(url)} is at an address that nothing may be fetched from` });
  return addresses;
}

/**
 * The addresses to connect to; none where a proxy does that. What a proxy finds under a name cannot be known here: a name
 * that is known here is judged by its addresses all the same, and one that is not must be named by the configuration.
 * @throws FetchBroken where it may not be connected to
 */
async function pins(url: URL, options: SingleRequestOptions): Promise<readonly ResolvedAddress[] | undefined> {
  if (!options.proxyFor(url)) return addressesOf(url, options);
  try {
    await addressesOf(url, options);
  } catch (error) {
    if (error instanceof FetchBroken || options.signal.aborted || !options.named(url)) throw error;
  }
  return undefined;
}

/** Answers with what was checked, whatever a name server says by now. */
function pinned(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/**
 * Sends one request to one host, on a connection of its own to the addresses checked or to a proxy; follows nothing, unpacks nothing.
 * @throws FetchBroken with the problem, also while the bytes come.
 */
export async function singleRequest(url: URL, options: SingleRequestOptions): Promise<PendingAnswer> {
  const { idleMs, signal, send, ask } = options;
  let agent: Ways | undefined;
  try {
    const addresses = await pins(url, options);
    agent = new Ways({
      proxyFor: options.proxyFor,
      connect: { timeout: idleMs, ...(addresses ? { lookup: pinned(addresses) } : {}) },
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
      maxHeaderSize: 16_384,
    });
    const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'cimi-gateway' };
    const outgoing = typeof send?.body === 'object' ? Readable.from(send.body, { objectMode: false }) : (send?.body ?? null);
    const sent = send
      ? { method: send.method, headers: { ...headers, ...send.headers }, body: outgoing }
      : { headers: { ...headers, ...ask } };
    const { statusCode, headers: answered, body } = await request(url, { dispatcher: agent, signal, ...sent });
    return { status: statusCode, headers: answered, body, end: ender(agent, body) };
  } catch (error) {
    if (agent) close(agent);
    throw new FetchBroken(problemOf(error, hostOf(url), idleMs));
  }
}

/** Closes a connection whose bytes may not all have been taken: they break off, which nobody waits for any more. */
function ender(agent: Ways, body: Dispatcher.ResponseData['body']): () => void {
  return () => {
    body.once('error', () => close(agent));
    body.destroy();
    close(agent);
  };
}

function close(agent: Ways): void {
  void agent.destroy();
}
