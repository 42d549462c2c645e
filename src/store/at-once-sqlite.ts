import { CompiledQuery } from 'kysely';
import { rowsOf, Unfit, type AcceptedRows } from './at-once';
import { endingChain, insertingEntry, linked, type Head } from './audit';
import { countsOf, readingCounts } from './counts';
import { insertingEvent } from './events';
import { takingHold } from './holds';
import { insertedJob, insertingJob } from './jobs';
import { statement } from './prepared';
import { insertingRow } from './resources';
import type { Session } from './session';
import type { Direct, Run } from './sqlite-driver';
import type { AcceptAtOnce, AcceptedChange, JobRow } from './store';
import { isPassing } from './unavailable';

/** Accepts in one transaction whose statements follow each other at once: none waits for a promise. */
export function acceptOnSqlite(session: Session, { transact }: Direct): AcceptAtOnce {
  return async (accepted) => {
    const rows = rowsOf(session, accepted);
    const since = performance.now();
    let begun = false;
    try {
      return await transact((run) => {
        begun = true;
        return write(session, run, accepted, rows);
      });
    } catch (error) {
      // What has not begun may be tried again, as a transaction is.
      if (error instanceof Unfit || (!begun && isPassing(error, since))) return undefined;
      throw error;
    }
  };
}

/** @throws Unfit */
function write(session: Session, run: Run, accepted: AcceptedChange, rows: AcceptedRows): JobRow {
  const { claims, job, keepMs, fits } = accepted;
  if (!fits(countsOf(run(readingCounts(session, job.tenant))), rows.bytes)) throw new Unfit();
  const claim = ({ path, version }: AcceptedChange['claims'][number]) =>
    statement<{ path: string }>(session, 'claim', { path, version }, (at) =>
      session.db
        .updateTable('resources')
        .set(({ eb }) => ({ version: eb('version', '+', 1) }))
        .where('path', '=', at<string>('path'))
        .where('version', '=', at<number>('version'))
        .returning('path'),
    );
  for (const one of claims) must(run(claim(one)));
  for (const row of rows.resources) must(run(insertingRow(session, row)));
  const refer = (values: AcceptedRows['refs'][number]) =>
    statement(session, 'ref', { ...values }, (at) =>
      session.db.insertInto('refs').values({ source: at<string>('source'), target: at<string>('target') }),
    );
  for (const ref of rows.refs) run(refer(ref));
  for (const event of rows.events) run(insertingEvent(session, event));
  const ended = rows.job.done === 1;
  const row = ended ? { ...rows.job, expires: (session.dialect.clock?.() ?? 0) + keepMs } : rows.job;
  const given = must(run(insertingJob(session, row, job.due)));
  for (const hold of rows.holds) must(run(takingHold(session, { ...hold, job: job.id, parent: job.id })));
  const head = must(run(CompiledQuery.raw(session.dialect.freeLane, [job.tenant]) as CompiledQuery<Head>));
  const entry = linked(session.cipher, rows.entry, head);
  run(insertingEntry(session, entry));
  run(endingChain(session, entry));
  return insertedJob(session.cipher, job, row, given, rows.holds);
}

/** Returns the first row. @throws Unfit where there is none */
function must<R>([row]: readonly R[]): R {
  if (row === undefined) throw new Unfit();
  return row;
}
