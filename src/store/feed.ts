import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { FeedPlace, News, NewsQuery } from './audit-store';
import type { SqlDialect } from './dialect';
import { EVENTS, eventFromRow, matching } from './events';
import { narrowed } from './narrow';
import type { Session } from './session';

/**
 * Events in the order in which they became visible, so that a reader who goes on from where it was misses none. Numbers alone do not
 * give that on PostgreSQL: a transaction may commit after a later number was read. There each event keeps the number of its transaction,
 * and is read once no transaction before it is open. SQLite has one writer.
 */

interface Place {
  /** Transaction; 0 on SQLite. */
  xact: bigint;
  seq: number;
}

const FORM = /^(\d{1,20})-(\d{1,16})$/;

/** Reads a place; undefined for what is none. */
export function placeOf(text: string): Place | undefined {
  const [, xact, seq] = FORM.exec(text) ?? [];
  if (xact === undefined || seq === undefined) return undefined;
  const place = { xact: BigInt(xact), seq: Number(seq) };
  return place.xact < 2n ** 63n && Number.isSafeInteger(place.seq) ? place : undefined;
}

const textOf = ({ xact, seq }: Place): FeedPlace => `${xact}-${seq}`;

/** Returns the place after all that is there. */
export async function feedEnd({ db, dialect }: Session, tenant: string): Promise<FeedPlace> {
  const last = await db.selectFrom('events').select('seq').where('tenant', '=', tenant).orderBy('seq', 'desc').limit(1).executeTakeFirst();
  const xact = dialect.feeds === 'by transaction' ? (await horizon(db)) - 1n : 0n;
  // Of the transaction before the horizon all is over; what it wrote is not news.
  return textOf({ xact, seq: dialect.feeds === 'by transaction' ? Number.MAX_SAFE_INTEGER : (last?.seq ?? 0) });
}

/** Rows of a tenant's feed that one reading looks through at most: one that finds little must not hold up others. */
const STRETCH = 2_000;

/** Reads events after a place, oldest first. @throws Error where the place is none */
export async function readNews(session: Session, query: NewsQuery, after: FeedPlace, limit: number): Promise<News> {
  const place = placeOf(after);
  if (!place) throw new Error(`'${after}' is no place in a feed`);
  const { db, dialect } = session;
  const order = dialect.feeds === 'by transaction' ? byTransaction(await horizon(db)) : BY_NUMBER;
  const begins = order.after(place);
  const end = await lastOf(session, query.view.tenant, order, begins);
  if (!end) return { events: [], place: after };
  let select = matching(db.selectFrom('events'), query)
    .where(narrowed(dialect, EVENTS, { where: query.where }).where)
    .where(begins)
    .where(order.upTo(end));
  for (const by of order.by) select = select.orderBy(by);
  const rows = await select.selectAll().select(order.xact.as('at_xact')).limit(limit).execute();
  const events = rows.map((row) => ({ ...eventFromRow(row), place: textOf(placed(row)) }));
  return { events, place: (events.length === limit && events.at(-1)?.place) || textOf(end) };
}

/** The end of a stretch of the feed; undefined where nothing is there. */
async function lastOf({ db }: Session, tenant: string, order: Order, begins: RawBuilder<boolean>): Promise<Place | undefined> {
  const { columns, xact, by, latest } = order;
  const { rows } = await sql<Placed>`select seq, ${xact} as at_xact from (
      select ${sql.join(columns)} from events where tenant = ${tenant} and ${begins} order by ${sql.join(by)} limit ${STRETCH}
    ) ahead order by ${sql.join(latest)} limit 1`.execute(db);
  return rows[0] && placed(rows[0]);
}

interface Placed {
  seq: number;
  at_xact: string;
}

const placed = ({ seq, at_xact: xact }: Placed): Place => ({ xact: BigInt(xact), seq });

/** Order of a feed as SQL. */
interface Order {
  columns: readonly RawBuilder<unknown>[];
  xact: RawBuilder<string>;
  by: readonly RawBuilder<unknown>[];
  /** The same backwards. */
  latest: readonly RawBuilder<unknown>[];
  after(place: Place): RawBuilder<boolean>;
  upTo(place: Place): RawBuilder<boolean>;
}

const BY_NUMBER: Order = {
  columns: [sql`seq`],
  xact: sql<string>`'0'`,
  by: [sql`seq`],
  latest: [sql`seq desc`],
  after: ({ seq }) => sql<boolean>`seq > ${seq}`,
  upTo: ({ seq }) => sql<boolean>`seq <= ${seq}`,
};

/** @param end the first transaction that may be open */
function byTransaction(end: bigint): Order {
  const over = sql<boolean>`xact < ${String(end)}::xid8`;
  return {
    columns: [sql`xact`, sql`seq`],
    xact: sql<string>`xact::text`,
    by: [sql`xact`, sql`seq`],
    latest: [sql`xact desc`, sql`seq desc`],
    // A database that was brought from another server counts its transactions anew: then the numbers alone tell what is new.
    after: ({ xact, seq }) =>
      xact >= end ? sql<boolean>`seq > ${seq} and ${over}` : sql<boolean>`(xact, seq) > (${String(xact)}::xid8, ${seq}) and ${over}`,
    upTo: ({ xact, seq }) => sql<boolean>`(xact, seq) <= (${String(xact)}::xid8, ${seq})`,
  };
}

/** The oldest transaction that is open: all before it are over. */
async function horizon(db: Session['db']): Promise<bigint> {
  const { rows } = await sql<{ oldest: string }>`select pg_snapshot_xmin(pg_current_snapshot())::text as oldest`.execute(db);
  return BigInt(rows[0]?.oldest ?? 0);
}

/** Gives events the number of their transaction. */
export async function createFeed(db: Kysely<unknown>, { feeds, patience }: SqlDialect): Promise<void> {
  if (feeds === 'by number') return;
  if (patience) await patience.execute(db);
  await sql`alter table events add column xact xid8 not null default pg_current_xact_id()`.execute(db);
  await sql`create index events_feed on events (tenant, xact, seq)`.execute(db);
}
