import type { ListedGroup } from '../clouds/driver';
import { poll, type PollOutcome } from '../jobs/poll';
import { cloudOf, StepFailure, type StepContext } from '../jobs/workflow';

/** Delay before parts that go with something else are looked at again, in ms. */
const LOOK_AGAIN_MS = 250;
/** A state that has not moved for so long after an accepted request never will, in ms. */
const NOT_MOVED_MS = 60_000;

/** State of an item as the provider shows it now; undefined when it is gone, or was given up. */
export async function stateOf(context: StepContext<{ cloud: string }>, group: ListedGroup, key: string): Promise<string | undefined> {
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const { value } = await cloud.get(group, key, { maxAgeMs: 0 });
  return value === undefined || value.gone ? undefined : String(value.values.state ?? '');
}

/** Memory of a wait for a state: that the state has moved since the request. */
type Moved = { moved?: boolean };

/**
 * Waits for one of the goal states, for as long as the provider shows that it goes on. It ends at once in a state from
 * which the goal is not reached any more: in ERROR; in any other stable state once the state has moved, or has not for a
 * minute. An item that is not there (yet) ends it only where it was there before (`goneIsFailure`) or once a write should
 * have become visible.
 * @throws StepFailure with what the provider says of the failure; LeftUnderWay at the operator's limit.
 */
export async function reachState(
  context: StepContext<{ cloud: string }>,
  group: ListedGroup,
  key: string,
  { goal, goneIsFailure = false, token }: { goal: readonly string[]; goneIsFailure?: boolean; token?: string },
): Promise<PollOutcome> {
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const { moved = false } = (context.memory ?? {}) as Moved;
  return poll(
    context,
    async () => {
      const { value: item } = await cloud.get(group, key, { maxAgeMs: 0 });
      if (item?.gone) throw new StepFailure(`the provider reports that the operation failed: ${item.gone.reason}`, 'unavailable');
      if (item?.failure && item.failure.token === token)
        throw new StepFailure(`the provider reports that the operation failed: ${item.failure.reason}`, 'unavailable');
      const state = item === undefined ? undefined : String(item.values.state ?? '');
      if (state !== undefined && goal.includes(state)) return state;
      const because = item?.reason === undefined ? '' : `: ${item.reason}`;
      if (state === 'ERROR')
        throw new StepFailure(item?.failure?.reason ?? `the resource is in an error state at the provider${because}`, 'unavailable');
      const overdue = context.elapsedMs > 2 * cloud.capabilities.settleMs + LOOK_AGAIN_MS;
      if (state === undefined && (goneIsFailure || overdue)) throw new StepFailure('the provider no longer shows the resource', 'notFound');
      const waited = moved || context.elapsedMs > Math.max(NOT_MOVED_MS, 2 * cloud.capabilities.settleMs);
      if (state !== undefined && !isTransitional(state) && waited)
        throw new StepFailure(`the provider shows the resource ${state} instead of ${goal.join(' or ')}${because}`, 'unavailable');
      return state;
    },
    {
      goal: (state) => state !== undefined && goal.includes(state),
      message: (state) => `the provider shows ${state ?? 'nothing yet'}`,
      remember: (state): Moved => (moved || (state !== undefined && isTransitional(state)) ? { moved: true } : {}),
      atMostMs: cloud.waitAtMostMs,
    },
  );
}

/** States in which something is going on end so, of every type (5.8). */
const isTransitional = (state: string): boolean => state.endsWith('ING');
