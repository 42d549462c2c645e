import { pauseOf } from '../jobs/poll';
import { cloudOf, type StepContext, type Wait } from '../jobs/workflow';
import type { ResourcePath } from '../store/store';
import { carryOutAll, type MadeGroup } from './carry-out';

/** Resources that are deleted with another and go first, with their rows (the ports of a network). */
export interface Owned {
  group: MadeGroup;
  items: readonly { key: string; path: ResourcePath }[];
}

/** Delay before it is looked at again, in ms. */
const LOOK_AGAIN_MS = 250;

/** Deletes what a resource owns. @returns the step's wait while the provider still shows any of it. */
export async function dropOwned(context: StepContext<{ cloud: string }>, owned: Owned | undefined): Promise<Wait | undefined> {
  if (!owned || owned.items.length === 0) return undefined;
  const cloud = cloudOf(context.clouds, context.input.cloud);
  const { value } = await cloud.getMany(
    owned.group,
    owned.items.map(({ key }) => key),
    { maxAgeMs: 0 },
  );
  for (const error of value.unknown.values()) throw error;
  if (value.size === 0) return undefined;
  const going = [...value].filter(([, item]) => item.values.state !== 'DELETING');
  const outcome = await carryOutAll(
    context,
    going.map(([key]) => ({ group: owned.group, method: 'delete', args: [key] })),
  );
  if (!('done' in outcome)) return outcome;
  const words = 'what belongs to it goes first';
  return { wait: pauseOf(context, { atMostMs: cloud.waitAtMostMs, intervalMs: LOOK_AGAIN_MS }, words), message: words };
}
