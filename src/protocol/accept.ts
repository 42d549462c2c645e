import { CIMI } from '../model/define';
import { newId } from '../clouds/identity';
import { removeWithAssociations } from '../operations/associations';
import { rowOfDiscovered } from '../operations/discovered';
import { Refusal, type Found, type Plan } from '../operations/family';
import { isFinished, JOB, REFUSED } from '../operations/job';
import { StaleError, type JobRow, type UnitOfWork } from '../store/store';
import type { Scope } from './context';
import type { Idempotency } from './idempotency';

export interface Acceptance {
  action: string;
  idempotency: Idempotency | undefined;
  /** The resource as it was read for this change; its row must still be at that version. */
  found?: Found;
}

/**
 * The one transaction that accepts a change: rows, Job, event. Then the queue is told. What needs no provider call
 * is finished here: its Job is born SUCCESS.
 * @throws HeldError, DuplicateKeyError, StaleError (another change came between).
 */
export async function accept(scope: Scope, plan: Plan, { action, idempotency, found }: Acceptance): Promise<JobRow> {
  const { protocol, principal } = scope;
  const { store, jobs } = protocol;
  const id = newId();
  const job = await store.transaction(async (unit) => {
    await holdVersion(unit, plan, found);
    for (const first of plan.stops ?? []) await stop(unit, first);
    for (const row of plan.insert ?? []) await unit.insertResource(row);
    for (const { path, version, change } of plan.change ?? []) await unit.updateResource(path, version, change);
    for (const path of plan.remove ?? []) await removeWithAssociations(unit, path);
    await plan.also?.(unit);
    await recordEvent(unit, scope, plan, action);
    return unit.insertJob({
      id,
      tenant: principal.tenant,
      principal: principal.name,
      action,
      target: plan.target,
      affected: plan.affected.filter((path) => !(plan.remove ?? []).includes(path)),
      statusMessage: plan.statusMessage,
      ...(plan.work
        ? { workflow: plan.work.workflow, workflowVersion: plan.work.version, input: plan.work.input, holds: plan.holds ?? [] }
        : { state: 'SUCCESS' as const, progress: 100, expires: (await unit.now()) + protocol.retentionMinutes * 60_000 }),
      ...(idempotency ? { idempotencyKey: idempotency.key, requestHash: idempotency.hash } : {}),
    });
  });
  for (const first of plan.stops ?? []) await jobs.tell(first);
  if (plan.work) await jobs.tell(job.id);
  return job;
}

/** Asks another Job to stop, as part of this transaction; one that has ended meanwhile needs no asking. */
async function stop(unit: UnitOfWork, id: string): Promise<void> {
  const job = await unit.job(id);
  if (!job || isFinished(job) || job.state === 'STOPPING') return;
  await unit.updateJob(id, { state: 'STOPPING', statusMessage: 'stopped for another operation on its resource', dueInMs: 0 });
}

/**
 * Only one of two changes that read the same version goes through. What was discovered gets its row here, so that
 * there is a version to hold on to.
 */
async function holdVersion(unit: UnitOfWork, plan: Plan, found: Found | undefined): Promise<void> {
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
function shownMeanwhile(plan: Plan): string | null {
  return plan.work?.workflow.endsWith('.delete') ? 'DELETING' : null;
}

async function recordEvent(unit: UnitOfWork, { protocol, principal }: Scope, plan: Plan, action: string): Promise<void> {
  const path = plan.location ?? plan.target;
  const location = protocol.catalogue.locate(path);
  if (!location || location.type === JOB) return;
  const type = protocol.catalogue.resource(location.type);
  await unit.recordEvent({
    tenant: principal.tenant,
    resource: path,
    resourceType: type.typeURI,
    type: `${CIMI}/event/model`,
    content: {
      resource: { href: path },
      resType: type.typeURI,
      change: action.slice(action.lastIndexOf('/') + 1),
      detail: `by ${principal.name}`,
    },
    outcome: 'Pending',
  });
}

/** Leaves a FAILED Job behind for a request that was refused, so that its reason can be read later. */
export async function refuse(scope: Scope, fault: { action: string; target: string; message: string; kind: string }): Promise<JobRow> {
  const { store, retentionMinutes } = scope.protocol;
  return store.transaction(async (unit) =>
    unit.insertJob({
      id: newId(),
      tenant: scope.principal.tenant,
      principal: scope.principal.name,
      action: fault.action,
      target: fault.target,
      affected: [fault.target],
      statusMessage: fault.message,
      state: 'FAILED',
      returnCode: REFUSED,
      progress: 100,
      expires: (await unit.now()) + Math.min(retentionMinutes, 60) * 60_000,
    }),
  );
}

/** A second try makes sense where another change came between reading and accepting and the client asked for no version. */
export async function retryStale<T>(attempt: () => Promise<T>, conditional: boolean): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
      if (conditional) throw new Refusal(412, 'the resource was changed since the ETag of If-Match was read', { kind: 'conflict' });
      if (tries >= 5) throw error;
    }
  }
}
