import { wordOf } from '../model/event-types';
import { newId } from '../clouds/identity';
import { removeWithAssociations } from '../operations/associations';
import { rowOfDiscovered } from '../operations/discovered-row';
import { EVENT } from '../operations/event-log';
import { alarmEvent, modelEvent } from '../operations/events';
import { changeOf, withState } from '../operations/job-events';
import { Refusal, type Changeable, type Found, type ChangePlan } from '../operations/resource-handler';
import { JOB, REFUSED } from '../operations/job';
import type { EventRecord } from '../store/event-record';
import { isFinished, StaleError, type AcceptedChange, type JobRow, type NewJob, type UnitOfWork } from '../store/store';
import { accessEntry, recordAccess, type Told } from './audited';
import type { Scope } from './context';
import type { Idempotency } from './idempotency';
import { permitPlan } from './permit-plan';
import { checkQuotas, staysAway } from './quotas';

export interface Acceptance {
  action: string;
  idempotency: Idempotency | undefined;
  /** The resource as it was read for this change; its row must still be at that version. */
  found?: Changeable;
  /** True where it makes room: no quota hinders it. */
  deletes?: boolean;
}

/**
 * The one transaction that accepts a change: rows, Job, event. Then the queue is told. What needs no provider call
 * is finished here: its Job is born SUCCESS.
 * @throws HeldError, DuplicateKeyError, StaleError (another change came between), Refusal 403 beyond a quota.
 */
export async function accept(scope: Scope, plan: ChangePlan, acceptance: Acceptance): Promise<JobRow> {
  const { store, jobs, catalogue, tracer } = scope.protocol;
  tracer?.current()?.tell({ 'cimi.action': wordOf(acceptance.action) });
  // An action upon what is there makes what belongs to it.
  if (!acceptance.found)
    await permitPlan(scope.protocol, scope.principal, plan, isAction(acceptance.action, catalogue) ? plan.location : undefined);
  const atOnce = writesOf(scope, plan, acceptance);
  const job = (atOnce && (await store.acceptAtOnce(atOnce))) ?? (await store.transaction((unit) => write(unit, scope, plan, acceptance)));
  for (const first of plan.stops ?? []) await jobs.notify(first);
  if (plan.work) await jobs.notify(job.id);
  return job;
}

/** Tells whether it is by an action of its collection's own, an import, that something is made. */
function isAction(action: string, catalogue: Scope['protocol']['catalogue']): boolean {
  return catalogue.collections.some(({ name }) => catalogue.collectionAction(name, action) !== undefined);
}

/** All that `write` does, where nothing of it depends on what the transaction finds. */
function writesOf(scope: Scope, plan: ChangePlan, acceptance: Acceptance): AcceptedChange | undefined {
  const { found, deletes = false } = acceptance;
  const { protocol, principal } = scope;
  const { stops = [], change = [], remove = [], insert = [], also, tells = [] } = plan;
  if (also || stops.length + change.length + remove.length > 0) return undefined;
  const claimed = found && !found.derived ? found : undefined;
  if (claimed && !claimed.row && (!claimed.cloud || claimed.key === undefined)) return undefined;
  const id = newId();
  const told = changeEvent(scope, plan, { ...acceptance, job: id });
  return {
    claims: claimed?.row ? [claimed.row] : [],
    resources: claimed && !claimed.row ? [rowOfDiscovered(claimed), ...insert] : insert,
    events: [...(told ? [told] : []), ...tells.map((event) => ({ ...event, job: id }))],
    job: jobOf(scope, plan, acceptance, id),
    keepMs: protocol.retentionMinutes * 60_000,
    entry: accessEntry(scope, accessOf(plan, acceptance, id)),
    fits: deletes ? () => true : staysAway(protocol.quotas, principal.tenant, plan, found),
  };
}

/** Thrown to take a rehearsal back. */
class Rehearsed extends Error {}

