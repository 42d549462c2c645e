import type { NewEntry } from './audit';
import { columnsOf, type NewEvent } from './events';
import { inOrder } from './holds';
import { jobToRow } from './job-rows';
import { newRow, targetsOf, type NewRow } from './resources';
import type { Session } from './session';
import { isFinished, type AcceptedChange, type Hold, type ResourcePath } from './store';
import { isEvidence } from '../model/event-types';

/** Rows of the tables that are what is accepted. */
export interface AcceptedRows {
  resources: readonly NewRow[];
  refs: readonly { source: ResourcePath; target: ResourcePath }[];
  events: readonly NewEvent[];
  job: ReturnType<typeof jobToRow>;
  holds: readonly Hold[];
  entry: { row: NewEntry; at: string | undefined };
  bytes: number;
}

/** Thrown to take everything back: something speaks against it. */
export class Unfit extends Error {}

/** Puts the rows together before the transaction begins. @throws NoKeyError */
export function rowsOf({ cipher }: Pick<Session, 'cipher'>, { resources, events, job, entry }: AcceptedChange): AcceptedRows {
  if (events.some(({ type }) => isEvidence(type)) || !isEvidence(entry.type)) throw new Error('entries of the audit go last, and alone');
  const made = resources.map((row) => newRow(cipher, row));
  return {
    resources: made,
    refs: resources.flatMap(({ path, values }) => targetsOf(values).map((target) => ({ source: path, target }))),
    events: events.map(columnsOf),
    job: jobToRow(cipher, job),
    holds: isFinished({ state: job.state ?? 'QUEUED' }) ? [] : inOrder(job.holds ?? []),
    entry: columnsOf(entry),
    bytes: made.reduce(
      (sum, { values: { document, secrets, internal } }) => sum + size(document) + size(secrets ?? '') + size(internal),
      0,
    ),
  };
}

const size = (text: string): number => Buffer.byteLength(text);
