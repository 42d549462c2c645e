import { sql } from 'kysely';
import { schemaOf } from './backup';
import { BackupReading, type BackupRow, type Counts } from './backup-file';
import type { Cipher } from './cipher';
import type { EventRecord } from './event-record';
import { recordEvent } from './events';
import { insertRows } from './restore';
import type { Values } from '../model/values';
import { decodeColumn, encodeColumn, type Session } from './session';
import { openSealing, secretsPlace, TENANT_FILE, type TenantHeader, type TenantTable } from './tenant-file';
import { EVENT_LOG, TenantRows, type TenantPlace } from './tenant-rows';

export interface TenantImport extends TenantPlace {
  passphrase?: string | undefined;
  /** Tells that others have waited long enough for the transaction: then nothing is imported. Absent: nobody waits. */
  isOver?: (() => boolean) | undefined;
  /** Makes the entry of the audit that is written with it. */
  entryOf: (rows: Counts) => EventRecord;
}

/** Rows that are written by one statement. */
const SOME = 200;
const FEW = 5;

/**
 * Holds an export against the place that it is for.
 * @returns what opens its secrets; undefined where it has none
 * @throws Error in words: another schema, a cloud that is not there or has another driver, a passphrase that is missing or another one
 */
export async function assertImportable(
  session: Session,
  header: TenantHeader,
  { tenant, drivers, passphrase }: TenantImport,
): Promise<Cipher | undefined> {
  const schema = await schemaOf(session.db);
  if (schema !== header.schema)
    throw new Error(
      `it was exported by version ${header.version} with schema ${header.schema}, and this store has ${schema}: export and import it with the same schema`,
    );
  for (const [key, driver] of Object.entries(header.clouds)) {
    const here = Object.hasOwn(drivers, key) ? drivers[key] : undefined;
    if (here === undefined)
      throw new Error(
        `something of it is in cloud '${key}', which is not configured here for tenant ${tenant}: configure it first, under the same key`,
      );
    if (driver !== '' && here !== driver)
      throw new Error(`cloud '${key}' has the driver ${here} here, and had ${driver} where it was exported`);
  }
  return openSealing(header, passphrase);
}

/**
 * Judges every row of an export, and writes nothing.
 * @throws Error in words, with the number of the line: what no export has, or what does not fit here
 */
export async function checkTenantRows(file: string, what: TenantImport, cipher: Cipher | undefined): Promise<void> {
  const reading = new BackupReading<TenantHeader>(file, TENANT_FILE);
  const { tenant } = await reading.header();
  const judge = new TenantRows(what, tenant, cipher, Date.now());
  for await (const [table, row] of reading.rows()) judge.take(table, row, reading.line);
  judge.end();
}

/**
 * Imports a tenant into a store that has nothing of it, all or nothing.
 * @param session of a migrated store with its keys, of which nothing else uses the connection
 * @param file was verified before
 * @throws Error in words where it does not fit, or something of it is here already
 */
export async function importTenant(session: Session, file: string, what: TenantImport): Promise<Counts> {
  const reading = new BackupReading<TenantHeader>(file, TENANT_FILE);
  const header = await reading.header();
  const cipher = await assertImportable(session, header, what);
  // What others wait for begins after this; it is judged again as it is written, for the file may be another by then.
  await checkTenantRows(file, what, cipher);
  const judge = new TenantRows(what, header.tenant, cipher, Date.now());
  await session.db.transaction().execute(async (db) => {
    const here = { ...session, db };
    await session.dialect.patience?.execute(db);
    await session.dialect.turn(what.tenant)?.execute(db);
    await assertNothingOf(here, what);
    const writing = new Writing(here, { ...what, cipher, newest: await newestEvent(here) });
    for await (const [table, row] of reading.rows()) await writing.take(...judge.take(table, row, reading.line));
    judge.end();
    await writing.end();
    await assertOwn(here, what.tenant);
    await assertOwnJobs(here, what.tenant);
    await recordEvent(here, what.entryOf(reading.counts));
  });
  return reading.counts;
}

/** Makes sure that there is nothing of a tenant but the log that whoever looks gets, which goes. */
async function assertNothingOf({ db }: Session, { tenant, logOf }: TenantImport): Promise<void> {
  await db.deleteFrom('resources').where('path', '=', logOf(tenant)).where('tenant', '=', tenant).execute();
  for (const table of ['resources', 'jobs'] as const) {
    const found = await db.selectFrom(table).select('tenant').where('tenant', '=', tenant).limit(1).executeTakeFirst();
    if (found) throw new Error(`tenant ${tenant} has ${table} here already: import it under another name (--as)`);
  }
}

