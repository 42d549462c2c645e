import { FINISHED, StaleError, type JobRow, type JobState, type Store } from '../store/store';
import type { JobQueue } from './queue';
import type { WorkflowTable } from './table';
import type { Workflow } from './workflow';

/** States in which a Job has not ended. */
export const UNFINISHED: readonly JobState[] = ['QUEUED', 'RUNNING', 'STOPPING'];
const STOPPABLE: readonly JobState[] = ['QUEUED', 'RUNNING'];

/** True once nothing more will happen to the Job. */
export function isFinished(job: Pick<JobRow, 'state'>): boolean {
  return FINISHED.includes(job.state);
}

/** Whether a step that changes something has begun. */
export function hasBegun({ steps }: Workflow, { step, attempts }: Pick<JobRow, 'step' | 'attempts'>): boolean {
  const at = step === null ? (attempts > 0 ? 0 : -1) : steps.findIndex(({ name }) => name === step);
  return steps.slice(0, at + 1).some(({ looks }) => !looks);
}

/** Whether a stop is taken now: of a delete that has begun none is, it goes on to its end. */
export function mayStop(row: JobRow, workflows: WorkflowTable): boolean {
  if (isFinished(row)) return false;
  const workflow = row.workflow === null ? undefined : workflows.get(row.workflow, row.workflowVersion);
  return !workflow?.endures || !hasBegun(workflow, row);
}

/**
 * Asks for a Job to be stopped (5.17.1): it becomes STOPPING, and whoever works it undoes what was done at the next
 * step boundary. Asking again, after the end, or of what is not stopped any more (mayStop), changes nothing.
 * @returns the Job as it is now, or undefined when there is none.
 */
export async function requestStop(store: Store, queue: JobQueue, jobId: string, workflows: WorkflowTable): Promise<JobRow | undefined> {
  try {
    const row = await store.transaction(async (unit) => {
      const current = await unit.job(jobId);
      if (!current || !STOPPABLE.includes(current.state) || !mayStop(current, workflows)) return { current };
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
