import { sql, type RawBuilder } from 'kysely';
import type { Value } from '../model/values';
import type { TaskRow } from './monitoring';
import { decodeColumn, encodeColumn, type Session } from './session';
import { StaleError } from './store';

/** Recurring work under leases; see monitoring.ts. */

export async function addTasks({ db, dialect }: Session, names: readonly string[]): Promise<void> {
  const rows = names.map((name) => ({ name, due: dialect.nowMs, lease_owner: null, lease_until: null, epoch: 0, memory: null }));
  if (rows.length > 0)
    await db
      .insertInto('tasks')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

/** Name of the work that is due longest of these, or whose process fell silent. */
export async function dueTask(session: Session, names: readonly string[]): Promise<string | undefined> {
  const select = session.db.selectFrom('tasks').select('name').where(session.dialect.isIn('name', names)).where(free(session));
  return (await select.orderBy('due').orderBy('name').limit(1).executeTakeFirst())?.name;
}

export async function leaseTask(
  session: Session,
  name: string,
  ...[everyMs, owner, leaseMs]: [everyMs: number, owner: string, leaseMs: number]
): Promise<TaskRow | undefined> {
  const update = session.db
    .updateTable('tasks')
    .set({ epoch: sql`epoch + 1`, lease_owner: owner, lease_until: later(session, leaseMs), due: later(session, everyMs) })
    .where('name', '=', name)
    .where(free(session))
    .returning(['epoch', 'lease_until', 'memory']);
  const row = await update.executeTakeFirst();
  return row && { name, epoch: row.epoch, leaseUntil: row.lease_until ?? 0, memory: memoryOf(row.memory) };
}

/** True of what nobody does. A lease that has run out without being given back was broken off: its turn is not over, whenever the next is due. */
function free({ dialect }: Session): RawBuilder<boolean> {
  const now = sql<number>`(select ${dialect.nowMs})`;
  return sql<boolean>`(lease_until <= ${now} or (lease_until is null and due <= ${now}))`;
}

export async function renewTask(session: Session, name: string, epoch: number, leaseMs: number): Promise<boolean> {
  const held = session.db
    .updateTable('tasks')
    .set({ lease_until: later(session, leaseMs) })
    .where('name', '=', name)
    .where('epoch', '=', epoch);
  const { numUpdatedRows } = await held.where('lease_until', 'is not', null).executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function endTask(session: Session, name: string, epoch: number, dueInMs?: number): Promise<void> {
  const end = session.db.updateTable('tasks').set({ lease_owner: null, lease_until: null });
  const sooner = dueInMs === undefined ? end : end.set({ due: earlier(later(session, dueInMs)) });
  await sooner.where('name', '=', name).where('epoch', '=', epoch).execute();
}

/** Writes the memory first of all: on PostgreSQL the row is then this transaction's, and nobody leases it before that ends. */
export async function saveTask({ db }: Session, name: string, epoch: number, memory: Value): Promise<void> {
  const save = db
    .updateTable('tasks')
    .set({ memory: encodeColumn(memory) })
    .where('name', '=', name)
    .where('epoch', '=', epoch);
  const { numUpdatedRows } = await save.where('lease_until', 'is not', null).executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new StaleError(`the recurring work ${name}`);
}

export async function wakeTask({ db, dialect }: Session, name: string): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ due: earlier(dialect.nowMs) })
    .where('name', '=', name)
    .execute();
}

/** Brings what lies further ahead than `ms` down to that: the clock was set back since. @returns how many. */
export async function capTasks(session: Session, ms: number): Promise<number> {
  const latest = later(session, ms);
  const due = await session.db.updateTable('tasks').set({ due: latest }).where('due', '>', latest).executeTakeFirst();
  const leased = await session.db.updateTable('tasks').set({ lease_until: latest }).where('lease_until', '>', latest).executeTakeFirst();
  return Number(due.numUpdatedRows + leased.numUpdatedRows);
}

/** Reads what turns have kept, without a lease. */
export async function readTaskMemories({ db, dialect }: Session, names: readonly string[]): Promise<Map<string, Value | null>> {
  if (names.length === 0) return new Map();
  const rows = await db.selectFrom('tasks').select(['name', 'memory']).where(dialect.isIn('name', names)).execute();
  return new Map(rows.map(({ name, memory }) => [name, memoryOf(memory)]));
}

const later = ({ dialect }: Session, ms: number) => sql<number>`${dialect.nowMs} + cast(${Math.round(ms)} as bigint)`;
const earlier = (time: ReturnType<typeof later>) => sql<number>`case when due < ${time} then due else ${time} end`;
const memoryOf = (text: string | null): Value | null => (text === null ? null : decodeColumn<Value>(text));
