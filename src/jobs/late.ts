import type { JobRow } from '../store/store';
import type { Hand } from './context';
import type { Step, StepContext, StepOutcome } from './workflow';

/**
 * What a worker does that wakes to find its lease gone after its step has sent something: the step itself knows what that
 * may do beside the worker that has the Job now. Never rejects: this one has nothing to lose any more.
 */
export async function landLate(hand: Hand, row: JobRow, step: Step, context: StepContext, outcome?: StepOutcome): Promise<void> {
  const { store, log } = hand.kit;
  log.warn({ job: row.id, step: step.name }, 'the lease was lost while a call was on its way: it may have landed beside another worker');
  try {
    const apply = await step.late?.(context, outcome);
    if (apply) await store.transaction(apply);
  } catch (error) {
    log.error({ job: row.id, step: step.name, err: error }, 'what a call did after the lease was lost could not be followed up');
  }
}
