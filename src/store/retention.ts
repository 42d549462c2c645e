import { sql } from 'kysely';
import { readNow, type Session } from './session';
import type { Retention } from './store';

/** Retention, a batch at a time: history, and what is remembered of resources that are gone. */

const DAY_MS = 86_400_000;

/** Retention as it is configured: times in days, events by their number for each tenant. */
interface Configured {
  audit: { days: number; perTenant: number };
  retention: { eventDays: number; eventsPerTenant: number; goneDays: number; idDays: number };
}

/** Reads how long what is kept from the configuration. */
export function retentionOf({ audit, retention: { eventDays, eventsPerTenant, goneDays, idDays } }: Configured): Retention {
  return {
    events: { keepMs: eventDays * DAY_MS, perTenant: eventsPerTenant },
    audit: { keepMs: audit.days * DAY_MS, perTenant: audit.perTenant },
    retired: { remainsMs: goneDays * DAY_MS, idMs: idDays * DAY_MS },
  };
}

/**
 * Removes the oldest events that are too old, or too many for their tenant; entries of the audit go by themselves (audit.ts).
 * @returns how many, at most `limit` of each tenant and of the old
 */
export async function removeEvents(session: Session, { keepMs, perTenant }: Retention['events'], limit: number): Promise<number> {
  const { db } = session;
  const tenants = await tenantsWithEvents(session);
  let removed = await removeSeqs(session, await tooOld(session, tenants, await ago(session, keepMs), limit));
  for (const tenant of tenants) {
    const own = plain(session, tenant).select('seq');
    const edge = await own.orderBy('seq', 'desc').offset(perTenant).limit(1).executeTakeFirst();
    if (!edge) continue;
    const { numAffectedRows: beyond = 0n } = await sql`delete from events where seq in (
        select seq from events where tenant = ${tenant} and lane is null and seq <= ${edge.seq} order by seq limit ${limit})`.execute(db);
    removed += Number(beyond);
  }
  return removed;
}

const plain = ({ db }: Session, tenant: string) => db.selectFrom('events').where('tenant', '=', tenant).where('lane', 'is', null);

/** Numbers of the oldest events that are too old. In the order of their numbers, which is that of time: what is not old ends the search. */
async function tooOld(session: Session, tenants: readonly string[], before: string, limit: number): Promise<number[]> {
  const found: number[] = [];
  for (const tenant of tenants) {
    const oldest = (most: number) => plain(session, tenant).select(['seq', 'recorded']).orderBy('seq').limit(most).execute();
    const [first] = await oldest(1);
    if (!first || first.recorded >= before) continue;
    const rows = await oldest(limit);
    const young = rows.findIndex(({ recorded }) => recorded >= before);
    found.push(...rows.slice(0, young < 0 ? rows.length : young).map(({ seq }) => seq));
  }
  return found.sort((a, b) => a - b).slice(0, limit);
}

async function removeSeqs({ db }: Session, seqs: readonly number[]): Promise<number> {
  if (seqs.length === 0) return 0;
  const { numDeletedRows } = await db.deleteFrom('events').where('seq', 'in', seqs).executeTakeFirst();
  return Number(numDeletedRows);
}

/** Lists the tenants by jumping along the index from one to the next, so that no event is looked at. */
async function tenantsWithEvents({ db }: Session): Promise<string[]> {
  const { rows } = await sql<{ tenant: string }>`with recursive each_one(tenant) as (
      select min(tenant) from events where lane is null
      union all select (select min(tenant) from events where lane is null and tenant > each_one.tenant)
        from each_one where each_one.tenant is not null
    ) select tenant from each_one where tenant is not null`.execute(db);
  return rows.map(({ tenant }) => tenant);
}

/**
 * Forgets what resources were that have been gone for `remainsMs`: what comes back later is a new one. Their ids stay
 * theirs for `idMs`: until then whatever carries one of them in its tag is taken for a clone.
 */
export async function forgetRetired(session: Session, { remainsMs, idMs }: Retention['retired'], limit: number): Promise<number> {
  const { db } = session;
  const remains = await sql`update retired set remains = null where path in (
      select path from retired where remains is not null and at < ${await ago(session, remainsMs)} order by at limit ${limit})`.execute(db);
  const ids = await sql`delete from retired where path in (
      select path from retired where at < ${await ago(session, idMs)} order by at limit ${limit})`.execute(db);
  return Number((remains.numAffectedRows ?? 0n) + (ids.numAffectedRows ?? 0n));
}

/** The moment that lies so far back, as rows have it. */
async function ago(session: Session, ms: number): Promise<string> {
  return new Date((await readNow(session)) - ms).toISOString();
}
