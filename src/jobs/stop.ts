import { isFinished, StaleError, type JobRow, type JobState, type Store, type UnitOfWork } from '../store/store';
import type { JobQueue } from './queue';
import { firstPlace, type Workflow, type WorkflowRegistry } from './workflow';

const STOPPABLE: readonly JobState[] = ['QUEUED', 'RUNNING'];

/** True once a step that changes something has begun. */
export function hasBegun(workflow: Workflow, row: Pick<JobRow, 'step' | 'attempts' | 'input' | 'results'>): boolean {
  const { steps } = workflow;
  const { step, attempts } = row;
  const at = step === null ? (attempts > 0 ? firstPlace(workflow, row) : -1) : steps.findIndex(({ name }) => name === step);
  return steps.slice(0, at + 1).some(({ readOnly }) => !readOnly);
}

/** True while a stop is taken: an unstoppable workflow (a delete) that has begun to change something goes on to its end. */
export function mayStop(row: JobRow, workflows: WorkflowRegistry): boolean {
  if (isFinished(row)) return false;
  const workflow = row.workflow === null ? undefined : workflows.get(row.workflow, row.workflowVersion);
  return !workflow?.unstoppable || !hasBegun(workflow, row);
}

/**
 * Asks for a Job to be stopped (5.17.1): it becomes STOPPING, and whoever works it undoes what was done at the next
 * step boundary. Asking again, after the end, or of what is not stopped any more (mayStop), changes nothing.
 * @param also what the same transaction records where it takes the stop
 * @returns the Job as it is now, or undefined when there is none.
 */
export async function requestStop(
  store: Store,
  queue: JobQueue,
  jobId: string,
  workflows: WorkflowRegistry,
  also?: (unit: UnitOfWork) => Promise<void>,
): Promise<JobRow | undefined> {
  try {
    const row = await store.transaction(async (unit) => {
      const current = await unit.job(jobId);
      if (!current || !STOPPABLE.includes(current.state) || !mayStop(current, workflows)) return { current };
      const asked = await unit.updateJob(jobId, { state: 'STOPPING', statusMessage: 'stop was asked for', dueInMs: 0 }, STOPPABLE);
      await also?.(unit);
      return { asked };
    });
    if (!row.asked) return row.current;
    await queue.notify(jobId);
    return row.asked;
  } catch (error) {
    if (!(error instanceof StaleError)) throw error;
    return store.job(jobId);
  }
}