/**
 * A plan with all that takes long to make, which is made only where the accepting transaction would take the change.
 * @throws what `accept` throws, and Refusal where it cannot be made now
 */
export async function generated(scope: Scope, plan: ChangePlan, acceptance: Acceptance): Promise<ChangePlan> {
  if (!plan.generate) return plan;
  const rehearsal = scope.protocol.store.transaction(async (unit) => {
    await write(unit, scope, plan, acceptance);
    throw new Rehearsed();
  });
  await rehearsal.catch((error: unknown) => {
    if (!(error instanceof Rehearsed)) throw error;
  });
  return plan.generate.run();
}

async function write(unit: UnitOfWork, scope: Scope, plan: ChangePlan, acceptance: Acceptance): Promise<JobRow> {
  const { protocol, principal } = scope;
  const { found, deletes = false } = acceptance;
  await holdVersion(unit, plan, found);
  for (const first of plan.stops ?? []) await stop(unit, first);
  for (const row of plan.insert ?? []) await unit.insertResource(row);
  for (const { path, version, change } of plan.change ?? []) await unit.updateResource(path, version, change);
  for (const path of plan.remove ?? []) await removeWithAssociations(unit, path);
  await plan.also?.(unit);
  const id = newId();
  const told = changeEvent(scope, plan, { ...acceptance, job: id });
  if (told) await unit.recordEvent(told);
  for (const event of plan.tells ?? []) await unit.recordEvent({ ...event, job: id });
  const expires = plan.work ? {} : { expires: (await unit.now()) + protocol.retentionMinutes * 60_000 };
  const job = await unit.insertJob({ ...jobOf(scope, plan, acceptance, id), ...expires });
  if (!deletes) await checkQuotas(unit, protocol.quotas, principal.tenant, plan, found);
  await recordAccess(unit, scope, accessOf(plan, acceptance, id));
  return job;
}

/** The Job of a change, without the time at which it expires. */
function jobOf({ principal, request }: Scope, plan: ChangePlan, { action, idempotency, found }: Acceptance, id: string): NewJob {
  return {
    id,
    tenant: principal.tenant,
    principal: principal.name,
    action,
    target: plan.target,
    affected: plan.affected.filter((path) => !(plan.remove ?? []).includes(path)),
    statusMessage: plan.statusMessage,
    requestId: request.requestId,
    ...(plan.work
      ? {
          workflow: plan.work.workflow,
          workflowVersion: plan.work.version,
          input: withState(plan.work.input, found),
          holds: plan.holds ?? [],
        }
      : { state: 'SUCCESS' as const, progress: 100 }),
    ...(idempotency ? { idempotencyKey: idempotency.key, requestHash: idempotency.hash } : {}),
    // A replay names the document, too, where the first answer was lost with its process.
    ...(plan.document === undefined ? {} : { answer: { status: 202, location: `../${plan.document}` } }),
  };
}

function accessOf(plan: ChangePlan, { action }: Acceptance, job: string): Told {
  return { outcome: 'Success', action, job, detail: `${wordOf(action)} ${plan.location ?? plan.target}` };
}

/** Asks another Job to stop, as part of this transaction; one that has ended meanwhile needs no asking. */
async function stop(unit: UnitOfWork, id: string): Promise<void> {
  const job = await unit.job(id);
  if (!job || isFinished(job) || job.state === 'STOPPING') return;
  await unit.updateJob(id, { state: 'STOPPING', statusMessage: 'stopped for another operation on its resource', dueInMs: 0 });
}

/**
 * Claims the version that a change was made from: only one of two changes that read the same version goes through. A discovered
 * resource gets its row here, so that there is a version to claim.
 */
