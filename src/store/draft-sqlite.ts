import { sql, type CompiledQuery } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unfit } from './at-once';
import type { Drafted, DraftedChange, Ref } from './draft';
import { insertingEvent } from './events';
import { releasingHolds } from './holds';
import { placesOf, statement } from './prepared';
import { deletingTree, insertingRow } from './resources';
import type { Session } from './session';
import type { Direct, Run } from './sqlite-driver';
import type { JobRow } from './store';
import { isPassing } from './unavailable';
import { advancing, jobOf, type Advance } from './worked-jobs';

/** Writes of many Jobs on SQLite: one transaction, whose statements follow each other at once. */

/** Delay before a transaction that has not begun is tried once more, in ms. */
const AGAIN_MS = 50;

/** @returns writes advances, with what was drafted; those that are not in the answer are not what they were expected to be */
export function advanceOnSqlite(
  session: Session,
  { transact }: Direct,
): (advances: readonly Advance[]) => Promise<ReadonlyMap<Advance, JobRow>> {
  return async (advances) => {
    const since = performance.now();
    let begun = false;
    const work = (run: Run): ReadonlyMap<Advance, JobRow> => {
      begun = true;
      return new Map(
        advances.flatMap((advance) => {
          const row = write(session, run, advance);
          return row ? [[advance, row] as const] : [];
        }),
      );
    };
    try {
      return await transact(work);
    } catch (error) {
      if (begun || !isPassing(error, since)) throw error;
      await sleep(AGAIN_MS);
      return transact(work);
    }
  };
}

function write(session: Session, run: Run, advance: Advance): JobRow | undefined {
  const { id, drafted } = advance;
  if (drafted && !isStillSo(session, run, drafted)) return undefined;
  const [row] = run(advancing(session, advance));
  if (!row) return undefined;
  if (row.done === 1) run(releasingHolds(session, id));
  if (drafted) writeRows(session, run, drafted);
  return jobOf(session, row);
}

/** Tells whether all that was read is as it was. */
function isStillSo({ db, dialect }: Session, run: Run, { seen, owned, referred }: Drafted): boolean {
  for (const [path, version] of seen) {
    const [row] = run(
      statement<{ version: number }>({ dialect }, 'version', { path }, (at) =>
        db.selectFrom('resources').select('version').where('path', '=', at<string>('path')),
      ),
    );
    if ((row?.version ?? null) !== version) return false;
  }
  const alike = (known: readonly string[], rows: readonly { path: string }[]) => rows.every(({ path }) => known.includes(path));
  for (const { owner, type, paths } of owned) {
    const rows = statement<{ path: string }>({ dialect }, 'owned', { owner, type }, (at) =>
      db.selectFrom('resources').select('path').where('owner', '=', at<string>('owner')).where('type', '=', at<string>('type')),
    );
    if (!alike(paths, run(rows))) return false;
  }
  return referred.every(({ target, sources }) => {
    const rows = statement<{ path: string }>({ dialect }, 'referring', { target }, (at) =>
      db.selectFrom('refs').select('source as path').where('target', '=', at<string>('target')),
    );
    return alike(sources, run(rows));
  });
}

/** @throws Unfit */
function writeRows(session: Session, run: Run, { changed, made, refs, gone, events }: Drafted): void {
  const { db, dialect } = session;
  for (const change of changed) run(changing(session, change));
  for (const row of made) if (run(insertingRow(session, row)).length === 0) throw new Unfit();
  const unrefer = (ref: Ref) =>
    statement(session, 'unref', { ...ref }, (at) =>
      db.deleteFrom('refs').where('source', '=', at<string>('source')).where('target', '=', at<string>('target')),
    );
  const refer = (ref: Ref) =>
    statement(session, 'ref', { ...ref }, (at) =>
      db.insertInto('refs').values({ source: at<string>('source'), target: at<string>('target') }),
    );
  for (const ref of refs.gone) run(unrefer(ref));
  for (const ref of refs.made) run(refer(ref));
  for (const { path, cloud } of gone) {
    const retire = statement(session, 'retire', { path, cloud }, (at, { stamp }) =>
      db
        .insertInto('retired')
        .values({ path: at<string>('path'), at: stamp, cloud: at<string>('cloud') })
        .onConflict((conflict) => conflict.doNothing()),
    );
    if (cloud !== null) run(retire);
    run(deletingTree({ db, dialect }, sql`path = ${path} or owner = ${path}`));
  }
  for (const event of events) run(insertingEvent(session, event));
}

function changing(session: Session, { path, columns, raises, explicit }: DraftedChange): CompiledQuery<unknown> {
  const names = Object.keys(columns) as (keyof typeof columns)[];
  return statement(session, `change ${names.join(' ')} ${explicit}`, { ...columns, path, raises }, (at, { stamp }) =>
    session.db
      .updateTable('resources')
      .set({ ...placesOf(at, names), version: sql<number>`version + ${at('raises')}`, ...(explicit ? { updated: stamp } : {}) })
      .where('path', '=', at<string>('path')),
  );
}
