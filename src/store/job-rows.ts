import type { Selectable } from 'kysely';
import type { Value } from '../model/values';
import type { Cipher } from './cipher';
import type { JobsTable } from './schema';
import { decodeColumn, encodeColumn, seal, unseal } from './session';
import { isFinished, type Hold, type JobRow, type NewJob } from './store';
import { kept } from '../model/shown';

/** Row of a Job in its table; its holds are rows of their own. */

export type StoredJob = Selectable<JobsTable>;
type SealedColumn = 'input' | 'results' | 'memory';

export const sealJob = (cipher: Cipher, id: string, column: SealedColumn, value: unknown): string | null =>
  seal(cipher, value, `jobs/${id}/${column}`);

/** Columns of a new Job but for those that the database's clock gives. */
export function jobToRow(cipher: Cipher, job: NewJob): Omit<StoredJob, 'due' | 'created' | 'changed'> {
  const state = job.state ?? 'QUEUED';
  const done = isFinished({ state });
  return {
    id: job.id,
    tenant: job.tenant,
    principal: job.principal,
    workflow: job.workflow ?? null,
    workflow_version: job.workflowVersion ?? 1,
    naming: encodeColumn(job.naming ?? {}),
    state,
    done: done ? 1 : 0,
    action: job.action,
    target: job.target,
    affected: encodeColumn(job.affected),
    return_code: job.returnCode ?? 0,
    progress: job.progress ?? (done ? 100 : 0),
    status_message: kept(job.statusMessage),
    parent: job.parent ?? null,
    input: done ? null : sealJob(cipher, job.id, 'input', job.input ?? null),
    results: null,
    memory: null,
    step: null,
    undoing: 0,
    attempts: 0,
    step_since: null,
    lease_owner: null,
    lease_until: null,
    epoch: 0,
    doubtful: 0,
    plan: null,
    failure: encodeOptional(job.failure && { ...job.failure, message: kept(job.failure.message) }),
    idempotency_key: job.idempotencyKey ?? null,
    request_hash: job.requestHash ?? null,
    answer: encodeOptional(job.answer),
    expires: job.expires ?? null,
    request_id: job.requestId ?? null,
    taken_from: null,
    trace: job.trace ?? null,
  };
}

export function jobFromRow(cipher: Cipher, row: StoredJob, holds: readonly Hold[]): JobRow {
  const opened = <T>(column: SealedColumn): T | null => unseal<T>(cipher, row[column], `jobs/${row.id}/${column}`);
  return {
    id: row.id,
    tenant: row.tenant,
    principal: row.principal,
    workflow: row.workflow,
    workflowVersion: row.workflow_version,
    naming: decodeColumn(row.naming),
    state: row.state,
    action: row.action,
    target: row.target,
    affected: decodeColumn(row.affected),
    returnCode: row.return_code,
    progress: row.progress,
    statusMessage: row.status_message,
    created: row.created,
    changed: row.changed,
    parent: row.parent,
    input: opened<Value>('input'),
    results: opened<{ [step: string]: Value }>('results'),
    memory: opened<Value>('memory'),
    step: row.step,
    undoing: row.undoing === 1,
    attempts: row.attempts,
    stepSince: row.step_since,
    due: row.due,
    leaseOwner: row.lease_owner,
    leaseUntil: row.lease_until,
    epoch: row.epoch,
    doubtful: row.doubtful === 1,
    failure: row.failure === null ? null : decodeColumn(row.failure),
    plan: row.plan === null ? null : decodeColumn(row.plan),
    idempotencyKey: row.idempotency_key,
    requestHash: row.request_hash,
    answer: row.answer === null ? null : decodeColumn(row.answer),
    expires: row.expires,
    requestId: row.request_id,
    takenFrom: row.taken_from,
    trace: row.trace,
    holds,
  };
}

export const encodeOptional = (value: unknown): string | null => (value === undefined || value === null ? null : encodeColumn(value));
