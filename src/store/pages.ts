import { giveWay } from '../model/turns';
import type { HeldResource, ResourceQuery, ResourceRow, StoreReads } from './store';

/** Rows in memory at once. */
const PAGE = 500;

type Query = Omit<ResourceQuery, 'after' | 'limit'>;

/** All rows that match, a page at a time; others have their turn between. */
export function pagesOf(store: StoreReads, query: Query): AsyncGenerator<readonly ResourceRow[]> {
  return paged(store.resources, (row) => row, query);
}

/** The same rows with the holds on them, those of a page as of one moment. */
export function heldPagesOf(store: StoreReads, query: Query): AsyncGenerator<readonly HeldResource[]> {
  return paged(store.heldResources, ({ row }) => row, query);
}

async function* paged<R>(
  read: (query: ResourceQuery) => Promise<readonly R[]>,
  rowOf: (read: R) => ResourceRow,
  query: Query,
): AsyncGenerator<readonly R[]> {
  for (let after: ResourceQuery['after']; ;) {
    const page = await read({ ...query, after, limit: PAGE });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (page.length < PAGE || !last) return;
    const { created, path } = rowOf(last);
    after = { created, path };
    await giveWay();
  }
}
