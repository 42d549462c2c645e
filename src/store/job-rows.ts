import type { Insertable, Selectable } from 'kysely';
import type { Value } from '../model/values';
import type { Cipher } from './cipher';
import type { JobsTable } from './schema';
import { decode, encode, seal, unseal } from './session';
import { FINISHED, type Hold, type JobRow, type JobState, type NewJob } from './store';

/** How a Job stands in its table; its holds are rows of their own. */

export type StoredJob = Selectable<JobsTable>;
type SealedColumn = 'input' | 'results' | 'memory';

export const isFinished = (state: JobState): boolean => FINISHED.includes(state);

export const sealJob = (cipher: Cipher, id: string, column: SealedColumn, value: unknown): string | null =>
  seal(cipher, value, `jobs/${id}/${column}`);

/** Columns of a new Job but for those that the database's clock gives. */
export function toRow(cipher: Cipher, job: NewJob): Omit<Insertable<JobsTable>, 'due' | 'created' | 'changed'> {
  const state = job.state ?? 'QUEUED';
  const done = isFinished(state);
  return {
    id: job.id,
    tenant: job.tenant,
    principal: job.principal,
    workflow: job.workflow ?? null,
    workflow_version: job.workflowVersion ?? 1,
    naming: encode(job.naming ?? {}),
    state,
    done: done ? 1 : 0,
    action: job.action,
    target: job.target,
    affected: encode(job.affected),
    return_code: job.returnCode ?? 0,
    progress: job.progress ?? (done ? 100 : 0),
    status_message: job.statusMessage,
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
    failure: null,
    idempotency_key: job.idempotencyKey ?? null,
    request_hash: job.requestHash ?? null,
    answer: optional(job.answer),
    expires: job.expires ?? null,
  };
}

export function fromRow(cipher: Cipher, row: StoredJob, holds: readonly Hold[]): JobRow {
  const opened = <T>(column: SealedColumn): T | null => unseal<T>(cipher, row[column], `jobs/${row.id}/${column}`);
  return {
    id: row.id,
    tenant: row.tenant,
    principal: row.principal,
    workflow: row.workflow,
    workflowVersion: row.workflow_version,
    naming: decode(row.naming),
    state: row.state,
    action: row.action,
    target: row.target,
    affected: decode(row.affected),
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
    failure: row.failure === null ? null : decode(row.failure),
    idempotencyKey: row.idempotency_key,
    requestHash: row.request_hash,
    answer: row.answer === null ? null : decode(row.answer),
    expires: row.expires,
    holds,
  };
}

export const optional = (value: unknown): string | null => (value === undefined || value === null ? null : encode(value));
