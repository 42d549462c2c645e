import { CompiledQuery, sql, type RawBuilder, type Selectable, type Updateable } from 'kysely';
import type { Value, Values } from '../model/values';
import { HELD_RESOURCE } from './dialect';
import { placesOf, prepared, statement } from './prepared';
import type { HeldColumns, ResourcesTable } from './schema';
import { decodeColumn, encodeColumn, impossible, seal, unseal, type Session } from './session';
import {
  StaleError,
  type HeldResource,
  type NewResourceRow,
  type ResourceChange,
  type ResourcePath,
  type ResourceRow,
  type Standing,
  type StoreReads,
} from './store';

type Row = Selectable<ResourcesTable>;

export async function readResource(session: Session, path: ResourcePath): Promise<ResourceRow | undefined> {
  if (impossible(path)) return undefined;
  const { rows } = await prepared<Row>(session, 'resource', { path }, (at) =>
    session.db.selectFrom('resources').selectAll().where('path', '=', at<string>('path')),
  );
  return rows[0] && resourceFromRow(session.cipher, rows[0]);
}

/** The row and who holds it, as they were at one moment: a hold seen beside an older row would be told as a conflict of its own. */
export async function readHeldResource({ db, dialect, cipher }: Session, path: ResourcePath): ReturnType<StoreReads['heldResource']> {
  if (impossible(path)) return undefined;
  // The statement of every GET: written out, so that it need not be built and compiled each time.
  const { rows } = await db.executeQuery(CompiledQuery.raw(dialect.heldResource, [path]));
  const [found] = rows as HeldRow[];
  return found && heldFromRow(cipher, found);
}

/** The same of several, in one statement, by path. */
export async function readHeldResources(
  { db, dialect, cipher }: Session,
  paths: readonly ResourcePath[],
): Promise<Map<ResourcePath, HeldResource>> {
  const { rows } = await sql<HeldRow>`${sql.raw(HELD_RESOURCE)} where ${dialect.isIn('r.path', paths)}`.execute(db);
  return new Map(rows.map((row) => [row.path, heldFromRow(cipher, row)]));
}

type HeldRow = Row & HeldColumns;

export function heldFromRow(cipher: Session['cipher'], row: HeldRow): HeldResource {
  const { holder, held_as: shows } = row;
  return { row: resourceFromRow(cipher, row), held: holder === null ? undefined : { job: holder, shows } };
}

export async function referring({ db, dialect }: Session, paths: readonly ResourcePath[]): Promise<ResourcePath[]> {
  if (paths.length === 0) return [];
  const rows = await db.selectFrom('refs').select('source').distinct().where(dialect.isIn('target', paths)).orderBy('source').execute();
  return rows.map((row) => row.source);
}

/** Reads what refers to each of these, in order of the paths. */
export async function readReferring(
  { db, dialect }: Session,
  targets: readonly ResourcePath[],
): Promise<Map<ResourcePath, ResourcePath[]>> {
  const rows = await db.selectFrom('refs').selectAll().where(dialect.isIn('target', targets)).orderBy('source').execute();
  const found = new Map<ResourcePath, ResourcePath[]>();
  for (const { source, target } of rows) found.set(target, [...(found.get(target) ?? []), source]);
  return found;
}

export async function readRetired({ db, dialect }: Session, paths: readonly ResourcePath[]): Promise<Set<ResourcePath>> {
  if (paths.length === 0) return new Set();
  const rows = await db
    .selectFrom('retired')
    .select('path')
    .where(
      dialect.isIn(
        'path',
        paths.filter((path) => !impossible(path)),
      ),
    )
    .execute();
  return new Set(rows.map((row) => row.path));
}

/** Returns the clouds of what was deleted, by path, as far as that was written down. */
export async function readRetiredClouds({ db, dialect }: Session, paths: readonly ResourcePath[]): Promise<Map<ResourcePath, string>> {
  const possible = paths.filter((path) => !impossible(path));
  if (possible.length === 0) return new Map();
  const rows = await db.selectFrom('retired').select(['path', 'cloud']).where(dialect.isIn('path', possible)).execute();
  return new Map(rows.flatMap(({ path, cloud }) => (cloud === null ? [] : [[path, cloud]])));
}

