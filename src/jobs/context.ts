import { createHash } from 'node:crypto';
import type { JobRow } from '../store/store';
import type { Kit } from './kit';
import type { Lease } from './lease';
import type { StepMemory } from './step-memory';
import { isSpent } from './patience';
import type { Step, StepContext, Workflow } from './workflow';

/** A Job in hand: everything a turn of the engine needs. */
export interface Hand {
  kit: Kit;
  lease: Lease;
  workflow: Workflow;
}

/**
 * The token of a Job's step: the same on every attempt, in every process; 45 characters of [a-z0-9-], so that it
 * fits wherever a provider takes an idempotency token.
 */
export function tokenOf(jobId: string, step: string): string {
  return `cimi-${digest([jobId, step])}`;
}

/** Id of a nested Job: follows from its parent, the step that makes it (or its undoing) and its place there. */
export function childId(parent: string, step: string, undoing: boolean, index: number): string {
  const hex = digest([parent, step, undoing ? 'undo' : 'run', String(index)]);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

/** What a workflow may know of its Job. */
export function jobFacts(row: JobRow): StepContext['job'] {
  return { id: row.id, tenant: row.tenant, principal: row.principal, created: row.created };
}

/** What a step's run or undo is given. */
export function contextOf(hand: Hand, row: JobRow, step: Step, memory: StepMemory, nested: StepContext['nested']): StepContext {
  const { kit, lease } = hand;
  return {
    job: jobFacts(row),
    input: row.input,
    results: row.results ?? {},
    memory: memory.own,
    attempt: Math.max(1, row.attempts) + (row.doubtful ? 1 : 0),
    ...unansweredOf(hand, row, memory),
    elapsedMs: row.stepSince === null ? 0 : Math.max(0, lease.now() - row.stepSince),
    ...(nested && { nested }),
    clouds: kit.clouds,
    store: kit.store,
    signal: lease.signal,
    token: (name = step.name) => tokenOf(row.id, name),
  };
}

function unansweredOf(hand: Hand, row: JobRow, memory: StepMemory): Pick<StepContext, 'unanswered'> {
  const spent = isSpent(hand.workflow, hand.lease.now(), row, memory);
  if (!memory.unanswered && !spent) return {};
  return { unanswered: { count: memory.unanswered?.count ?? row.attempts - 1, spent } };
}
