import type { Routed } from './router';
import type { View } from './view';
import { steadyTime } from '../model/steady-time';

/** A list as it was put together, filtered and ordered. */
export interface Ordered {
  views: readonly View[];
  unavailable: readonly { cloud: string; message: string }[];
}

/** Lists kept at once; the oldest gives way. */
const MAX_LISTS = 32;

/**
 * Keeps lists that are being read window by window for the cache age, so that successive `$first`/`$last` windows of
 * one caller see one list. Only windows that begin after the first item use it: a list read from its beginning is
 * always put together anew.
 */
export class Windows {
  private readonly kept = new Map<string, { at: number; list: Ordered }>();

  /** @param cacheMs how long a list is kept, in ms. */
  constructor(private readonly cacheMs: number) {}

  earlier(key: string, first: number | undefined): Ordered | undefined {
    if (first === undefined || first <= 1) return undefined;
    const known = this.kept.get(key);
    return known && steadyTime() - known.at <= this.cacheMs ? known.list : undefined;
  }

  keep(key: string, list: Ordered): void {
    this.kept.delete(key);
    this.kept.set(key, { at: steadyTime(), list });
    const [eldest] = this.kept.keys();
    if (this.kept.size > MAX_LISTS && eldest !== undefined) this.kept.delete(eldest);
  }
}

/** Returns the key of one caller's list: collection, cloud, filters and order. */
export function windowKey({ protocol, principal, cloudKey, path, request }: Routed): string {
  const shaping = request.query.filter(([name]) => name === '$filter' || name === '$orderby');
  const { rights } = protocol.policy;
  const own = rights ? [rights.key, principal.name] : [];
  return JSON.stringify([principal.tenant, principal.role, cloudKey ?? '', path, shaping, ...own]);
}
