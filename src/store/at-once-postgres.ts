import type { PoolClient } from 'pg';
import { rowsOf, type AcceptedRows } from './at-once';
import { linked, type Head, type LinkedEntry } from './audit';
import { countsOf } from './counts';
import { POSTGRES_MS, POSTGRES_STAMP } from './dialect';
import { insertedJob } from './jobs';
import type { Session } from './session';
import type { AcceptAtOnce, AcceptedChange, JobRow } from './store';
import { isPassing, StoreUnavailable } from './unavailable';
import { EVENTS, numbers, REFS, RESOURCES, texts, type Columns } from './columns';

/**
 * Accepts on PostgreSQL in two round trips: a look at the end of a chain of the audit, which the entry's code goes over, and at the
 * counts; then one statement that is the whole transaction. It takes the chain only as it was seen, and the versions that are claimed;
 * without them it writes nothing. Whatever else is there already makes it fail as a whole.
 */

/** Runs statements that the server keeps prepared, by name, over one connection. @throws StoreUnavailable */
export type Connected = <T>(work: (query: NamedQuery) => Promise<T>) => Promise<T>;
export type NamedQuery = <R extends object>(name: string, text: string, values: readonly unknown[]) => Promise<R[]>;

/** Makes the way to run statements over one connection of a pool. @param told makes the error that is told of one */
export function connectedBy(connect: () => Promise<PoolClient>, told: (error: unknown) => unknown): Connected {
  return async (work) => {
    let broken: unknown;
    const telling = async <T>(done: Promise<T>): Promise<T> => {
      try {
        return await done;
      } catch (error) {
        const known = told(error);
        if (known instanceof StoreUnavailable) broken = error;
        throw known;
      }
    };
    const client = await telling(connect());
    try {
      return await work(async <R extends object>(name: string, text: string, values: readonly unknown[]) => {
        const { rows } = await telling(client.query<R>({ name, text, values: [...values] }));
        return rows;
      });
    } finally {
      client.release(broken instanceof Error ? broken : undefined);
    }
  };
}

/** Times that another chain is tried, where a transaction of another process took the first one. */
const TRIES = 2;

export function acceptOnPostgres(session: Session, connected: Connected): AcceptAtOnce {
  const lanes = new Lanes(session.dialect.lanes);
  return async (accepted) => {
    const rows = rowsOf(session, accepted);
    const since = performance.now();
    let begun = false;
    try {
      return await connected(async (query) => {
        for (let tries = 0; tries < TRIES; tries++) {
          const lane = lanes.take(accepted.job.tenant);
          if (lane === undefined) return undefined;
          try {
            const job = await tryLane(session, query, { accepted, rows, lane, begin: () => (begun = true) });
            if (job !== 'taken') return job;
          } finally {
            lanes.give(accepted.job.tenant, lane);
          }
        }
        return undefined;
      });
    } catch (error) {
      // What only looked, was given up in favour of another, or is there already: the transaction step by step does or tells it.
      const { isVictim, isDuplicate } = session.dialect;
      if (isVictim(error) || isDuplicate(error) || (!begun && isPassing(error, since))) return undefined;
      throw error;
    }
  };
}

/** Chains that transactions of this process have in hand: two that had the same would be in each other's way. */
class Lanes {
  readonly #taken = new Map<string, Set<number>>();

  constructor(private readonly count: number) {}

  take(tenant: string): number | undefined {
    const taken = this.#taken.get(tenant) ?? new Set<number>();
    const start = Math.floor(Math.random() * this.count);
    for (let step = 0; step < this.count; step++) {
      const lane = (start + step) % this.count;
      if (taken.has(lane)) continue;
      this.#taken.set(tenant, taken.add(lane));
      return lane;
    }
    return undefined;
  }

  give(tenant: string, lane: number): void {
    const taken = this.#taken.get(tenant);
    taken?.delete(lane);
    if (taken?.size === 0) this.#taken.delete(tenant);
  }
}

interface Seen {
  link: number;
  mac: string;
  now: string;
  ms: number;
  counts: Record<string, number> | null;
}

async function tryLane(
  session: Session,
  query: NamedQuery,
  { accepted, rows, lane, begin }: { accepted: AcceptedChange; rows: AcceptedRows; lane: number; begin: () => void },
): Promise<JobRow | undefined | 'taken'> {
  const { job, keepMs, fits } = accepted;
  const { tenant } = job;
  const [seen] = await query<Seen>('accept look', LOOK, [tenant, lane]);
  if (!seen) return undefined;
  const counts = Object.entries(seen.counts ?? {}).map(([kind, n]) => ({ kind, n }));
  if (!fits(countsOf(counts), rows.bytes)) return undefined;
  const head: Head = { tenant, lane, link: seen.link, mac: seen.mac, now: seen.now };
  const entry = linked(session.cipher, rows.entry, head);
  const row = rows.job.done === 1 ? { ...rows.job, expires: seen.ms + keepMs } : rows.job;
  const values = valuesOf({ ...rows, job: row }, { accepted, head, entry });
  begin();
  const [given] = await query<{ due: number }>('accept', ACCEPT, values);
  if (!given) return 'taken';
  return insertedJob(session.cipher, job, row, { due: given.due, created: seen.now, changed: seen.now }, rows.holds);
}

