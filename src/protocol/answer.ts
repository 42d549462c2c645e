import { removeWithAssociations } from '../operations/associations';
import { Refusal } from '../operations/resource-handler';
import { jobPath } from '../operations/job';
import { mayStillBe } from '../operations/undo-create';
import type { Values } from '../model/values';
import { parseQuery } from '../query/query';
import { isFinished, type JobRow, type ResourcePath, type UnitOfWork } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';
import type { Accepted } from './change';
import { acceptable, represent } from './read';
import { statusOfKind } from './faults';
import type { CimiResponse } from './messages';
import { route, type Routed } from './router';
import type { Views } from './views';

/** Delay before a client asks for a Job again, in seconds. */
export const RETRY = { 'Retry-After': '1' };

type Kind = Accepted['kind'];

/** Subject of an answer, beside the Job. */
interface Subject {
  /** Path of what is created or changed; undefined where the body is the Job. */
  path: ResourcePath | undefined;
  /** Attributes that can be told of it where it cannot be read yet. */
  partial: Values | undefined;
  /** Attributes of this one answer only. */
  answerOnly?: Values | undefined;
  /** More of the answer's headers. */
  headers: Readonly<Record<string, string>>;
}

/** Answer as it is told, and remembered for when the request comes again. */
interface Verdict {
  status: number;
  location?: ResourcePath;
}

/**
 * The answer to an accepted change: waits for the Job as the client prefers, else up to the grace, and not at all for
 * actions. 201 or 200 when it is done, 202 when not (4.2.1.6, 4.2.1.7); the body of a create and of a PUT is the resource as it is now, that of an action
 * and of a delete the Job.
 */
export async function answerChange(views: Views, routed: Routed, accepted: Accepted): Promise<CimiResponse> {
  const { kind, plan, job, partial } = accepted;
  const { protocol } = routed;
  const { job: waited, headers } = await protocol.waiting.for(routed.request, job, kind === 'act' ? 0 : protocol.graceMs);
  const now = waited ?? job;
  const document = plan.document === undefined ? undefined : `../${plan.document}`;
  const verdict = await decide(routed, kind, now, kind === 'create' ? plan.location : document);
  const path = kind === 'create' ? plan.location : kind === 'update' ? routed.path : undefined;
  return answer(views, routed, await taken(routed, now, path), verdict, { path, partial, answerOnly: plan.answerOnly, headers });
}

/**
 * The first answer again, for a request that came with the same Idempotency-Key. One that would rather wait is answered by
 * how the Job stands after its wait.
 */
export async function replay(views: Views, routed: Routed, first: JobRow): Promise<CimiResponse> {
  const { protocol, request, location, path } = routed;
  // One that came at the same time has its time to answer.
  const ownMs = first.answer === null ? protocol.graceMs : 0;
  const { job: waited = first, headers } = await protocol.waiting.for(request, first, ownMs);
  const job = isFinished(first) ? first : ((await protocol.store.job(first.id)) ?? waited);
  const kind = kindOf(request.method, location.kind);
  const made = kind === 'create' ? (job.answer?.location ?? job.affected.find((one) => one !== job.target)) : undefined;
  const isOver = job.answer?.status === 202 && isFinished(job) && headers['Preference-Applied'] !== undefined;
  const verdict = job.answer === null || isOver ? await decide(routed, kind, job, made) : job.answer;
  return answer(views, routed, job, verdict, { path: kind === 'update' ? path : made, partial: undefined, headers });
}

function kindOf(method: string, at: Routed['location']['kind']): Kind {
  if (method === 'PUT') return 'update';
  if (method === 'DELETE') return 'remove';
  return at === 'collection' ? 'create' : 'act';
}

/**
 * Decides what is answered. A create that is answered as failed leaves nothing behind: its client never learnt of the
 * resource. Only what may exist at the provider stays, and is told of. Both in one transaction with remembering the answer.
 */
async function decide({ protocol, request }: Routed, kind: Kind, job: JobRow, location: ResourcePath | undefined): Promise<Verdict> {
  const status = statusFor(kind, job);
  const failed = kind === 'create' && status >= 400;
  const told: Verdict = { status, ...(location === undefined ? {} : { location }) };
  // Nobody hears what is said to a connection that has ended: the next request with the key is answered anew.
  if ((job.idempotencyKey === null && !failed) || request.client?.signal.aborted) return told;
  return unlessAway(protocol, told, () =>
    protocol.store.transaction(async (unit) => {
      const gone = failed && location !== undefined && (await dropped(unit, location));
      const verdict: Verdict = gone ? { status } : told;
      if (job.idempotencyKey !== null) await unit.updateJob(job.id, { answer: verdict });
      return verdict;
    }),
  );
}

