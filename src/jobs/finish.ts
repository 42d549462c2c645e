import type { JobRow, UnitOfWork } from '../store/store';
import { jobFacts, type Hand } from './context';
import { errorOf, RETURN_CODES, type Failure } from './failure';
import { announceEnd } from './settle';
import { readMemory } from './step-memory';
import { bug } from './trouble';
import type { EndContext, EndWords } from './workflow';
import { StepFailure } from './workflow';
import { hook, HookFault, write } from './write';

/** What the last words of a Job that did not succeed are made of. */
export interface Ending {
  /** What could not be undone, in words. */
  left: readonly string[];
  /** What else there is to tell. */
  notes: readonly string[];
  /** Whether a step that changes something had begun. */
  begun: boolean;
}

/**
 * The last transaction of a Job that failed or was stopped, with the workflow's last words. Should these fail, the
 * Job ends all the same, without them.
 * @param failure why; null when it was stopped.
 */
export async function finishBadly(hand: Hand, row: JobRow, failure: Failure | null, ending: Ending): Promise<undefined> {
  const { kit } = hand;
  await kit.boundary(row, row.step ?? '', 'ending');
  const end = (speak: boolean) =>
    write(hand, async (unit) => {
      const words: EndWords = speak ? await hook(() => lastWords(hand, row, unit, failure, ending.left)) : {};
      return unit.advanceJob(row.id, row.epoch, {
        state: failure ? 'FAILED' : 'STOPPED',
        returnCode: failure?.returnCode ?? RETURN_CODES.stopped,
        statusMessage: [
          words.message ?? defaultWords(row, failure, ending),
          ...ending.notes,
          ...(words.note === undefined ? [] : [words.note]),
        ].join('; '),
        ...(words.affected && { affected: words.affected }),
        failure,
        expires: hand.lease.now() + kit.retentionMs,
      });
    });
  let ended: JobRow;
  try {
    ended = await end(true);
  } catch (error) {
    if (!(error instanceof HookFault)) throw error;
    bug(hand, row, '(last words)', error.cause);
    ended = await end(false);
  }
  hand.lease.end();
  await announceEnd(hand, ended);
  await kit.boundary(ended, row.step ?? '', 'ended');
  return undefined;
}

async function lastWords(
  { workflow }: Hand,
  row: JobRow,
  unit: UnitOfWork,
  failure: Failure | null,
  left: readonly string[],
): Promise<EndWords> {
  const context: EndContext = {
    job: jobFacts(row),
    input: row.input,
    results: row.results ?? {},
    memory: readMemory(row.memory).own,
    unit,
  };
  if (!failure && workflow.stopped) return workflow.stopped({ ...context, left });
  const error = failure ? errorOf(failure) : new StepFailure('the job was stopped', 'stopped');
  return (await workflow.failed?.({ ...context, error, left })) ?? {};
}

/** Nothing is called undone unless it was. */
function defaultWords({ undoing }: JobRow, failure: Failure | null, { left, begun }: Ending): string {
  if (left.length > 0) return `${failure?.message ?? 'stopped'}; could not be undone: ${left.join('; ')}`;
  if (failure) return failure.left ? `${failure.message}; nothing was undone` : failure.message;
  if (undoing) return 'stopped; what had been done was undone';
  if (!begun) return 'stopped before anything was done';
  return 'stopped: the gateway goes on with it no more; nothing was undone, and what the provider was asked for may still happen';
}
