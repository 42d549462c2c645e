import { CompiledQuery, type Insertable, type Selectable } from 'kysely';
import type { Cipher } from './cipher';
import { placesOf, statement } from './prepared';
import type { EventsTable } from './schema';
import { readNow, type Session } from './session';
import type { AuditHead, Retention } from './audit-store';

/**
 * The audit: access events whose entries are linked, so that none can be changed, taken out or put in unseen (docs/decisions/0032).
 * Each carries a code over itself and the code of the one before it, made with the key for secrets: who has the database alone can make
 * none. A tenant has several chains (lanes) on PostgreSQL: a transaction takes one that no other has, and holds it to its end.
 */

type Entry = Selectable<EventsTable>;
/** Columns of an event that its code covers; what a consumer may edit is not among them. Never changed: `v1` stands for the list. */
const COVERED = [
  'tenant',
  'lane',
  'link',
  'timestamp',
  'recorded',
  'resource',
  'resource_type',
  'type',
  'content',
  'outcome',
  'severity',
  'contact',
  'job',
  'cloud',
  'provider_event',
] as const;
type Covered = Pick<Entry, (typeof COVERED)[number]>;

/** The event as it is inserted, without its times and its place in the chain. */
export type NewEntry = Omit<Insertable<EventsTable>, 'timestamp' | 'recorded' | 'lane' | 'link' | 'mac' | 'naming' | 'updated'>;

/**
 * Records entries as the next of a chain of their tenant, as part of the session's transaction.
 * @param entries with the time of the occurrence, RFC 3339; absent: now
 * @throws NoKeyError
 */
export async function recordEntries(
  session: Session,
  tenant: string,
  entries: readonly { row: NewEntry; at: string | undefined }[],
): Promise<void> {
  if (entries.length === 0) return;
  const { db } = session;
  const head = await takeHead(session, tenant);
  const rows: LinkedEntry[] = [];
  for (const entry of entries) rows.push(linked(session.cipher, entry, { ...head, ...rows.at(-1) }));
  const [only, ...others] = rows;
  if (only && others.length === 0) await db.executeQuery(insertingEntry(session, only));
  else await db.insertInto('events').values(rows).execute();
  const last = rows.at(-1);
  if (last) await db.executeQuery(endingChain(session, last));
}

/** An entry with its place in its chain. */
export type LinkedEntry = Covered & { lane: number; link: number; mac: string };

const ABSENT = { severity: null, contact: null, job: null, cloud: null, provider_event: null };

/** Links an entry to the one before it, recorded now. @throws NoKeyError */
export function linked(
  cipher: Cipher,
  { row, at }: { row: NewEntry; at: string | undefined },
  { lane, link, mac, now }: Head,
): LinkedEntry {
  const entry = { ...ABSENT, ...row, timestamp: at ?? now, recorded: now, lane, link: link + 1 };
  return { ...entry, mac: codeOf(cipher, entry, mac) };
}

/** Makes the statement that inserts one entry. */
export function insertingEntry(session: Session, entry: LinkedEntry): CompiledQuery<unknown> {
  return statement(session, 'entry', entry, (place) => session.db.insertInto('events').values(placesOf(place, [...COVERED, 'mac'])));
}

/** Makes the statement that has a chain end with an entry. */
export function endingChain(session: Session, { link, mac, tenant, lane }: LinkedEntry): CompiledQuery<unknown> {
  return statement(session, 'end of chain', { link, mac, tenant, lane }, (place) =>
    session.db
      .updateTable('audit_chains')
      .set(placesOf(place, ['link', 'mac']))
      .where('tenant', '=', place<string>('tenant'))
      .where('lane', '=', place<number>('lane')),
  );
}

/** Makes the code of an entry. @param before that of the entry before it, '' for the first */
export function codeOf(cipher: Cipher, entry: Covered, before: string): string {
  return cipher.mac(JSON.stringify(['v1', before, ...COVERED.map((column) => entry[column] ?? null)]));
}

/** Makes the code that proves up to which entry retention has removed a chain. */
export function goneCode(cipher: Cipher, { tenant, lane, gone_link: link, gone_mac: mac }: Gone): string {
  return cipher.mac(JSON.stringify(['v1 gone', tenant, lane, link, mac]));
}

interface Gone {
  tenant: string;
  lane: number;
  gone_link: number;
  gone_mac: string;
}

