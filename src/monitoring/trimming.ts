import type { Store } from '../store/store';
import type { RecurringWork } from './schedule';
import type { SampleRetention } from '../store/monitoring';

const TRIM_MS = 300_000;

/** Lets go of samples that are too old or too many, Meter by Meter; see UnitOfWork.trimSamples. */
export function trimming(store: Store, keep: SampleRetention): RecurringWork {
  return {
    name: 'trim samples',
    everyMs: TRIM_MS,
    async run(_memory, signal, save) {
      for (let after: number | undefined = 0; after !== undefined && !signal.aborted;) {
        const from: number = after;
        await save({ after: from }, async (unit) => {
          after = await unit.trimSamples(keep, from);
        });
      }
    },
  };
}
