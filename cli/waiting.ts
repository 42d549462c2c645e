import type { Accepted, Handle } from '../sdk/index.ts';
import type { Context } from './context.ts';
import { showItem } from './output.ts';
import { Problem } from './problem.ts';

/** URI of a Job, from what an answer has of it. */
export const uriOfJob = (job: NonNullable<Accepted['job']>): string => ('href' in job ? job.href : job.id);

/**
 * Waits for a Job, and tells its progress on a terminal.
 * @throws CimiError where it failed; Problem where the wait was interrupted: the Job goes on
 */
export async function waitForJob({ cimi, world }: Context, uri: string): Promise<Handle<'Job'>> {
  const { err, signal } = world;
  const told = err.isTTY ? (job: Handle<'Job'>): void => void err.write(`\r\u001b[K${progressOf(job)}`) : undefined;
  try {
    return await cimi.wait(uri, { signal, onProgress: told });
  } catch (error) {
    if (signal.aborted) throw new Problem(130, `the Job goes on; wait for it with: cimi jobs wait ${uri}`);
    throw error;
  } finally {
    if (told) err.write('\r\u001b[K');
  }
}

function progressOf({ action = '', state, progress = 0, statusMessage = '' }: Handle<'Job'>): string {
  const words = statusMessage.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 60);
  return `${action.split('/').at(-1)} ${state} ${progress} % ${words}`;
}

/** Waits for what was accepted, unless it is not to be waited for: then its Job is shown. @returns whether it is done */
export async function settle(context: Context, { job }: Accepted): Promise<boolean> {
  if (job === undefined) return true;
  const uri = uriOfJob(job);
  if (context.options.wait) {
    await waitForJob(context, uri);
    return true;
  }
  await showItem(context, (await context.cimi.get<'Job'>(uri)).toJSON() as never);
  return false;
}
