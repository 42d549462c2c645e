import { sql, type Selectable } from 'kysely';
import { deleteTree, resourceFromRow, insertRefs, storableName } from './resources';
import { prepared } from './prepared';
import type { ResourcesTable, RetiredTable } from './schema';
import { decodeColumn, encodeColumn, impossible, type Session } from './session';
import type { ResourcePath, ResourceRow, RetiredQuery } from './store';

/** Copies of rows that were deleted because a read found their thing gone: all of them, the thing's own first. */

type Row = Selectable<ResourcesTable>;

/** Rows that were taken away by a reading, as they were. */
export async function readTakenAway(session: Session, query: RetiredQuery): Promise<ResourceRow[]> {
  const { db, dialect, cipher } = session;
  const { type, cloud } = query;
  const [paths, providerKeys] = [query.paths, query.providerKeys].map((texts) => texts?.filter((text) => !impossible(text)));
  const values = { type, cloud, paths: paths && dialect.list(paths), keys: providerKeys && dialect.list(providerKeys) };
  const asked = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const { rows } = await prepared<Pick<RetiredTable, 'remains'>>(session, `taken away ${asked.join(' ')}`, values, (at) => {
    let select = db.selectFrom('retired').select('remains').where('remains', 'is not', null);
    if (paths) select = select.where(dialect.isListed('path', at('paths')));
    if (type !== undefined) select = select.where('type', '=', at<string>('type'));
    if (cloud !== undefined) select = select.where('cloud', '=', at<string>('cloud'));
    if (providerKeys) select = select.where(dialect.isListed('provider_key', at('keys')));
    return select.orderBy('path');
  });
  return rows.flatMap(({ remains }) => {
    const [own] = decodeColumn<Row[]>(remains ?? '[]');
    return own ? [resourceFromRow(cipher, own)] : [];
  });
}

/**
 * Takes a row away with all it owns, and these others with theirs, and keeps all of them.
 * @param version the one that it has to have; any, if absent
 * @returns whether there was such a row: of several that take it away at once, one does
 */
export async function takeAway(session: Session, path: ResourcePath, others: readonly ResourcePath[], version?: number): Promise<boolean> {
  const { db, dialect } = session;
  const wanted = version === undefined ? sql`` : sql`and version = ${version}`;
  const locked = await sql`select path from resources where path = ${path} ${wanted} ${dialect.locking}`.execute(db);
  if (locked.rows.length === 0) return false;
  const start = sql`${dialect.isIn('path', [path, ...others])} or owner = ${path}`;
  const tree = sql`with recursive tree(path) as (
      select path from resources where ${start}
      union select r.path from resources r join tree on r.owner = tree.path
    )`;
  const { rows } = await sql<Row>`${tree} select * from resources where path in (select path from tree)`.execute(db);
  const own = rows.find((row) => row.path === path);
  if (!own) return false;
  const remains = encodeColumn([own, ...rows.filter((row) => row !== own)]);
  const { type, cloud, provider_key } = own;
  await db.deleteFrom('retired').where('path', '=', path).execute();
  await db.insertInto('retired').values({ path, at: dialect.stamp, type, cloud, provider_key, remains }).execute();
  await deleteTree(session, start);
  return true;
}

/**
 * Brings back what was taken away, under the same paths; associations only with what still has their other end.
 * @param providerKey the key under which the provider has the thing now
 * @returns undefined where nothing was taken away, or where another row has the thing meanwhile
 */
export async function bringBack(session: Session, path: ResourcePath, providerKey: string): Promise<ResourceRow | undefined> {
  const { db, dialect, cipher } = session;
  if (impossible(path)) return undefined;
  const kept = await db.selectFrom('retired').select('remains').where('path', '=', path).executeTakeFirst();
  const rows = decodeColumn<Row[]>(kept?.remains ?? '[]');
  const [own] = rows;
  if (!own) return undefined;
  const back: Row[] = [{ ...own, provider_key: providerKey, version: own.version + 1 }];
  const paths = new Set(rows.map((row) => row.path));
  const elsewhere = rows.flatMap(({ owner }) => (owner !== null && !paths.has(owner) ? [owner] : []));
  const owners = await db.selectFrom('resources').select('path').where(dialect.isIn('path', elsewhere)).execute();
  const there = new Set([...paths, ...owners.map((row) => row.path)]);
  for (const row of rows.slice(1)) if (row.owner === null || there.has(row.owner)) back.push(row);
  for (const row of back) {
    // Rows that were taken away before names had a column have none there.
    const insert = db.insertInto('resources').values({ ...row, name: storableName(decodeColumn(row.document)) });
    const inserted = await insert
      .onConflict((conflict) => conflict.doNothing())
      .returning('path')
      .executeTakeFirst();
    if (inserted) await insertRefs(session, row.path, decodeColumn(row.document));
    else if (row.path === path) return undefined;
  }
  await db.deleteFrom('retired').where('path', '=', path).execute();
  return resourceFromRow(cipher, { ...own, provider_key: providerKey, version: own.version + 1 });
}
