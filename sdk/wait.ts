import { CimiError, kindOfJob } from './errors.ts';
import { Resource, type Handle, type JobRef } from './resource.ts';
import { pause, retryAfterOf, type Session } from './session.ts';

/** Options of waiting for a Job. */
export interface WaitOptions {
  /** Called with the Job whenever its state, progress or words are others. */
  onProgress?: ((job: Handle<'Job'>) => void) | undefined;
  /** Ends the wait; the Job goes on. */
  signal?: AbortSignal | undefined;
}

/** States of a Job that has ended (DSP0263 5.17.1). */
const ENDS: readonly string[] = ['SUCCESS', 'FAILED', 'STOPPED'];
/** Seconds for which one request waits: with somebody who looks at the progress, and without. */
const LOOK = 2;
const LONG = 30;
/** Number of times that one request of a wait is sent again: a provider may start anew meanwhile. */
const PATIENCE = 12;

/**
 * Waits until a Job has ended. A provider that lets answers wait (RFC 7240) is asked to; else it is asked again after its Retry-After.
 * @returns the Job, whose state is SUCCESS
 * @throws CimiError where it failed or was stopped, with the Job
 */
export async function waitFor(session: Session, job: JobRef | string, { onProgress, signal }: WaitOptions = {}): Promise<Handle<'Job'>> {
  const url = typeof job === 'string' ? job : 'href' in job ? job.href : job.id;
  const headers = { Prefer: `wait=${onProgress ? LOOK : LONG}` };
  let told = '';
  for (let round = 0; ; round++) {
    // The first look waits for nothing: it tells how far the Job is.
    const answer = await session.send({ url, headers: round === 0 && onProgress ? {} : headers, signal, retries: PATIENCE });
    const seen = new Resource(session, answer.values ?? {}, answer.header('ETag')) as unknown as Handle<'Job'>;
    const now = JSON.stringify([seen.state, seen.progress, seen.statusMessage]);
    if (now !== told) onProgress?.(seen);
    told = now;
    if (ENDS.includes(seen.state)) return ended(seen, answer.header('X-Request-Id'));
    const waited = answer.header('Preference-Applied') !== undefined || (round === 0 && onProgress !== undefined);
    const seconds = retryAfterOf(answer) ?? Math.min(5, 0.25 * 2 ** round);
    if (!waited) await pause(seconds * 1000, signal);
  }
}

function ended(job: Handle<'Job'>, requestId: string | undefined): Handle<'Job'> {
  if (job.state === 'SUCCESS') return job;
  const words = job.statusMessage ?? `the Job ended ${job.state}`;
  throw new CimiError(kindOfJob(job), words, { job, requestId });
}