async function holdVersion(unit: UnitOfWork, plan: ChangePlan, found: Found | undefined): Promise<void> {
  if (!found || found.derived) return;
  const changed = plan.change?.some(({ path }) => path === found.path) || plan.remove?.includes(found.path);
  const row = await unit.resource(found.path);
  if (found.row) {
    if (!row || row.version !== found.row.version) throw new StaleError(found.path);
    const marks = plan.stops && plan.work ? { internal: { ...row.internal, shows: shownMeanwhile(plan) } } : {};
    if (!changed) await unit.updateResource(found.path, found.row.version, marks);
    return;
  }
  if (row || !found.cloud || found.key === undefined) throw new StaleError(found.path);
  await unit.insertResource(rowOfDiscovered(found));
}

/** State shown until a Job that waits for another takes over its hold. */
function shownMeanwhile(plan: ChangePlan): string | null {
  return plan.work?.workflow.endsWith('.delete') ? 'DELETING' : null;
}

/** The event of a change of the model that was accepted; where a Job has work to do it is still to come. */
function changeEvent(
  { protocol, principal }: Scope,
  plan: ChangePlan,
  { action, found, job }: Acceptance & { job: string },
): EventRecord | undefined {
  const path = plan.location ?? plan.target;
  const location = protocol.catalogue.locate(path);
  const change = changeOf(action);
  if (!change || !location || [JOB, EVENT].includes(location.type)) return undefined;
  const values = plan.insert?.find((row) => row.path === path)?.values ?? (found?.path === path ? found.values : undefined);
  const subject = { tenant: principal.tenant, path, type: location.type, name: values?.name };
  const outcome = plan.work ? 'Pending' : 'Success';
  return modelEvent(subject, change, { detail: `by ${principal.name}`, job, outcome });
}

/** Leaves a FAILED Job behind for a request that was refused, so that its reason can be read later. */
export async function refuse(
  scope: Scope,
  fault: { action: string; target: string; status: number; message: string; kind: string; at?: string | undefined },
): Promise<JobRow> {
  const { store, retentionMinutes, refusals } = scope.protocol;
  const { action, target, message, kind, at, status } = fault;
  const id = newId();
  const alarm = refusals.take(scope.principal.tenant) ? refusalAlarm(scope, id, fault) : undefined;
  return store.transaction(async (unit) => {
    if (alarm) await unit.recordEvent(alarm);
    const job = await unit.insertJob({
      id,
      tenant: scope.principal.tenant,
      principal: scope.principal.name,
      action,
      target,
      affected: [target],
      statusMessage: message,
      requestId: scope.request.requestId,
      state: 'FAILED',
      returnCode: REFUSED,
      failure: { message, returnCode: REFUSED, kind, ...(at ? { at } : {}) },
      progress: 100,
      expires: (await unit.now()) + Math.min(retentionMinutes, 60) * 60_000,
    });
    await recordAccess(unit, scope, { outcome: 'Failure', action, status, job: job.id, detail: refusalOf(action, fault) });
    return job;
  });
}

/** Alarm of a request that was not fulfilled (Table 57); of low severity, for its client knows. */
function refusalAlarm(
  { protocol, principal }: Scope,
  job: string,
  { target, kind, message }: { target: string; kind: string; message: string },
) {
  const type = protocol.catalogue.locate(target)?.type ?? '';
  const subject = { tenant: principal.tenant, path: target, type };
  return alarmEvent(subject, kind, { detail: message, severity: 'low', outcome: 'Failure', job });
}

/** Says of a refused request what it asked for and why that was refused. */
export function refusalOf(action: string, { status, message }: { status: number; message: string }): string {
  return `${wordOf(action)} was refused (${status}): ${message}`;
}

/** A second try makes sense where another change came between reading and accepting and the client asked for no version. */
export async function retryStale<T>(attempt: () => Promise<T>, conditional: boolean): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
      if (conditional)
        throw new Refusal(
          412,
          'the resource was changed meanwhile, and the request wants one version of it only (If-Match, If-None-Match)',
          { kind: 'conflict' },
        );
      if (tries >= 5) throw error;
    }
  }
}