/** Makes sure that nothing that came is a part of what others have: it would go with it, and be shown with it. */
async function assertOwn({ db }: Session, tenant: string): Promise<void> {
  const { rows } = await sql<{ path: string }>`select path from resources r where tenant = ${tenant} and exists
    (select 1 from resources other where other.path in (r.owner, r.event_log) and other.tenant <> r.tenant) limit 1`.execute(db);
  if (rows[0]) throw new Error(`${rows[0].path} belongs to what is another tenant's here: nothing in an export does`);
}

/** Makes sure that no Job that came is nested in one of others: it would be shown with that. */
async function assertOwnJobs({ db }: Session, tenant: string): Promise<void> {
  const { rows } = await sql<{ id: string }>`select j.id from jobs j join jobs other on other.id = j.parent
    where j.tenant = ${tenant} and other.tenant <> ${tenant} limit 1`.execute(db);
  if (rows[0]) throw new Error(`jobs/${rows[0].id} is nested in a Job of another tenant here: none in an export is`);
  const events = await sql<{ job: string }>`select e.job from events e join jobs other on other.id = e.job
    where e.tenant = ${tenant} and e.lane is null and other.tenant <> ${tenant} limit 1`.execute(db);
  if (events.rows[0]) throw new Error(`an event in it comes of jobs/${events.rows[0].job}, which is another tenant's here`);
}

async function newestEvent({ db }: Session): Promise<number> {
  const last = await db.selectFrom('events').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return last?.seq ?? 0;
}

/** Rows as they come, written some at a time, with the numbers that this store gives them. */
class Writing {
  private table: TenantTable = 'resources';
  private rows: BackupRow[] = [];
  /** Numbers of series here by those of the file. */
  private readonly series = new Map<unknown, unknown>();
  /** Numbers of events in the file that stand in resources. */
  private readonly numbers = new Set<number>();
  private readonly numbered: { path: string; column: number | undefined; internal: (Values & { after: number }) | undefined }[] = [];
  /** The same in order, as far as no event after them came, once events come; and what they are here. */
  private ahead: number[] | undefined;
  private readonly here = new Map<number, number>();
  /** Number here of the event that came last. */
  private last: number;

  /** @param what with what opens its secrets, and the number of the newest event before */
  constructor(
    private readonly session: Session,
    private readonly what: TenantImport & { cipher: Cipher | undefined; newest: number },
  ) {
    this.last = what.newest;
  }

  /** Takes a row that was judged. */
  async take(table: TenantTable, row: BackupRow): Promise<void> {
    if (table !== this.table || this.rows.length === SOME) await this.write();
    this.table = table;
    if (table === 'events') await this.pass(Number(row['seq']));
    this.rows.push(this.fitted(table, row));
  }

  async end(): Promise<void> {
    await this.write();
    const { db } = this.session;
    // Numbers after which no event is in the file.
    const here = (number: number): number => this.here.get(number) ?? this.last;
    for (const { path, column, internal } of this.numbered) {
      const change = {
        ...(column !== undefined && { events_after: here(column) }),
        ...(internal && { internal: encodeColumn({ ...internal, after: here(internal.after) }) }),
      };
      await db.updateTable('resources').set(change).where('path', '=', path).execute();
    }
  }

  /** Notes what the numbers before that of the next event are here: others may write events between those that come. */
  private async pass(seq: number): Promise<void> {
    this.ahead ??= [...this.numbers].sort((a, b) => b - a);
    for (let next = this.ahead.at(-1); next !== undefined && next < seq; next = this.ahead.at(-1)) {
      await this.write();
      this.here.set(next, this.last);
      this.ahead.pop();
    }
  }

  /** The row as it is written here. */
  private fitted(table: TenantTable, row: BackupRow): BackupRow {
    const { tenant } = this.what;
    switch (table) {
      case 'resources':
        return this.resource(row);
      case 'jobs':
        return { ...row, tenant };
      case 'events':
        return this.event(row);
      case 'samples':
      case 'shares':
        return { ...row, meter: this.series.get(row['meter']) };
      default:
        return row;
    }
  }

