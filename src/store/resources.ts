import { CompiledQuery, sql, type Insertable, type Selectable, type SelectQueryBuilder, type Updateable } from 'kysely';
import type { Value, Values } from '../model/values';
import type { ResourcesTable, Tables } from './schema';
import { decode, encode, impossible, seal, unseal, type Session } from './session';
import {
  StaleError,
  type NewResourceRow,
  type ResourceChange,
  type ResourcePath,
  type ResourceQuery,
  type ResourceRow,
  type StoreReads,
} from './store';

type Row = Selectable<ResourcesTable>;

export async function readResource({ db, cipher }: Session, path: ResourcePath): Promise<ResourceRow | undefined> {
  if (impossible(path)) return undefined;
  const row = await db.selectFrom('resources').selectAll().where('path', '=', path).executeTakeFirst();
  return row && fromRow(cipher, row);
}

/** The row and who holds it, as they were at one moment: a hold seen beside an older row would be told as a conflict of its own. */
export async function readHeldResource({ db, dialect, cipher }: Session, path: ResourcePath): ReturnType<StoreReads['heldResource']> {
  if (impossible(path)) return undefined;
  // The statement of every GET: written out, so that it need not be built and compiled each time.
  const { rows } = await db.executeQuery(CompiledQuery.raw(dialect.heldResource, [path]));
  const [found] = rows as (Row & { holder: string | null; held_as: string | null })[];
  if (!found) return undefined;
  const { holder, held_as: shows, ...row } = found;
  return { row: fromRow(cipher, row), held: holder === null ? undefined : { job: holder, shows } };
}

export async function readResources(session: Session, query: ResourceQuery): Promise<ResourceRow[]> {
  let select = matching(session, session.db.selectFrom('resources'), query).selectAll().orderBy('created').orderBy('path');
  if (query.after) select = select.where(sql<boolean>`(created, path) > (${query.after.created}, ${query.after.path})`);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return (await select.execute()).map((row) => fromRow(session.cipher, row));
}

export async function countResources(session: Session, query: Omit<ResourceQuery, 'after' | 'limit'>): Promise<number> {
  const counted = matching(session, session.db.selectFrom('resources'), query).select(({ fn }) => fn.countAll<number>().as('n'));
  return (await counted.executeTakeFirstOrThrow()).n;
}

function matching<O>({ dialect }: Session, select: SelectQueryBuilder<Tables, 'resources', O>, query: ResourceQuery) {
  let narrowed = select.where('type', '=', query.type);
  if (query.tenants) narrowed = narrowed.where(dialect.isIn('tenant', query.tenants));
  if (query.cloud !== undefined)
    narrowed = query.cloud === null ? narrowed.where('cloud', 'is', null) : narrowed.where('cloud', '=', query.cloud);
  if (query.owner !== undefined)
    narrowed = query.owner === null ? narrowed.where('owner', 'is', null) : narrowed.where('owner', '=', query.owner);
  if (query.owners) narrowed = narrowed.where(dialect.isIn('owner', query.owners));
  if (query.providerKeys) narrowed = narrowed.where(dialect.isIn('provider_key', query.providerKeys));
  return narrowed;
}

export async function referring({ db, dialect }: Session, paths: readonly ResourcePath[]): Promise<ResourcePath[]> {
  if (paths.length === 0) return [];
  const rows = await db.selectFrom('refs').select('source').distinct().where(dialect.isIn('target', paths)).orderBy('source').execute();
  return rows.map((row) => row.source);
}

export async function readRetired({ db, dialect }: Session, paths: readonly ResourcePath[]): Promise<Set<ResourcePath>> {
  if (paths.length === 0) return new Set();
  const rows = await db.selectFrom('retired').select('path').where(dialect.isIn('path', paths)).execute();
  return new Set(rows.map((row) => row.path));
}

