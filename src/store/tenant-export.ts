import { sql, type RawBuilder } from 'kysely';
import { fileHeader, rowsOfTable } from './backup';
import { writeBackup, type BackupRow, type Counts } from './backup-file';
import type { Cipher } from './cipher';
import type { ResourcesTable, RetiredTable } from './schema';
import { decodeColumn, type Session } from './session';
import { newSealing, secretsPlace, TENANT_FILE, TENANT_TABLES, type TenantHeader, type TenantTable } from './tenant-file';

export interface TenantExport {
  tenant: string;
  /** Version of this program. */
  version: string;
  /** Drivers of the configured clouds, by key. */
  drivers: Readonly<Record<string, string>>;
  /** Tells whether the protocol has a type. */
  hasType: (type: string) => boolean;
  /** Passphrase that secrets are sealed with; absent: they are left out, and so is what is nothing without them. */
  passphrase?: string | undefined;
}

/** Names that are told of one kind. */
const MOST_NAMES = 1_000;
const FEW = 5;
/** Rows that are read at once. */
const SOME = 500;

/**
 * Writes what is stored of a tenant at one moment, while others go on reading and writing.
 * @param session with the keys of the store, of which nothing else uses the connection
 * @throws Error in words where there is nothing of it, or Jobs of it have not ended
 */
export async function exportTenant(session: Session, file: string, what: TenantExport): Promise<{ header: TenantHeader; rows: Counts }> {
  return session.db.connection().execute(async (db) => {
    await session.dialect.snapshot.execute(db);
    const here = { ...session, db };
    try {
      const beginning = await fileHeader(here, what.version, TENANT_FILE.noun);
      const sealing = what.passphrase === undefined ? undefined : newSealing(what.passphrase);
      await assertExportable(here, what.tenant);
      const { without, left } = await leftOut(here, what, sealing !== undefined);
      const header: TenantHeader = {
        ...{ format: TENANT_FILE.format, ...beginning, tenant: what.tenant },
        ...{ clouds: await cloudsOf(here, what), left, sealed: sealing?.sealed ?? null },
      };
      return { header, rows: await writeBackup(file, header, rowsOf(here, what.tenant, without, sealing?.cipher), TENANT_FILE) };
    } finally {
      await sql`rollback`.execute(db);
    }
  });
}

async function assertExportable({ db }: Session, tenant: string): Promise<void> {
  const jobs = await db.selectFrom('jobs').select('id').where('tenant', '=', tenant).where('done', '=', 0).orderBy('id').execute();
  if (jobs.length > 0) {
    const some = named(
      jobs.map(({ id }) => `jobs/${id}`),
      FEW,
    );
    throw new Error(`${jobs.length} Jobs of tenant ${tenant} have not ended (${some}): wait for them, or stop them`);
  }
  for (const table of ['resources', 'jobs', 'events'] as const)
    if (await db.selectFrom(table).select('tenant').where('tenant', '=', tenant).limit(1).executeTakeFirst()) return;
  throw new Error(`nothing is stored of tenant ${tenant}`);
}

async function cloudsOf({ db }: Session, { tenant, drivers }: TenantExport): Promise<Record<string, string>> {
  const rows = await db
    .selectFrom('resources')
    .select('cloud')
    .distinct()
    .where('tenant', '=', tenant)
    .where('cloud', 'is not', null)
    .execute();
  const keys = rows.flatMap(({ cloud }) => cloud ?? []).sort();
  return Object.fromEntries(keys.map((key) => [key, drivers[key] ?? '']));
}

/** Finds what is not exported: paths of resources, and words for everything. */
async function leftOut(
  session: Session,
  { tenant, hasType }: TenantExport,
  sealed: boolean,
): Promise<{ without: ReadonlySet<string>; left: string[] }> {
  const { db } = session;
  const without = new Set<string>();
  const left: string[] = [];
  const note = (names: readonly string[], why: string): void => {
    if (names.length > 0) left.push(`${why}: ${named(names, MOST_NAMES)}`);
  };
  const rows = db.selectFrom('resources').where('tenant', '=', tenant).orderBy('path');
  const types = await db.selectFrom('resources').select('type').distinct().where('tenant', '=', tenant).execute();
  const foreign = types.map(({ type }) => type).filter((type) => !hasType(type));
  const passing = foreign.length > 0 ? await rows.select('path').where('type', 'in', foreign).execute() : [];
  const secret = sealed ? [] : await rows.select(['path', 'cloud', 'owner']).where('secrets', 'is not', null).execute();
  const own = secret.filter(({ cloud, owner }) => cloud === null && owner === null);
  note(
    passing.map(({ path }) => path),
    'what was packaged, or is of a module that is not configured',
  );
  note(
    own.map(({ path }) => path),
    'what has secrets, since there is no passphrase',
  );
  note(
    secret.filter((row) => !own.includes(row)).map(({ path }) => path),
    'secrets alone, since there is no passphrase, of',
  );
  for (const { path } of [...passing, ...own]) for (const one of await withOwned(session, path)) without.add(one);
  note(await takenAway(session, tenant), 'what a reading found gone, which would be brought back where it shows again');
  const others = await sql<{ target: string }>`select distinct f.target from refs f join resources s on s.path = f.source
    join resources t on t.path = f.target where s.tenant = ${tenant} and t.tenant <> ${tenant} order by f.target`.execute(db);
  note(
    others.rows.map(({ target }) => target),
    'what it refers to and other tenants have',
  );
  const users = await db.selectFrom('principals').select('name').where('tenant', '=', tenant).orderBy('name').execute();
  note(
    users.map(({ name }) => name),
    'users, with their tokens',
  );
  const quotas = await db.selectFrom('quotas').select('quota').where('tenant', '=', tenant).orderBy('quota').execute();
  note(
    quotas.map(({ quota }) => quota),
    'quotas that are set at runtime',
  );
  const entries = await db
    .selectFrom('events')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('tenant', '=', tenant)
    .where('lane', 'is not', null)
    .executeTakeFirst();
  if (Number(entries?.n) > 0) left.push(`${Number(entries?.n)} entries of the audit, which stay where they can be verified`);
  return { without, left };
}

