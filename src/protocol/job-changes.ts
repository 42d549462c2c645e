import { ACTION } from '../model/define';
import { JOBS } from '../operations/job';
import { namingOf } from '../operations/naming';
import { Refusal } from '../operations/resource-handler';
import { actionOfBody, notAllowed, updateOfBody } from './change';
import { recordAccess, type Told } from './audited';
import { checkConditions } from './conditions';
import { answerWithJob, RETRY } from './answer';
import type { CimiResponse } from './messages';
import type { Routed } from './router';
import type { View } from './view';
import type { Views } from './views';
import { isFinished, type JobRow, type StoreReads } from '../store/store';
import { shown } from '../model/shown';

/** Time that a delete of an unfinished Job waits for it to stop, in ms. */
const STOP_MS = 5_000;

/**
 * PUT, DELETE and POST of an Action on a Job (5.17.1.1). They leave no other Job (D108): a stop is followed by the Job that
 * it stops, a PUT and a DELETE are done at once and name none.
 */
export async function changeJob(views: Views, routed: Routed): Promise<CimiResponse> {
  const { request, protocol } = routed;
  const view = await views.one(routed);
  checkConditions(request.headers, view.core);
  const job = jobOf(view, routed);
  const asked = request.method === 'POST' ? 'stop' : request.method === 'PUT' ? 'edit' : 'delete';
  await views.mustChangeJob(job, asked, routed.principal);
  if (request.method === 'PUT') {
    const { set, erase } = updateOfBody(routed, view.values);
    const next = namingOf({ ...view.values, ...set });
    for (const name of erase) delete (next as Record<string, unknown>)[name];
    const changed = await protocol.store.transaction(async (unit) => {
      await recordAccess(unit, routed, done('edit', job));
      return unit.updateJob(job.id, { naming: clean(next) });
    });
    return answerWithJob(views, routed, changed, { status: 200 });
  }
  if (request.method === 'DELETE') return deleteJob(views, routed, job);
  const { values } = actionOfBody(routed);
  const action = protocol.catalogue.action(view.type, String(values.action));
  if (action?.name !== 'stop')
    throw new Refusal(400, `${shown(String(values.action))} is no operation of ${view.type}`, { at: 'action', kind: 'unsupported' });
  if (isFinished(job)) throw new Refusal(409, `${JOBS}/${job.id} has ended: it is ${job.state}`, { kind: 'conflict' });
  await stop(routed, job);
  const { job: now = job, headers: applied } = await protocol.waiting.for(request, job, protocol.graceMs);
  const headers = { 'CIMI-Job-URI': protocol.base + view.path, ...applied };
  return answerWithJob(views, routed, now, isFinished(now) ? { status: 200, headers } : { status: 202, headers: { ...headers, ...RETRY } });
}

/** @throws Refusal 409 for what is not stopped any more. */
async function stop(routed: Routed, job: JobRow): Promise<void> {
  const { protocol } = routed;
  const asked = await protocol.jobs.requestStop(job.id, (unit) => recordAccess(unit, routed, done('stop', job)));
  if (!asked || isFinished(asked) || asked.state === 'STOPPING') return;
  throw new Refusal(409, `${JOBS}/${job.id} can't be stopped any more: its deletion has begun and goes on to its end`, {
    kind: 'conflict',
    retryAfterS: 2,
    job: job.id,
  });
}

/** Deleting an unfinished Job is stopping it, then deleting it. */
async function deleteJob(views: Views, routed: Routed, job: JobRow): Promise<CimiResponse> {
  const { protocol } = routed;
  await mayGo(protocol.store, job);
  if (!isFinished(job)) await stop(routed, job);
  const { job: last = job, headers } = await protocol.waiting.for(routed.request, job, STOP_MS);
  if (!isFinished(last)) {
    throw new Refusal(409, `${JOBS}/${job.id} was asked to stop and has not ended yet: delete it when it has`, {
      kind: 'conflict',
      retryAfterS: 2,
      job: job.id,
    });
  }
  await protocol.store.transaction(async (unit) => {
    await mayGo(unit, job);
    await unit.deleteJob(job.id);
    await recordAccess(unit, routed, done('delete', job));
  });
  return answerWithJob(views, routed, last, { status: 200, headers, gone: true });
}

/** @throws Refusal 409 for the record of a nested Job that its parent still reads. */
async function mayGo(reads: StoreReads, job: JobRow): Promise<void> {
  const parent = job.parent === null ? undefined : await reads.job(job.parent);
  if (!parent || isFinished(parent)) return;
  throw new Refusal(409, `${JOBS}/${job.id} is part of ${JOBS}/${parent.id}, which has not ended yet: delete it when it has`, {
    kind: 'conflict',
    retryAfterS: 2,
    job: parent.id,
  });
}

/** An entry of the audit for what is done to a Job: it leaves none of its own (D108). */
function done(word: 'edit' | 'stop' | 'delete', { id }: JobRow): Told {
  return { outcome: 'Success', action: ACTION + word, job: id, detail: `${word} ${JOBS}/${id}` };
}

function jobOf(view: View, routed: Routed): JobRow {
  if (!view.job) throw notAllowed(routed);
  return view.job;
}

function clean(naming: ReturnType<typeof namingOf>): JobRow['naming'] {
  return Object.fromEntries(Object.entries(naming).filter(([, value]) => value !== undefined)) as JobRow['naming'];
}
