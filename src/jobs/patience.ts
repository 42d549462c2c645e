import type { JobRow } from '../store/store';
import type { StepMemory } from './step-memory';
import type { Workflow } from './workflow';

const PATIENCE_MS = 600_000;
/** Attempts without an end, crashes included, after which a call is not sent once more, however quick they were. */
const MOST_ATTEMPTS = 100;

/** How long passing errors of one step are tried again, in ms. */
export function patienceOf({ patienceMs = PATIENCE_MS }: Workflow): number {
  return patienceMs;
}

/** Whether the patience with attempts of the step that never answered is over. `now`: by the database's clock. */
export function isSpent(workflow: Workflow, now: number, { attempts }: JobRow, { unanswered }: StepMemory): boolean {
  return attempts > MOST_ATTEMPTS || (unanswered !== undefined && now - unanswered.since > patienceOf(workflow));
}