export async function insertResource(session: Session, given: NewResourceRow): Promise<ResourceRow> {
  const { db, dialect, cipher } = session;
  const created = given.created === undefined ? dialect.stamp : new Date(given.created).toISOString();
  const values: Omit<Insertable<ResourcesTable>, 'created'> = {
    path: given.path,
    type: given.type,
    tenant: given.tenant,
    cloud: given.cloud,
    provider_key: given.providerKey,
    owner: given.owner,
    state: given.state,
    updated: null,
    version: 1,
    document: encode(given.values),
    secrets: seal(cipher, given.secrets, secretsOf(given.path)),
    internal: encode(given.internal),
  };
  const insert = db.insertInto('resources').values({ ...values, created });
  const row = await insert
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) throw new StaleError(given.path);
  await insertRefs(session, given.path, given.values);
  return fromRow(cipher, row);
}

export async function updateResource(
  session: Session,
  path: ResourcePath,
  version: number | undefined,
  change: ResourceChange,
): Promise<ResourceRow> {
  const { db, dialect, cipher } = session;
  const changed: Updateable<ResourcesTable> = {};
  if (change.providerKey !== undefined) changed.provider_key = change.providerKey;
  if (change.state !== undefined) changed.state = change.state;
  if (change.cloud !== undefined) changed.cloud = change.cloud;
  if (change.values !== undefined) changed.document = encode(change.values);
  if (change.secrets !== undefined) changed.secrets = seal(cipher, change.secrets, secretsOf(path));
  if (change.internal !== undefined) changed.internal = encode(change.internal);
  const update = db
    .updateTable('resources')
    .set({ ...changed, version: sql<number>`version + 1`, ...(change.explicit ? { updated: dialect.stamp } : {}) })
    .where('path', '=', path)
    .$if(version !== undefined, (builder) => builder.where('version', '=', version ?? 0))
    .returningAll();
  const row = await update.executeTakeFirst().catch((error: unknown) => {
    // Another row took the provider key first.
    throw dialect.isDuplicate(error) ? Object.assign(new StaleError(path), { cause: error }) : error;
  });
  if (!row) throw new StaleError(path);
  if (change.values !== undefined) {
    await db.deleteFrom('refs').where('source', '=', path).execute();
    await insertRefs(session, path, change.values);
  }
  return fromRow(cipher, row);
}

/**
 * Removes the row and all it owns, also where the owner itself has no row (what lives at a provider). The path of a row
 * of a cloud is remembered.
 */
export async function deleteResource({ db, dialect }: Session, path: ResourcePath): Promise<void> {
  if (impossible(path)) return;
  const gone = await db.selectFrom('resources').select('cloud').where('path', '=', path).executeTakeFirst();
  if (gone && gone.cloud !== null) {
    const insert = db.insertInto('retired').values({ path, at: dialect.stamp });
    await insert.onConflict((conflict) => conflict.doNothing()).execute();
  }
  await sql`with recursive tree(path) as (
      select path from resources where path = ${path} or owner = ${path}
      union select r.path from resources r join tree on r.owner = tree.path
    ) delete from resources where path in (select path from tree)`.execute(db);
}

export async function insertRefs({ db }: Session, source: ResourcePath, values: Values): Promise<void> {
  const targets = new Set<string>();
  collectRefs(values, targets);
  const rows = [...targets].map((target) => ({ source, target }));
  for (let at = 0; at < rows.length; at += 500) {
    await db
      .insertInto('refs')
      .values(rows.slice(at, at + 500))
      .execute();
  }
}

function collectRefs(value: Value | Values | undefined, into: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if ('href' in value && typeof value.href === 'string' && !impossible(value.href)) into.add(value.href);
  for (const part of Object.values(value)) collectRefs(part as Value | undefined, into);
}

export function fromRow(cipher: Session['cipher'], row: Row): ResourceRow {
  return {
    path: row.path,
    type: row.type,
    tenant: row.tenant,
    cloud: row.cloud,
    providerKey: row.provider_key,
    owner: row.owner,
    state: row.state,
    created: row.created,
    updated: row.updated,
    version: row.version,
    values: decode(row.document),
    secrets: unseal<Values>(cipher, row.secrets, secretsOf(row.path)),
    internal: decode(row.internal),
  };
}

const secretsOf = (path: ResourcePath): string => `resources/${path}/secrets`;