/** Paths of what a reading took away and is kept to be brought back: a memory of the store, which no tenant's table has. */
async function takenAway({ db, dialect }: Session, tenant: string): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const select = db
      .selectFrom('retired')
      .select(['path', 'remains'])
      .where(dialect.holds('remains', `"tenant":${JSON.stringify(tenant)}`));
    const rows: Pick<RetiredTable, 'path' | 'remains'>[] = await select.where('path', '>', after).orderBy('path').limit(SOME).execute();
    for (const { path, remains } of rows)
      if (decodeColumn<Pick<ResourcesTable, 'tenant'>[]>(remains ?? '[]')[0]?.tenant === tenant) found.push(path);
    after = rows.length < SOME ? undefined : rows.at(-1)?.path;
  }
  return found;
}

async function withOwned({ db }: Session, path: string): Promise<string[]> {
  const { rows } = await sql<{ path: string }>`with recursive tree(path) as (
      select path from resources where path = ${path}
      union select r.path from resources r join tree on r.owner = tree.path
    ) select path from tree`.execute(db);
  return rows.map((row) => row.path);
}

async function* rowsOf(
  session: Session,
  tenant: string,
  without: ReadonlySet<string>,
  cipher: Cipher | undefined,
): AsyncIterable<[table: string, row: BackupRow]> {
  const omitted = new Set<unknown>();
  for (const table of TENANT_TABLES) {
    for await (const row of rowsOfTable(session, table, CONDITIONS[table](tenant))) {
      const whose = PLACES[table] && row[PLACES[table]];
      if (without.has(String(whose)) || omitted.has(row['meter'])) {
        // Numbers of series are not those of resources, so one set does for both.
        if (table === 'series') omitted.add(row['id']);
        continue;
      }
      yield [table, SHOWN[table]?.(row, session.cipher, cipher) ?? row];
    }
  }
}

const paths = (tenant: string) => sql`select path from resources where tenant = ${tenant}`;
const meters = (tenant: string) => sql`select id from series where path in (${paths(tenant)})`;
const ofTenant = (tenant: string) => sql<boolean>`tenant = ${tenant}`;
const CONDITIONS: Readonly<Record<TenantTable, (tenant: string) => RawBuilder<boolean>>> = {
  resources: ofTenant,
  refs: (tenant) => sql<boolean>`source in (${paths(tenant)})`,
  jobs: ofTenant,
  events: (tenant) => sql<boolean>`tenant = ${tenant} and lane is null`,
  series: (tenant) => sql<boolean>`path in (${paths(tenant)})`,
  samples: (tenant) => sql<boolean>`meter in (${meters(tenant)})`,
  shares: (tenant) => sql<boolean>`meter in (${meters(tenant)})`,
  agenda: (tenant) => sql<boolean>`path in (${paths(tenant)})`,
};

/** Columns with the path of the resource that a row goes with. */
const PLACES: Partial<Record<TenantTable, string>> = { resources: 'path', refs: 'source', series: 'path', agenda: 'path' };

/** Rows as they are exported, where they are not as they are stored. */
const SHOWN: Partial<Record<TenantTable, (row: BackupRow, stored: Cipher, cipher: Cipher | undefined) => BackupRow>> = {
  resources: ({ secrets, ...row }, stored, cipher) => {
    const place = secretsPlace(row['path']);
    return { ...row, secrets: typeof secrets === 'string' && cipher ? cipher.seal(stored.open(secrets, place), place) : null };
  },
  // What a Job was given and remembered may be confidential, and is erased when it ends.
  jobs: (row) => ({ ...row, input: null, results: null, memory: null, lease_owner: null, lease_until: null, doubtful: 0 }),
  events: ({ lane: _lane, link: _link, mac: _mac, ...row }) => row,
};

function named(names: readonly string[], most: number): string {
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
