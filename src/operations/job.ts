import type { Values } from '../model/values';
import { isFinished, type JobRow } from '../store/store';

/** Jobs are kept in rows of their own; this is where they become CIMI Jobs (DSP0263 5.17.1). */
export const JOB = 'Job';
export const JOBS = 'jobs';

/** returnCode of a request that was refused before anything was done (10000 and up are the provider's, D151). */
export const REFUSED = 10_000;

export function jobPath(id: string): string {
  return `${JOBS}/${id}`;
}

/** A Job's attributes; `nested` are the ids of its children. */
export function jobValues(job: JobRow, nested: readonly string[]): Values {
  return {
    id: jobPath(job.id),
    ...job.naming,
    created: job.created,
    updated: job.changed,
    state: job.state,
    targetResource: { href: job.target },
    affectedResources: job.affected.map((href) => ({ href })),
    action: job.action,
    returnCode: job.returnCode,
    progress: isFinished(job) ? 100 : job.progress,
    statusMessage: job.statusMessage,
    timeOfStatusChange: job.changed,
    parentJob: job.parent === null ? undefined : { href: jobPath(job.parent) },
    nestedJobs: nested.map((id) => ({ href: jobPath(id) })),
    errorAt: job.failure?.at,
    plan: job.plan ?? undefined,
  };
}

/**
 * A Job that was never stored, for faults of requests that leave none: its id is empty (4.1.6.8, D152).
 * @param fault.affected references of what is there (5.17.1)
 */
export function unstoredJob(fault: {
  action: string;
  target: string;
  affected: readonly string[];
  message: string;
  at?: string | undefined;
  now: string;
}): Values {
  return {
    id: '',
    created: fault.now,
    state: 'FAILED',
    targetResource: { href: fault.target },
    affectedResources: fault.affected.map((href) => ({ href })),
    action: fault.action,
    returnCode: REFUSED,
    progress: 100,
    statusMessage: fault.message,
    timeOfStatusChange: fault.now,
    errorAt: fault.at,
  };
}

/**
 * Operations that would work now on a Job. Deleting an unfinished one is stopping it first (5.17.1.1).
 * @param isRead its parent has not ended and still reads how it ended
 */
export function jobOffers(job: JobRow, mayStop: boolean, isRead: boolean): string[] {
  const remove = isRead ? [] : ['delete'];
  if (isFinished(job)) return ['edit', ...remove];
  if (!mayStop) return ['edit'];
  return ['edit', ...remove, ...(job.state === 'STOPPING' ? [] : ['stop'])];
}
