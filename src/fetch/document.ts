import { createFetcher, isProblem } from './fetcher';
import { FetchBroken } from './problem';
import type { FetchRules } from './rules';
import type { ResolveHost } from './single-request';

/** Bytes of the longest document, and the time that one may take, in ms. */
const MAX_BYTES = 512 * 1024;
const DEADLINE_MS = 5_000;

/** Way to a place of the configuration's: the subnets that it may come from beside the public internet. */
export interface DocumentRules {
  addresses: readonly string[];
}

/** Fetches one document whole. Errors are values, in words without its content. */
export type FetchDocument = (uri: string, rules: DocumentRules) => Promise<{ bytes: Uint8Array } | { message: string }>;

/**
 * The way to read a small document at a place that the configuration names, never a request: one host, one scheme, no redirects, and
 * else by the rules that hold for fetching.
 */
export function createDocumentFetcher(rules: Pick<FetchRules, 'proxy'>, signal: AbortSignal, resolve?: ResolveHost): FetchDocument {
  return async (uri, { addresses }) => {
    const url = new URL(uri);
    const fetcher = createFetcher(rulesFor(url, addresses, rules), resolve);
    const opened = await fetcher.open(uri, { signal });
    if (isProblem(opened)) return { message: wordsOf(opened, url) };
    const parts: Uint8Array[] = [];
    try {
      for await (const part of opened.bytes()) parts.push(part);
      return { bytes: Buffer.concat(parts) };
    } catch (error) {
      if (error instanceof FetchBroken) return { message: wordsOf(error.problem, url) };
      throw error;
    } finally {
      opened.close();
    }
  };
}

/** Makes the rules for one place that the configuration names: its host, its scheme, no redirects, and little time and size. */
export function rulesFor({ host, protocol }: URL, addresses: readonly string[], { proxy }: Pick<FetchRules, 'proxy'>): FetchRules {
  const bounds = { redirects: 0, maxBytes: MAX_BYTES, deadlineMs: DEADLINE_MS, idleMs: DEADLINE_MS, concurrency: 1 };
  return { hosts: [host], schemes: [protocol === 'http:' ? 'http' : 'https'], addresses, proxy, ...bounds };
}

/** Words for a problem; the bounds here are none of the section `fetch`. */
function wordsOf({ kind, message }: { kind: string; message: string }, { host }: URL): string {
  if (kind === 'size') return `${host} sends more than ${MAX_BYTES} bytes`;
  return kind === 'redirects' ? `${host} redirects` : message;
}
