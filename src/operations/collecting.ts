import type { Values } from '../model/values';
import type { ResourcePath, UnitOfWork } from '../store/store';
import { thresholdsOf } from './meter-thresholds';

const COLLECT = 'collect';

/** Name of the recurring work that judges the samples of Meters with thresholds. */
export const ALARMS = 'alarms';

/** Name of the recurring work that reads a cloud's Meters (`null`: those of groups, whose members may be in many clouds). */
export function collectorOf(cloud: string | null): string {
  return cloud === null ? COLLECT : `${COLLECT} ${cloud}`;
}

/** True for the name of work that reads Meters, of whatever cloud. */
export function isCollector(work: string): boolean {
  return work === COLLECT || work.startsWith(`${COLLECT} `);
}

/** Lets a Meter be read, and held against its thresholds, as soon as it is written: nothing of it waits for the next look at all. */
export async function readSoon(
  unit: UnitOfWork,
  { path, internal, values }: { path: ResourcePath; internal: { cloud?: unknown }; values: Values },
): Promise<void> {
  await unit.putOnAgenda(path, collectorOf(typeof internal.cloud === 'string' ? internal.cloud : null));
  if (thresholdsOf(values)) await unit.putOnAgenda(path, ALARMS);
}
