import type { JobProgress, JobRow } from '../store/store';
import type { Hand } from './context';
import { isFinished, UNFINISHED } from './stop';

/** Where a Job is within its slot; undefined: the slot is given up. */
export type Turn = { row: JobRow; begun: boolean } | undefined;

/** A told Job must be due when it is leased, so messages come a little later than the due time. */
const SLACK_MS = 5;

/**
 * Gives the Job back, due again after `dueInMs`, and asks the queue to bring it then.
 * @param before the Job as this worker last saw it.
 * @param write records it, given what to write besides.
 */
export async function giveBack(
  hand: Hand,
  before: JobRow,
  dueInMs: number,
  write: (progress: JobProgress) => Promise<JobRow>,
): Promise<undefined> {
  const row = await write({ dueInMs, release: true });
  hand.lease.end();
  const stopCame = row.state === 'STOPPING' && before.state !== 'STOPPING' && !row.undoing;
  await bringBack(hand, row, dueInMs, stopCame && dueInMs > 0);
  return undefined;
}

/** A stop that came while the step ran made the Job due at once; the wait just written must not put that off. */
async function bringBack({ kit }: Hand, row: JobRow, dueInMs: number, stopNow: boolean): Promise<void> {
  try {
    if (stopNow) await kit.store.transaction((unit) => unit.updateJob(row.id, { dueInMs: 0 }, ['STOPPING']));
    await kit.queue.tell(row.id, stopNow || dueInMs <= 0 ? 0 : Math.ceil(dueInMs) + SLACK_MS);
  } catch (error) {
    kit.log.warn({ job: row.id, err: error }, 'the queue could not be told; the sweep will find the job');
  }
}

/** Attempts to record when the one in hand has ended with an answer: only those without one stay counted. */
export function answered(row: JobRow): number {
  return Math.max(0, row.attempts - 1);
}

/** Tells the process and the parent that a Job has ended. */
export async function announceEnd({ kit }: Hand, row: JobRow): Promise<void> {
  kit.ended(row);
  kit.log.info({ job: row.id, state: row.state, returnCode: row.returnCode }, row.statusMessage);
  if (row.parent === null) return;
  try {
    const others = await kit.store.jobs({ parent: row.parent, states: UNFINISHED, limit: 1 });
    if (others.length > 0) return;
    const parent = await kit.store.job(row.parent);
    if (!parent || isFinished(parent)) return;
    await kit.store.transaction((unit) => unit.updateJob(parent.id, { dueInMs: 0 }, UNFINISHED));
    await kit.queue.tell(parent.id);
  } catch (error) {
    kit.log.warn({ job: row.id, parent: row.parent, err: error }, 'the parent could not be told; it will look itself');
  }
}
