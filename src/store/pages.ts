import { giveWay } from '../model/turns';
import type { ResourceQuery, ResourceRow, StoreReads } from './store';

/** Rows in memory at once. */
const PAGE = 500;

/** All rows that match, a page at a time; others have their turn between. */
export async function* pagesOf(store: StoreReads, query: Omit<ResourceQuery, 'after' | 'limit'>): AsyncGenerator<readonly ResourceRow[]> {
  for (let after: ResourceQuery['after']; ;) {
    const rows = await store.resources({ ...query, after, limit: PAGE });
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = { created: last.created, path: last.path };
    await giveWay();
  }
}