/** End of a chain, with the time, RFC 3339. */
export type Head = AuditHead & { now: string };

/** Takes a chain that nobody has, until the transaction ends; where others have all of them, waits for one. */
async function takeHead(session: Session, tenant: string): Promise<Head> {
  const { db, dialect } = session;
  const take = async (statement: string, ...parameters: unknown[]): Promise<Head | undefined> =>
    (await db.executeQuery<Head>(CompiledQuery.raw(statement, parameters))).rows[0];
  const free = await take(dialect.freeLane, tenant);
  if (free) return free;
  const lanes = Array.from({ length: dialect.lanes }, (_, lane) => ({
    tenant,
    lane,
    link: 0,
    mac: '',
    gone_link: 0,
    gone_mac: '',
    seal: '',
  }));
  await db
    .insertInto('audit_chains')
    .values(lanes)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const any = Math.floor(Math.random() * dialect.lanes);
  const head = (await take(dialect.freeLane, tenant)) ?? (await take(dialect.oneLane, tenant, any));
  if (!head) throw new Error(`the audit of '${tenant}' has no chain ${any}`);
  return head;
}

/** Reads the end of every chain, in the order of tenants and lanes. */
export async function readHeads({ db }: Session): Promise<AuditHead[]> {
  return db.selectFrom('audit_chains').select(['tenant', 'lane', 'link', 'mac']).orderBy('tenant').orderBy('lane').execute();
}

/** Removes the oldest entries that are too old, or too many for their tenant; a sealed mark keeps what is left provable. @returns how many */
export async function removeEntries(session: Session, { keepMs, perTenant }: Retention['audit'], limit: number): Promise<number> {
  const { db } = session;
  const before = new Date((await readNow(session)) - keepMs).toISOString();
  let removed = 0;
  for (const { tenant } of await db.selectFrom('audit_chains').select('tenant').distinct().execute()) {
    const leaving = await toRemove(session, tenant, { before, perTenant, limit });
    if (leaving.length > 0) removed += await removeFrom(session, tenant, leaving);
  }
  return removed;
}

/** Numbers of the entries of a tenant that are to go, oldest first: those before the first that may stay. */
async function toRemove(
  { db }: Session,
  tenant: string,
  { before, perTenant, limit }: { before: string; perTenant: number; limit: number },
): Promise<number[]> {
  const heads = await db.selectFrom('audit_chains').selectAll().where('tenant', '=', tenant).orderBy('lane').execute();
  const excess = heads.reduce((sum, { link, gone_link: gone }) => sum + link - gone, 0) - perTenant;
  const oldest = (lane: number, most: number) =>
    db
      .selectFrom('events')
      .select(['seq', 'recorded'])
      .where('tenant', '=', tenant)
      .where('lane', '=', lane)
      .orderBy('link')
      .limit(most)
      .execute();
  const due: { seq: number; recorded: string }[] = [];
  for (const { lane } of heads) {
    const [first] = await oldest(lane, 1);
    if (first && (excess > 0 || first.recorded < before)) due.push(...(await oldest(lane, limit)));
  }
  due.sort((a, b) => a.seq - b.seq);
  const stays = due.findIndex(({ recorded }, index) => index >= excess && recorded >= before);
  return due.slice(0, Math.min(limit, stays < 0 ? due.length : stays)).map(({ seq }) => seq);
}

async function removeFrom({ db, cipher }: Session, tenant: string, leaving: readonly number[]): Promise<number> {
  const rows = await db
    .deleteFrom('events')
    .where('seq', 'in', leaving)
    .where('lane', 'is not', null)
    .returning(['lane', 'link', 'mac'])
    .execute();
  const ends = new Map<number, { link: number; mac: string }>();
  for (const { lane, link, mac } of rows) {
    if (lane === null || link === null || mac === null) continue;
    if (link > (ends.get(lane)?.link ?? 0)) ends.set(lane, { link, mac });
  }
  for (const [lane, { link, mac }] of [...ends].sort(([a], [b]) => a - b)) {
    const gone = { gone_link: link, gone_mac: mac };
    const seal = goneCode(cipher, { tenant, lane, ...gone });
    await db
      .updateTable('audit_chains')
      .set({ ...gone, seal })
      .where('tenant', '=', tenant)
      .where('lane', '=', lane)
      .where('gone_link', '<', link)
      .execute();
  }
  return rows.length;
}
