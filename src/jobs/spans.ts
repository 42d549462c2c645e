import type { JobRow } from '../store/store';
import type { SpanStart, Span } from '../tracing/tracer';
import type { Attempt, JobRun } from './job-run';
import { wordOf } from '../model/event-types';
import type { StepOutcome } from './workflow';

/** Describes the span of a worker's turn with a Job, from lease to release: it goes on from where the Job was made. */
export function runSpan({ id, tenant, workflow, action, target, epoch, takenFrom, trace }: JobRow): SpanStart {
  return {
    ...{ name: `job ${workflow ?? 'none'}`, kind: 'consumer', from: trace },
    attributes: {
      ...{ 'cimi.job': id, 'cimi.tenant': tenant, 'cimi.workflow': workflow ?? 'none', 'cimi.action': wordOf(action) },
      ...{ 'cimi.target': target, 'cimi.job.lease': epoch, ...(takenFrom !== null && { 'cimi.job.taken_over': true }) },
    },
  };
}

/** Describes the span of one attempt of a step, or of its undoing. */
export function stepSpan({ row, step }: Attempt): SpanStart {
  const name = row.undoing ? `undo ${step.name}` : step.name;
  return { name, kind: 'internal', attributes: { 'cimi.step': step.name, 'cimi.attempt': Math.max(1, row.attempts) } };
}

/** Tells in a step's span what it came to, where that is not its end. */
export function tellOutcome(span: Span | undefined, outcome: StepOutcome): void {
  if ('wait' in outcome) span?.event('wait', { 'cimi.wait_ms': Math.max(0, Math.round(outcome.wait)) });
  if ('nested' in outcome) span?.event('nested jobs', { 'cimi.jobs': outcome.nested.length });
}

/** Tells in a Job's span that a step is to be tried again. */
export function tellRetry({ engine }: JobRun, step: string, kind: string, delayMs: number): void {
  engine.tracer?.current()?.event('retry', { 'cimi.step': step, 'error.type': kind, 'cimi.wait_ms': delayMs });
}

/** Tells in a Job's span how it ended. */
export function tellEnd({ engine }: JobRun, { state, failure }: JobRow): void {
  const span = engine.tracer?.current();
  span?.tell({ 'cimi.job.state': state });
  if (state === 'FAILED') span?.fail(failure?.kind ?? 'unknown');
}