export async function readStandings({ db, dialect }: Session, paths: readonly ResourcePath[]): Promise<Map<ResourcePath, Standing>> {
  if (paths.length === 0) return new Map();
  const select = db.selectFrom('resources').select(['path', 'tenant', 'cloud', 'internal']);
  const rows = await select
    .where(
      dialect.isIn(
        'path',
        paths.filter((path) => !impossible(path)),
      ),
    )
    .execute();
  return new Map(
    rows.map(({ path, tenant, cloud, internal }) => [
      path,
      { tenant, cloud, discovered: decodeColumn<Values>(internal).discovered === true },
    ]),
  );
}

/** A new row as its table has it, but for the time of its making where the database gives that. */
export interface NewRow {
  values: Omit<Row, 'created'>;
  created: string | undefined;
}

export function newRow(cipher: Session['cipher'], given: NewResourceRow): NewRow {
  const values: Omit<Row, 'created'> = {
    path: given.path,
    type: given.type,
    tenant: given.tenant,
    cloud: given.cloud,
    provider_key: given.providerKey,
    owner: given.owner,
    state: given.state,
    updated: null,
    version: 1,
    document: encodeColumn(given.values),
    name: storableName(given.values),
    secrets: seal(cipher, given.secrets, secretsOf(given.path)),
    internal: encodeColumn(given.internal),
    event_log: given.eventLog ?? null,
    events_after: given.eventsAfter ?? null,
  };
  return { values, created: given.created === undefined ? undefined : new Date(given.created).toISOString() };
}

