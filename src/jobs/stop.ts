import { FINISHED, StaleError, type JobRow, type JobState, type Store } from '../store/store';
import type { JobQueue } from './queue';

/** States in which a Job has not ended. */
export const UNFINISHED: readonly JobState[] = ['QUEUED', 'RUNNING', 'STOPPING'];
const STOPPABLE: readonly JobState[] = ['QUEUED', 'RUNNING'];

/** True once nothing more will happen to the Job. */
export function isFinished(job: Pick<JobRow, 'state'>): boolean {
  return FINISHED.includes(job.state);
}

/**
 * Asks for a Job to be stopped (5.17.1): it becomes STOPPING, and whoever works it undoes what was done at the next
 * step boundary. Asking again, or after the end, changes nothing.
 * @returns the Job as it is now, or undefined when there is none.
 */
export async function requestStop(store: Store, queue: JobQueue, jobId: string): Promise<JobRow | undefined> {
  try {
    const row = await store.transaction(async (unit) => {
      const current = await unit.job(jobId);
      if (!current || !STOPPABLE.includes(current.state)) return { current };
      return { asked: await unit.updateJob(jobId, { state: 'STOPPING', statusMessage: 'stop was asked for', dueInMs: 0 }, STOPPABLE) };
    });
    if (!row.asked) return row.current;
    await queue.tell(jobId);
    return row.asked;
  } catch (error) {
    if (!(error instanceof StaleError)) throw error;
    return store.job(jobId);
  }
}
