import type { Query } from '../query/query';
import type { Part } from '../reader/stored-list';
import type { Routed } from './router';
import type { View } from './view';

/** Part of a list, with headers that tell of a wait. */
export type AwaitedPart = Part<View> & { headers?: Record<string, string> };

/**
 * Reads a part of a list. Where it can be watched, nothing is in its window and the client prefers to wait (`Prefer: wait`), it is
 * read again once something has happened: a client that knows so many events asks for what is after them.
 */
export async function partWithNews(routed: Routed, query: Query, read: () => Promise<Part<View>>): Promise<AwaitedPart> {
  const { protocol, location, request, principal } = routed;
  const { watch, waiting } = protocol;
  if (location.collection?.watched !== true) return read();
  let seen = await watch.count(principal.tenant);
  const first = await read();
  if (!isBare(first, query)) return first;
  const waited = await waiting.untilThere(request, async () => {
    const count = await watch.count(principal.tenant);
    if (count === seen) return undefined;
    seen = count;
    const part = await read();
    return isBare(part, query) ? undefined : part;
  });
  return waited ? { ...(waited.found ?? (await read())), headers: { ...waited.headers } } : first;
}

/** Tells whether nothing is in the window. */
function isBare({ count }: Part<View>, { first }: Query): boolean {
  return count < (first ?? 1);
}
