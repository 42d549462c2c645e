import { sql } from 'kysely';
import type { AgendaEntry, AgendaReads, AgendaWrites } from './monitoring';
import { wakeTask } from './tasks';
import type { Session } from './session';

/** Agenda of recurring work: which resources it has to look at, and when; what is not due costs nothing. */

export async function readAgenda({ db }: Session, { work, upTo, limit }: Parameters<AgendaReads['agenda']>[0]): Promise<AgendaEntry[]> {
  const select = db.selectFrom('agenda').select(['path', 'epoch']).where('work', '=', work).where('due', '<=', upTo);
  return select.orderBy('due').orderBy('path').limit(limit).execute();
}

export async function nextOnAgenda({ db }: Session, work: string): Promise<number | undefined> {
  const first = db.selectFrom('agenda').select('due').where('work', '=', work).orderBy('due').limit(1);
  return (await first.executeTakeFirst())?.due;
}

/** Goes from name to name along the index, however many entries each has. */
export async function readAgendas({ db }: Session): Promise<string[]> {
  const { rows } = await sql<{ work: string }>`with recursive works(work) as (
      select min(work) from agenda
      union all select (select min(work) from agenda where work > works.work) from works where works.work is not null
    ) select work from works where work is not null`.execute(db);
  return rows.map(({ work }) => work);
}

/** Wakes the work first of all: a turn, too, has the work's row before it writes to the agenda, and neither waits for the other in a circle. */
export async function putOnAgenda(session: Session, path: string, work: string): Promise<void> {
  const { db, dialect } = session;
  await wakeTask(session, work);
  const insert = db.insertInto('agenda').values({ path, work, due: dialect.nowMs, epoch: 0 });
  const again = { due: sql<number>`excluded.due`, epoch: sql<number>`agenda.epoch + 1` };
  await insert.onConflict((conflict) => conflict.columns(['path', 'work']).doUpdateSet(again)).execute();
}

/** Writes those of one date with one statement: Meters of one distance are due together. */
export async function dateOnAgenda(session: Session, ...[work, entries]: Parameters<AgendaWrites['dateOnAgenda']>): Promise<void> {
  const { db, dialect } = session;
  const groups = new Map<string, { epoch: number; due: number | undefined; paths: string[] }>();
  for (const { path, epoch, due } of entries) {
    const key = `${epoch} ${due}`;
    const group = groups.get(key) ?? { epoch, due, paths: [] };
    groups.set(key, group);
    group.paths.push(path);
  }
  for (const { epoch, due, paths } of groups.values()) {
    const looked = sql<boolean>`work = ${work} and epoch = ${epoch} and ${dialect.isIn('path', paths)}`;
    if (due === undefined) await db.deleteFrom('agenda').where(looked).execute();
    else await db.updateTable('agenda').set({ due }).where(looked).execute();
  }
}

/** Brings what lies further ahead than `ms` down to that: the clock was set back since. What is looked at too soon is dated anew. */
export async function capAgenda({ db, dialect }: Session, ms: number): Promise<number> {
  const latest = sql<number>`${dialect.nowMs} + cast(${Math.round(ms)} as bigint)`;
  const { numUpdatedRows } = await db.updateTable('agenda').set({ due: latest }).where('due', '>', latest).executeTakeFirst();
  return Number(numUpdatedRows);
}