const LOOK = `select link, mac, ${POSTGRES_STAMP} as now, ${POSTGRES_MS} as ms,
    (select json_object_agg(kind, n) from (select kind, sum(n) as n from counts where tenant = $1 group by kind
      union all select 'Quota/' || quota, most from quotas where tenant = $1) each) as counts
  from audit_chains where tenant = $1 and lane = $2`;

const CLAIMS: Columns = [...texts('path'), ...numbers('version')];
const HOLDS: Columns = texts('path', 'shows');
const ENTRIES: Columns = [...EVENTS, ...texts('recorded', 'mac'), ...numbers('lane', 'link')];
const JOB: Columns = [
  ...texts('id', 'tenant', 'principal', 'workflow', 'naming', 'state', 'action', 'target', 'affected', 'status_message', 'input'),
  ...texts('idempotency_key', 'request_hash', 'answer', 'request_id', 'trace', 'failure', 'created', 'changed'),
  ...numbers('workflow_version', 'done', 'return_code', 'progress', 'undoing', 'attempts', 'epoch', 'doubtful', 'expires', 'due'),
];
const CHAIN: Columns = [...texts('tenant', 'mac', 'next_mac'), ...numbers('lane', 'link', 'next_link')];

/** One statement; its parameters in the order in which they are numbered: the chain, the Job, then a list for each column of many rows. */
const ACCEPT = acceptingStatement();

function acceptingStatement(): string {
  let last = 0;
  const next = (type: string) => `$${(last += 1)}::${type}`;
  const one = (columns: Columns) => Object.fromEntries(columns.map(([name, type]) => [name, next(type)]));
  const many = (columns: Columns, as: string) =>
    `unnest(${columns.map(([, type]) => next(`${type}[]`)).join(', ')}) with ordinality as ${as} (${namesOf(columns)}, place)`;
  const chain = one(CHAIN);
  const job = one(JOB);
  return `with claim as (select c.path, c.version from ${many(CLAIMS, 'c')}),
    claimed as (select r.path from resources r join claim c on r.path = c.path and r.version = c.version order by r.path for update of r),
    head as (select lane from audit_chains where tenant = ${chain.tenant} and lane = ${chain.lane} and link = ${chain.link}
      and mac = ${chain.mac} and (select count(*) from claimed) = (select count(*) from claim) for update skip locked),
    raised as (update resources r set version = r.version + 1 from head, claimed c where r.path = c.path),
    made as (insert into resources (${namesOf(RESOURCES)}) select ${namesOf(RESOURCES, 'm')} from head, ${many(RESOURCES, 'm')}),
    refers as (insert into refs (source, target) select f.source, f.target from head, ${many(REFS, 'f')}),
    job as (insert into jobs (${namesOf(JOB)}) select ${JOB.map(([name]) => (name === 'due' ? `coalesce(${job.due}, ${POSTGRES_MS})` : job[name])).join(', ')}
      from head returning due),
    held as (insert into holds (path, job, shows) select h.path, ${job.id}, h.shows from head, ${many(HOLDS, 'h')} order by h.path),
    told as (insert into events (${namesOf(ENTRIES)}) select ${namesOf(ENTRIES, 'e')} from head, ${many(ENTRIES, 'e')} order by e.place),
    goes as (update audit_chains a set link = ${chain.next_link}, mac = ${chain.next_mac} from head
      where a.tenant = ${chain.tenant} and a.lane = head.lane)
  select due from job`;
}

function namesOf(columns: Columns, of?: string): string {
  return columns.map(([name]) => (of === undefined ? `"${name}"` : `${of}."${name}"`)).join(', ');
}

/** Values of the statement, in its order. */
function valuesOf(
  { resources, refs, events, job, holds }: AcceptedRows,
  { accepted, head, entry }: { accepted: AcceptedChange; head: Head; entry: LinkedEntry },
): unknown[] {
  const { tenant, lane, link, mac, now } = head;
  const one = (columns: Columns, row: object) => columns.map(([name]) => (row as Record<string, unknown>)[name] ?? null);
  const many = (columns: Columns, rows: readonly object[]) =>
    columns.map(([name]) => rows.map((row) => (row as Record<string, unknown>)[name] ?? null));
  return [
    ...one(CHAIN, { tenant, mac, next_mac: entry.mac, lane, link, next_link: entry.link }),
    ...one(JOB, { ...job, created: now, changed: now, due: accepted.job.due }),
    ...many(CLAIMS, accepted.claims),
    ...many(
      RESOURCES,
      resources.map(({ values, created = now }) => ({ ...values, created })),
    ),
    ...many(REFS, refs),
    ...many(HOLDS, holds),
    ...many(ENTRIES, [...events.map(({ row, at = now }) => ({ ...row, timestamp: at, recorded: now })), entry]),
  ];
}
