import { isFinished, jobPath } from '../operations/job';
import { parseQuery } from '../query/query';
import type { JobRow } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';
import type { Accepted } from './change';
import { acceptable, represent } from './read';
import { statusOfKind } from './faults';
import type { CimiResponse } from './messages';
import { notFound, route, type Routed } from './router';
import type { Views } from './views';

/** What a client waits before it asks for a Job again, in seconds. */
const RETRY_AFTER_S = '1';

/**
 * The answer to an accepted change: waits for the Job up to the grace, not at all for actions. 201 or 200 when it is
 * done (the resource; the Job for deletes and actions), 202 with the Job when not (4.2.1.6, 4.2.1.7).
 */
export async function answerChange(views: Views, routed: Routed, { kind, plan, job }: Accepted): Promise<CimiResponse> {
  const { protocol } = routed;
  const waits = plan.work && kind !== 'act';
  const now = (waits ? await protocol.jobs.waitFor(job.id, protocol.graceMs) : undefined) ?? job;
  const status = statusFor(kind, now);
  if (now.idempotencyKey !== null) {
    const answer = { status, ...(plan.location === undefined ? {} : { location: plan.location }) };
    await unlessAway(protocol, now, () => protocol.store.transaction((unit) => unit.updateJob(now.id, { answer })));
  }
  return answerJob(views, routed, now, {
    status,
    location: plan.location,
    resource: kind === 'create' ? plan.location : kind === 'update' ? routed.path : undefined,
    answerOnly: plan.answerOnly,
  });
}

/** What was accepted is answered as such although the store is away by now: another request would do it twice. */
async function unlessAway<T>({ log }: Routed['protocol'], otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    log.warn('the store was away while an accepted change was answered', { error: error.message });
    return otherwise;
  }
}

/** The first answer again, for a request that came with the same Idempotency-Key. */
export async function replay(views: Views, routed: Routed, first: JobRow): Promise<CimiResponse> {
  const job = await answered(routed, first);
  const location = job.answer?.location ?? job.affected.find((path) => path !== job.target);
  const status =
    job.answer?.status ?? statusFor(routed.request.method === 'POST' && routed.location.kind === 'collection' ? 'create' : 'act', job);
  const resource = status === 201 ? location : status === 200 && routed.request.method === 'PUT' ? routed.path : undefined;
  return answerJob(views, routed, job, {
    status,
    location: routed.request.method === 'POST' && routed.location.kind === 'collection' ? location : undefined,
    resource,
    answerOnly: undefined,
  });
}

/** The Job of a request that came twice at the same time, once the first has had its time to answer. */
async function answered({ protocol }: Routed, job: JobRow): Promise<JobRow> {
  if (job.answer !== null || isFinished(job)) return job;
  await protocol.jobs.waitFor(job.id, protocol.graceMs);
  return (await protocol.store.job(job.id)) ?? job;
}

function statusFor(kind: Accepted['kind'], job: JobRow): number {
  if (job.state === 'FAILED') return statusOfKind(job.failure?.kind);
  if (!isFinished(job)) return 202;
  if (job.state === 'STOPPED') return 409;
  return kind === 'create' ? 201 : 200;
}

interface Answer {
  status: number;
  location: string | undefined;
  /** Path of the resource that is the body; the Job otherwise. */
  resource: string | undefined;
  answerOnly: Accepted['plan']['answerOnly'];
}

async function answerJob(
  views: Views,
  routed: Routed,
  job: JobRow,
  { status, location, resource, answerOnly }: Answer,
): Promise<CimiResponse> {
  const { protocol, request, principal } = routed;
  const headers: Record<string, string> = { 'CIMI-Job-URI': protocol.base + jobPath(job.id) };
  if (location !== undefined) headers.Location = protocol.base + location;
  if (status === 202 || status === 503 || status === 504) headers['Retry-After'] = RETRY_AFTER_S;
  const done = status === 200 || status === 201;
  if (done && resource !== undefined) {
    const at = route(protocol, { ...request, path: resource }, principal);
    const view = await views.one(at).catch((error: unknown) => {
      // Changed again or deleted meanwhile: the change itself was done, its Job tells so.
      protocol.log.warn('the changed resource could not be read for the answer', {
        path: resource,
        error: error instanceof Error ? error.message : 'unknown',
      });
      return undefined;
    });
    if (view) {
      const answer = await represent(views, at, view, parseQuery([], 'resource'), status, answerOnly ?? {});
      return { ...answer, headers: { ...answer.headers, ...headers } };
    }
  }
  const view = await unlessAway(protocol, views.alone(job), () => views.ofJob(job));
  const writer = protocol.writers[acceptable(routed)];
  return {
    status,
    headers: { 'Content-Type': writer.mediaType, ...headers },
    body: [writer.document({ ...view }, { base: protocol.base })],
  };
}

/** DELETE, PUT and stop of a Job itself leave no other Job (D108). */
export async function answerWithJob(views: Views, routed: Routed, job: JobRow | undefined, status: number): Promise<CimiResponse> {
  if (!job) throw notFound(routed.request.path);
  return answerJob(views, routed, job, { status, location: undefined, resource: undefined, answerOnly: undefined });
}