  private resource({ secrets, events_after: after, ...row }: BackupRow): BackupRow {
    const { what, session } = this;
    const { path, type, internal } = row;
    const numbers = decodeColumn<Values & { after?: unknown }>(String(internal));
    const own = type === EVENT_LOG && typeof numbers.after === 'number' ? { ...numbers, after: numbers.after } : undefined;
    const column = typeof after === 'number' ? after : undefined;
    if (own || column !== undefined) this.numbered.push({ path: String(path), column, internal: own });
    for (const number of [own?.after, column]) if (number !== undefined) this.numbers.add(number);
    const place = secretsPlace(path);
    const sealed = typeof secrets === 'string' && what.cipher ? session.cipher.seal(what.cipher.open(secrets, place), place) : null;
    return { ...row, tenant: what.tenant, secrets: sealed, events_after: null };
  }

  private event({ seq: _seq, ...row }: BackupRow): BackupRow {
    return { ...row, tenant: this.what.tenant };
  }

  private async write(): Promise<void> {
    const { table, rows } = this;
    this.rows = [];
    if (rows.length === 0) return;
    if (this.what.isOver?.())
      throw new Error('it takes longer than others were to wait: nothing is imported. Say more by --within, at a time when they may wait');
    if (table === 'series') return this.writeSeries(rows);
    if (table === 'events') return this.writeEvents(rows);
    if (table !== 'resources' && table !== 'jobs') return void (await insertRows(this.session, table, rows));
    const key = table === 'jobs' ? 'id' : 'path';
    const there = await insertRows(this.session, table, rows, sql`on conflict do nothing returning ${sql.ref(key)}`);
    if (there.length < rows.length) throw await this.collision(table, key, rows, new Set(there.map((row) => row[key])));
    if (table === 'resources') await this.forgetRetired(rows.map(({ path }) => String(path)));
  }

  /** Writes events that are not here yet: a tenant may come back to where it was, and what a provider told may have been told here, too. */
  private async writeEvents(rows: readonly BackupRow[]): Promise<void> {
    const { session, what } = this;
    const known = new Map<string, number>();
    if (what.newest > 0) {
      const moments = [...new Set(rows.map(({ timestamp }) => String(timestamp)))];
      const there = session.db.selectFrom('events').selectAll().where('tenant', '=', what.tenant).where('lane', 'is', null);
      const same = await there.where('seq', '<=', what.newest).where(session.dialect.isIn('timestamp', moments)).execute();
      for (const row of same) known.set(sameOf({ ...row }), row.seq);
    }
    const fresh = rows.filter((row) => !known.has(sameOf(row)));
    const made = fresh.length === 0 ? [] : await insertRows(session, 'events', fresh, sql`on conflict do nothing returning seq`);
    const numbers = made.length > 0 ? made.map(({ seq }) => Number(seq)) : rows.flatMap((row) => known.get(sameOf(row)) ?? []);
    if (numbers.length > 0) this.last = Math.max(...numbers);
  }

  private async writeSeries(rows: readonly BackupRow[]): Promise<void> {
    for (const { id, ...row } of rows) {
      const [made] = await insertRows(this.session, 'series', [row], sql`returning id`);
      this.series.set(id, made?.['id']);
    }
  }

  /** Forgets that these were deleted here: they are back. */
  private async forgetRetired(paths: readonly string[]): Promise<void> {
    const { db, dialect } = this.session;
    await db.deleteFrom('retired').where(dialect.isIn('path', paths)).execute();
  }

  private async collision(
    table: 'resources' | 'jobs',
    key: string,
    rows: readonly BackupRow[],
    written: ReadonlySet<unknown>,
  ): Promise<Error> {
    const { db, dialect } = this.session;
    const left = rows.filter((row) => !written.has(row[key]));
    const names = left.map((row) => (table === 'jobs' ? `jobs/${String(row['id'])}` : String(row['path'])));
    const some = names.slice(0, FEW).join(', ') + (names.length > FEW ? ', …' : '');
    if (table === 'resources') {
      const known = await db.selectFrom('resources').select('path').where(dialect.isIn('path', names)).execute();
      if (known.length === 0)
        return new Error(
          `here other resources are what these are at their clouds: ${some}. Import before the gateway has found them, or delete those`,
        );
    }
    return new Error(`it is here already, whosever it is: ${some}. A tenant is in a store once, under whatever name`);
  }
}

/** Text that is the same of two rows of one event. */
function sameOf({ timestamp, recorded, resource, type, content, job }: BackupRow): string {
  return JSON.stringify([timestamp, recorded, resource, type, content, job]);
}