/** Drops what a failed create left, unless something of it may be at the provider or another change has begun. @returns whether nothing is there. */
async function dropped(unit: UnitOfWork, path: ResourcePath): Promise<boolean> {
  const row = await unit.resource(path);
  if (!row) return true;
  if (mayStillBe(row) || (await unit.holds([path])).size > 0) return false;
  await removeWithAssociations(unit, path);
  return true;
}

/** Answers what was accepted as such although the store is away by now: another request would do it twice. */
async function unlessAway<T>({ log }: Routed['protocol'], otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    log.warn('the database was unavailable while an accepted change was answered', { error: error.message });
    return otherwise;
  }
}

function statusFor(kind: Kind, job: JobRow): number {
  if (job.state === 'FAILED') return statusOfKind(job.failure?.kind);
  if (!isFinished(job)) return 202;
  if (job.state === 'STOPPED') return 409;
  return kind === 'create' ? 201 : 200;
}

/** The Job as it is told: where this process takes it at once it is RUNNING by now, which every client knows. */
async function taken({ protocol }: Routed, job: JobRow, path: ResourcePath | undefined): Promise<JobRow> {
  if (job.state !== 'QUEUED' || path !== undefined) return job;
  return (await protocol.jobs.leasedHere(job.id)) ?? job;
}

async function answer(views: Views, routed: Routed, job: JobRow, { status, location }: Verdict, subject: Subject): Promise<CimiResponse> {
  const { protocol } = routed;
  const later = status === 202 || status === 503 || status === 504;
  const headers: Record<string, string> = { 'CIMI-Job-URI': protocol.base + jobPath(job.id), ...(later ? RETRY : {}), ...subject.headers };
  // A document lies beside what is served below the base.
  if (location !== undefined)
    headers.Location = location.startsWith('../') ? new URL(location, protocol.base).href : protocol.base + location;
  const shown = status < 400 ? await resourceOf(views, routed, status, subject) : undefined;
  if (shown) return { ...shown, headers: { ...shown.headers, ...headers } };
  return answerWithJob(views, routed, job, { status, headers });
}

/** The resource as the answer's body, if it is one. Before the change is done it has no validator: it is about to be another. */
async function resourceOf(views: Views, routed: Routed, status: number, subject: Subject): Promise<CimiResponse | undefined> {
  const { protocol, request, principal } = routed;
  const { path, answerOnly, partial } = subject;
  if (path === undefined) return undefined;
  try {
    const at = route(protocol, { ...request, path }, principal);
    const shown = await represent(views, at, await views.one(at), parseQuery([], 'resource'), status, answerOnly ?? {});
    if (status !== 202) return shown;
    return { ...shown, headers: { 'Content-Type': shown.headers['Content-Type'] ?? '' } };
  } catch (error) {
    const isGone = error instanceof Refusal && error.status === 404;
    protocol.log.warn('the resource could not be read for the answer to its change', {
      path,
      error: error instanceof Error ? error.message : 'unknown',
    });
    // Deleted again meanwhile: the change itself was done, its Job tells so.
    if (!partial || (isGone && status !== 202)) return undefined;
    return partOf(routed, path, status, partial);
  }
}

/** Shows what is known of a resource without reading it: consistent with the whole, as 4.2.1.7 wants it. */
function partOf(routed: Routed, path: ResourcePath, status: number, { state, ...values }: Values): CimiResponse | undefined {
  const { protocol } = routed;
  const location = protocol.catalogue.locate(path);
  if (!location) return undefined;
  const writer = protocol.writers[acceptable(routed)];
  const shown: Values = { id: path, ...values, ...(state !== undefined && status === 202 ? { state } : {}) };
  const body = writer.document({ type: location.type, values: shown }, { base: protocol.base });
  return { status, headers: { 'Content-Type': writer.mediaType }, body: [body] };
}

/** An answer whose body is a Job; of one that was deleted, the last of it. */
export async function answerWithJob(
  views: Views,
  routed: Routed,
  job: JobRow,
  { status, headers = {}, gone = false }: { status: number; headers?: Readonly<Record<string, string>>; gone?: boolean },
): Promise<CimiResponse> {
  const { protocol } = routed;
  const view = await unlessAway(protocol, views.alone(job), () => views.ofJob(job));
  const writer = protocol.writers[acceptable(routed)];
  const body = writer.document({ ...view, ...(gone ? { operations: [] } : {}) }, { base: protocol.base });
  return { status, headers: { 'Content-Type': writer.mediaType, ...headers }, body: [body] };
}
