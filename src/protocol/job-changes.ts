import { JOBS, isFinished } from '../operations/job';
import { namingOf } from '../operations/naming';
import { Refusal } from '../operations/family';
import { actionOfBody, notAllowed, updateOfBody } from './change';
import { checkMatch } from './conditions';
import { answerWithJob } from './answer';
import type { CimiResponse } from './messages';
import type { Routed } from './router';
import type { View } from './view';
import type { Views } from './views';
import type { JobRow } from '../store/store';

/** How long a delete of an unfinished Job waits for it to stop, in ms. */
const STOP_MS = 5_000;

/** PUT, DELETE and POST of an Action on a Job (5.17.1.1). */
export async function changeJob(views: Views, routed: Routed): Promise<CimiResponse> {
  const { request, principal, protocol } = routed;
  if (principal.role === 'reader') throw new Refusal(403, `${principal.name} may read only`, { kind: 'forbidden' });
  const view = await views.one(routed);
  checkMatch(request.headers['if-match'], view.core);
  const job = jobOf(view, routed);
  if (request.method === 'PUT') {
    const { set, erase } = updateOfBody(routed);
    const next = namingOf({ ...view.values, ...set });
    for (const name of erase) delete (next as Record<string, unknown>)[name];
    const changed = await protocol.store.transaction((unit) => unit.updateJob(job.id, { naming: clean(next) }));
    return answerWithJob(views, routed, changed, 200);
  }
  if (request.method === 'DELETE') return deleteJob(views, routed, job);
  const { values } = actionOfBody(routed);
  const action = protocol.catalogue.action(view.type, String(values.action));
  if (action?.name !== 'stop')
    throw new Refusal(400, `action: ${String(values.action)} is no operation of ${view.type}`, { kind: 'unsupported' });
  if (isFinished(job)) throw new Refusal(409, `${JOBS}/${job.id} has ended: it is ${job.state}`, { kind: 'conflict' });
  await stop(routed, job);
  const now = await protocol.jobs.waitFor(job.id, protocol.graceMs);
  return answerWithJob(views, routed, now ?? job, now && isFinished(now) ? 200 : 202);
}

/** @throws Refusal 409 for what is not stopped any more. */
async function stop({ protocol }: Routed, job: JobRow): Promise<void> {
  const asked = await protocol.jobs.requestStop(job.id);
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
  let last: JobRow | undefined = job;
  if (!isFinished(job)) {
    await stop(routed, job);
    last = await protocol.jobs.waitFor(job.id, STOP_MS);
    if (last && !isFinished(last)) {
      throw new Refusal(409, `${JOBS}/${job.id} was asked to stop and has not ended yet: delete it when it has`, {
        kind: 'conflict',
        retryAfterS: 2,
        job: job.id,
      });
    }
  }
  await protocol.store.transaction(async (unit) => {
    const parent = job.parent === null ? undefined : await unit.job(job.parent);
    if (parent && !isFinished(parent)) {
      throw new Refusal(409, `${JOBS}/${job.id} is part of ${JOBS}/${parent.id}, which has not ended yet: delete it when it has`, {
        kind: 'conflict',
        retryAfterS: 2,
        job: parent.id,
      });
    }
    await unit.deleteJob(job.id);
  });
  return answerWithJob(views, routed, last, 200);
}

function jobOf(view: View, routed: Routed): JobRow {
  if (!view.job) throw notAllowed(routed);
  return view.job;
}

function clean(naming: ReturnType<typeof namingOf>): JobRow['naming'] {
  return Object.fromEntries(Object.entries(naming).filter(([, value]) => value !== undefined)) as JobRow['naming'];
}
