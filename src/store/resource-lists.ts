import { sql, type Selectable, type SelectQueryBuilder } from 'kysely';
import type { ListPlace, PlaceQuery } from './listing';
import { narrowed, type Listed } from './narrow';
import { prepared } from './prepared';
import { resourceFromRow } from './resources';
import type { ResourcesTable, Tables } from './schema';
import { oneOf, type Session } from './session';
import type { ResourceQuery, ResourceRow } from './store';

/** Lists of stored resources, narrowed and ordered by the database. */

const RESOURCES: Listed = {
  key: 'path',
  prefix: '',
  document: 'document',
  fields: { path: sql.ref('path'), name: sql.ref('name'), created: sql.ref('created'), updated: sql.ref('updated') },
};

export async function readResources(session: Session, query: ResourceQuery): Promise<ResourceRow[]> {
  const { type, cloud, providerKeys: [key, ...others] = [], ...more } = query;
  if (key !== undefined && others.length === 0 && typeof cloud === 'string' && Object.keys(more).length === 0)
    return readKeyed(session, { type, cloud, key });
  const { where, order } = narrowed(session.dialect, RESOURCES, query);
  let select = matching(session, session.db.selectFrom('resources'), query).where(where).selectAll();
  for (const by of order) select = select.orderBy(by);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return (await select.execute()).map((row) => resourceFromRow(session.cipher, row));
}

/** Reads what is one thing of a provider's: at most one row, which every look at a discovered thing asks for. */
async function readKeyed(session: Session, of: { type: string; cloud: string; key: string }): Promise<ResourceRow[]> {
  const { rows } = await prepared<Selectable<ResourcesTable>>(session, 'keyed', of, (at) =>
    session.db
      .selectFrom('resources')
      .selectAll()
      .where('type', '=', at<string>('type'))
      .where('cloud', '=', at<string>('cloud'))
      .where('provider_key', '=', at<string>('key')),
  );
  return rows.map((row) => resourceFromRow(session.cipher, row));
}

export async function countResources(session: Session, query: ResourceQuery): Promise<number> {
  const { where } = narrowed(session.dialect, RESOURCES, query);
  const counted = matching(session, session.db.selectFrom('resources'), query).where(where);
  return (await counted.select(({ fn }) => fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n;
}

export async function resourcePlace(session: Session, query: ResourceQuery & PlaceQuery): Promise<ListPlace | undefined> {
  const { where, order } = narrowed(session.dialect, RESOURCES, query, query.fromEnd);
  let select = matching(session, session.db.selectFrom('resources'), query).where(where).select(['created', 'path']);
  for (const by of order) select = select.orderBy(by);
  return select.offset(query.offset).limit(1).executeTakeFirst();
}

function matching<O>({ dialect }: Session, select: SelectQueryBuilder<Tables, 'resources', O>, query: ResourceQuery) {
  let chosen = select.where('type', '=', query.type);
  if (query.tenants) chosen = chosen.where(oneOf(dialect, 'tenant', query.tenants));
  if (query.cloud !== undefined)
    chosen = query.cloud === null ? chosen.where('cloud', 'is', null) : chosen.where('cloud', '=', query.cloud);
  if (query.owner !== undefined)
    chosen = query.owner === null ? chosen.where('owner', 'is', null) : chosen.where('owner', '=', query.owner);
  if (query.owners) chosen = chosen.where(oneOf(dialect, 'owner', query.owners));
  if (query.providerKeys) chosen = chosen.where(oneOf(dialect, 'provider_key', query.providerKeys));
  if (query.paths) chosen = chosen.where(oneOf(dialect, 'path', query.paths));
  return chosen;
}
