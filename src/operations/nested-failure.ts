import { LeftUnderWay, StepFailure } from '../jobs/workflow';
import type { StoreReads } from '../store/store';

/**
 * The failure of a step of which nested Jobs failed. Where the provider still goes on with the work of one of them, nothing
 * of the whole is undone either.
 */
export async function nestedFailure(
  store: Pick<StoreReads, 'job'>,
  failed: readonly { id: string }[],
  words: string,
): Promise<StepFailure> {
  const rows = await Promise.all(failed.map(({ id }) => store.job(id)));
  return rows.some((row) => row?.failure?.left === true) ? new LeftUnderWay(words) : new StepFailure(words, 'unavailable');
}