/** Makes the statement that inserts a row; it returns nothing where there is one of that path, or of that key. */
export function insertingRow(session: Session, { values, created }: NewRow): CompiledQuery<Pick<Row, 'created'>> {
  const known = created !== undefined;
  return statement(session, `new resource ${known}`, { ...values, created }, (at, { stamp }) =>
    session.db
      .insertInto('resources')
      .values({
        ...placesOf(at, Object.keys(values) as (keyof typeof values)[]),
        created: known ? at<string>('created') : stamp,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('created'),
  );
}

export async function insertResource(session: Session, given: NewResourceRow): Promise<ResourceRow> {
  const made = newRow(session.cipher, given);
  const { rows } = await session.db.executeQuery(insertingRow(session, made));
  const [row] = rows;
  if (!row) throw new StaleError(given.path);
  await insertRefs(session, given.path, given.values);
  return resourceFromRow(session.cipher, { ...made.values, ...row });
}

/** Columns that a change sets. */
export function changedColumns(cipher: Session['cipher'], path: ResourcePath, change: ResourceChange): Updateable<ResourcesTable> {
  const changed: Updateable<ResourcesTable> = {};
  if (change.providerKey !== undefined) changed.provider_key = change.providerKey;
  if (change.state !== undefined) changed.state = change.state;
  if (change.cloud !== undefined) changed.cloud = change.cloud;
  if (change.values !== undefined) Object.assign(changed, { document: encodeColumn(change.values), name: storableName(change.values) });
  if (change.secrets !== undefined) changed.secrets = seal(cipher, change.secrets, secretsOf(path));
  if (change.internal !== undefined) changed.internal = encodeColumn(change.internal);
  if (change.eventLog !== undefined) changed.event_log = change.eventLog;
  if (change.eventsAfter !== undefined) changed.events_after = change.eventsAfter;
  return changed;
}

/** The row as it is after a change, but for `updated`, which the database gives. */
export function changedRow(row: ResourceRow, { explicit: _explicit, eventLog, ...change }: ResourceChange): ResourceRow {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as typeof change;
  const next = { ...row, ...given, ...(eventLog === undefined ? {} : { eventLog: eventLog ?? undefined }) };
  const { values, internal } = next;
  // As it would be read again: what is undefined has no place in a column.
  return { ...next, values: asKept(values), internal: asKept(internal), version: row.version + 1 };
}

const asKept = (values: Values): Values => decodeColumn<Values>(encodeColumn(values));

export async function updateResource(
  session: Session,
  path: ResourcePath,
  version: number | undefined,
  change: ResourceChange,
): Promise<ResourceRow> {
  const { db, dialect, cipher } = session;
  const changed = changedColumns(cipher, path, change);
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
  return resourceFromRow(cipher, row);
}

/** Locks a row against deletion; whoever deletes it at this moment is waited for. @throws StaleError where it is not there */
export async function keepResource({ db, dialect }: Session, path: ResourcePath): Promise<void> {
  const { rows } = await sql`select path from resources where path = ${path} ${dialect.keeping}`.execute(db);
  if (rows.length === 0) throw new StaleError(path);
}

/**
 * Removes the row and all it owns, also where the owner itself has no row (what lives at a provider). The path of a row
 * of a cloud is remembered.
 */
export async function deleteResource({ db, dialect }: Session, path: ResourcePath): Promise<void> {
  if (impossible(path)) return;
  const gone = await db.selectFrom('resources').select('cloud').where('path', '=', path).executeTakeFirst();
  if (gone && gone.cloud !== null) {
    const insert = db.insertInto('retired').values({ path, at: dialect.stamp, cloud: gone.cloud });
    await insert.onConflict((conflict) => conflict.doNothing()).execute();
  }
  const start = sql`path = ${path} or owner = ${path}`;
  await deleteTree({ dialect, db }, start);
}

/**
 * Deletes rows and all they own. Where transactions write beside each other, one that kept an owner (keepResource) may have given it
 * something after the tree was looked at: deleting the owner has waited for that, and what came is deleted next.
 */
export async function deleteTree({ db, dialect }: Pick<Session, 'db' | 'dialect'>, start: RawBuilder<unknown>): Promise<void> {
  for (let from: RawBuilder<unknown> | undefined = start; from;) {
    const { rows }: { rows: { path: string }[] } = await db.executeQuery(deletingTree({ db, dialect }, from));
    const gone = rows.map((row) => row.path);
    from = dialect.alone || gone.length === 0 ? undefined : dialect.isIn('owner', gone);
  }
}

/** Makes the statement that deletes rows and all they own; it returns what went. */
export function deletingTree({ db }: Pick<Session, 'db' | 'dialect'>, start: RawBuilder<unknown>): CompiledQuery<{ path: string }> {
  return sql<{ path: string }>`with recursive tree(path) as (
      select path from resources where ${start}
      union select r.path from resources r join tree on r.owner = tree.path
    ) delete from resources where path in (select path from tree) returning path`.compile(db);
}

export async function insertRefs({ db }: Session, source: ResourcePath, values: Values): Promise<void> {
  const rows = targetsOf(values).map((target) => ({ source, target }));
  for (let at = 0; at < rows.length; at += 500) {
    await db
      .insertInto('refs')
      .values(rows.slice(at, at + 500))
      .execute();
  }
}

/** Paths that values refer to, at any depth. */
export function targetsOf(values: Values): string[] {
  const targets = new Set<string>();
  collectRefs(values, targets);
  return [...targets];
}

function collectRefs(value: Value | Values | undefined, into: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if ('href' in value && typeof value.href === 'string' && !impossible(value.href)) into.add(value.href);
  for (const part of Object.values(value)) collectRefs(part as Value | undefined, into);
}

export function resourceFromRow(cipher: Session['cipher'], row: Row): ResourceRow {
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
    values: decodeColumn(row.document),
    secrets: unseal<Values>(cipher, row.secrets, secretsOf(row.path)),
    internal: decodeColumn(row.internal),
    ...(row.event_log === null ? {} : { eventLog: row.event_log }),
    ...(row.events_after === null ? {} : { eventsAfter: row.events_after }),
  };
}

/** The name as lists are narrowed by it; none for what no column can hold. */
export function storableName({ name }: Values): string | null {
  return typeof name === 'string' && !impossible(name) ? name : null;
}

const secretsOf = (path: ResourcePath): string => `resources/${path}/secrets`;
