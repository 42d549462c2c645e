import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { ListPlace, PlaceQuery } from './listing';
import { narrowed, type Listed } from './narrow';
import { prepared } from './prepared';
import { heldFromRow, resourceFromRow } from './resources';
import type { ResourcesTable } from './schema';
import { oneOf, type Session } from './session';
import type { HeldResource, ResourceQuery, ResourceRow } from './store';

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
  let select = session.db.selectFrom('resources').where(matching(session, query)).where(where).selectAll();
  for (const by of order) select = select.orderBy(by);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return (await select.execute()).map((row) => resourceFromRow(session.cipher, row));
}

/** Reads the same rows with the holds on them, in one statement: none is older than its hold, nor the hold than it. */
export async function readHeldList(session: Session, query: ResourceQuery): Promise<HeldResource[]> {
  const { where, order } = narrowed(session.dialect, RESOURCES, query);
  let select = session.db
    .selectFrom(session.dialect.heldResources.as('resources'))
    .where(matching(session, query))
    .where(where)
    .selectAll();
  for (const by of order) select = select.orderBy(by);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return (await select.execute()).map((row) => heldFromRow(session.cipher, row));
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
  const counted = session.db.selectFrom('resources').where(matching(session, query)).where(where);
  return (await counted.select(({ fn }) => fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n;
}

export async function resourcePlace(session: Session, query: ResourceQuery & PlaceQuery): Promise<ListPlace | undefined> {
  const { where, order } = narrowed(session.dialect, RESOURCES, query, query.fromEnd);
  let select = session.db.selectFrom('resources').where(matching(session, query)).where(where).select(['created', 'path']);
  for (const by of order) select = select.orderBy(by);
  return select.offset(query.offset).limit(1).executeTakeFirst();
}

/** Condition of a query on the columns of `resources`. */
function matching({ dialect }: Session, query: ResourceQuery): RawBuilder<boolean> {
  const { tenants, cloud, owner, owners, providerKeys, paths } = query;
  const among = (column: string, values: readonly string[] | undefined) => (values ? [oneOf(dialect, column, values)] : []);
  const is = (column: string, value: string | null | undefined) => {
    if (value === undefined) return [];
    return [value === null ? sql<boolean>`${sql.ref(column)} is null` : sql<boolean>`${sql.ref(column)} = ${value}`];
  };
  const terms = [
    ...is('type', query.type),
    ...among('tenant', tenants),
    ...is('cloud', cloud),
    ...is('owner', owner),
    ...among('owner', owners),
    ...among('provider_key', providerKeys),
    ...among('path', paths),
  ];
  return sql<boolean>`${sql.join(terms, sql` and `)}`;
}
