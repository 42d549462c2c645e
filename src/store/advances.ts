import { sql } from 'kysely';
import { writtenBy } from './draft';
import { writeDrafts } from './draft-postgres';
import { prepared } from './prepared';
import type { Session } from './session';
import type { JobRow } from './store';
import { advancingAll, formed, jobOf, type Advance, type Form, type Returned } from './worked-jobs';

/** Writes of many Jobs where a network is between: as few statements as may be. */

/** Advances of one form: one statement writes them. */
export interface Alike {
  form: Form;
  members: { advance: Advance; values: Readonly<Record<string, unknown>> }[];
}

/**
 * Sorts advances by their forms. A statement writes no Job twice, and no row that another of its advances has read: a second
 * advance of one comes in a later group.
 */
export function alike(session: Session, advances: readonly Advance[]): Alike[] {
  const byForm = new Map<string, Alike>();
  const [jobs, read, written, again] = [new Set<string>(), new Set<string>(), new Set<string>(), [] as Advance[]];
  for (const advance of advances) {
    const { id, drafted } = advance;
    const reads = drafted ? [...drafted.seen.keys()] : [];
    const writes = drafted ? writtenBy(drafted) : [];
    if (jobs.has(id) || reads.some((path) => written.has(path)) || writes.some((path) => read.has(path))) {
      again.push(advance);
      continue;
    }
    jobs.add(id);
    for (const path of reads) read.add(path);
    for (const path of writes) written.add(path);
    const { form, values } = formed(session, advance);
    const name = `${form.name} ${drafted !== undefined}`;
    const group = byForm.get(name) ?? { form, members: [] };
    group.members.push({ advance, values });
    byForm.set(name, group);
  }
  return [...byForm.values(), ...(again.length > 0 ? alike(session, again) : [])];
}

/** Tells whether a statement by itself writes all of it. */
export function isOneStatement(groups: readonly Alike[]): boolean {
  return groups.length === 1 && !groups.some(({ members }) => members.some(({ advance }) => advance.drafted?.gone.length));
}

/**
 * Writes progress of several Jobs, none of which changes what is held, each under its own epoch: a statement for each of the groups.
 * @returns those that were written; the others, or what they have read, are not what they were expected to be
 */
export async function advanceGroups(session: Session, groups: readonly Alike[]): Promise<Map<Advance, JobRow>> {
  const written = new Map<Advance, JobRow>();
  for (const { form, members } of groups) {
    const values = members.map((member) => member.values);
    const drafts = members.flatMap(({ advance }) => (advance.drafted ? [{ job: advance.id, drafted: advance.drafted }] : []));
    const returned = drafts.length > 0 ? await writeDrafts(session, form, values, drafts) : await advanceAlike(session, form, values);
    const rows = new Map(returned.map((row) => [`${row.id} ${row.epoch}`, row]));
    for (const { advance } of members) {
      const row = rows.get(`${advance.id} ${advance.epoch}`);
      if (row) written.set(advance, jobOf(session, row));
    }
  }
  return written;
}

/** One statement, which frees what is held by those that end. */
async function advanceAlike(session: Session, form: Form, values: readonly Readonly<Record<string, unknown>>[]): Promise<Returned[]> {
  const { given, typed, update } = advancingAll(form);
  const { rows } = await prepared<Returned>(session, `advance all ${form.name}`, { given: given(values) }, (at, dialect) => {
    const updated = update(session, sql`(select * from json_to_recordset(${at('given')}::json) as given(${typed}))`, dialect);
    if (form.state !== 'ending') return updated.compile(session.db);
    return sql`with ended as (${updated}), freed as (delete from holds where job in (select id from ended)) select * from ended`.compile(
      session.db,
    );
  });
  return rows;
}
