import type { ResourceHandler } from '../operations/resource-handler';
import { pagesOf } from '../store/pages';
import type { ResourceRow } from '../store/store';
import type { Parts } from './merge';
import { tooMany, type ListScope, type ReadableFound, type Reading, type ReadStrategy } from './reading';
import { showRow } from './row-item';
import { steadyTime } from '../model/steady-time';

/** Resources that are rows of the gateway's own and live in no cloud. */
export const ownRows: ReadStrategy = {
  async one(reading, { path, handler, owner }, options) {
    const known = await reading.context.store.heldResource(path);
    return known && showRow(reading, known, { handler, owner }, options);
  },
};

/** Lists those rows that match, page by page. @throws Refusal 503 above the configured number of items */
export async function listOwnRows(reading: Reading, handler: ResourceHandler, scope: ListScope): Promise<ReadableFound[]> {
  const { store, maxItems, policy } = reading.context;
  const { matches } = scope;
  const query = {
    type: handler.type,
    tenants: policy.rowsOf(reading.tenant),
    where: scope.where,
    ...(scope.owner === undefined ? {} : { owner: scope.owner }),
    ...(handler.group ? { cloud: null } : {}),
  };
  const founds: ReadableFound[] = [];
  for await (const rows of pagesOf(store, query)) {
    const shown = await showRows(reading, handler, rows);
    founds.push(...(matches ? shown.filter(({ path, values }) => matches({ id: path, ...values })) : shown));
    if (founds.length > maxItems) throw tooMany(founds.length, maxItems);
  }
  return founds;
}

/** Shows rows of no cloud as resources, each in its row's place. */
export async function showRows(
  reading: Reading,
  handler: ResourceHandler,
  rows: readonly ResourceRow[],
): Promise<readonly ReadableFound[]> {
  const seen = reading.sight?.hides ? await reading.sight.rows(rows) : rows;
  const holds = await reading.context.store.holds(seen.map(({ path }) => path));
  const founds = seen.flatMap((row) => showRowAlone(reading, row, holds.get(row.path)) ?? []);
  return handler.enrich ? handler.enrich(founds, reading.lookups) : founds;
}

/** Shows a row that stands in no cloud as a resource. */
export function showRowAlone(reading: Reading, row: ResourceRow, held: Parts['held'], owner?: ReadableFound): ReadableFound | undefined {
  const { path, type, tenant } = row;
  return reading.show({ path, type, tenant, cloud: null, row, item: undefined, held, at: steadyTime() }, () => undefined, owner);
}
