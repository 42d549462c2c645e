import { sql } from 'kysely';
import type { Session } from './session';
import type { Store } from './store';

/** Writes how far an instance of the gateway has come. */

export async function mark({ db, dialect }: Session, instance: string): Promise<number> {
  const insert = db.insertInto('marks').values({ instance, count: 1, at: dialect.nowMs });
  const row = await insert
    .onConflict((conflict) => conflict.column('instance').doUpdateSet({ count: sql<number>`marks.count + 1`, at: dialect.nowMs }))
    .returning('count')
    .executeTakeFirstOrThrow();
  return row.count;
}

export async function readMarks({ db, dialect }: Session): ReturnType<Store['marks']> {
  const age = sql<number>`${dialect.nowMs} - at`.as('ageMs');
  return db.selectFrom('marks').select(['instance', 'count', age]).orderBy('instance').execute();
}
