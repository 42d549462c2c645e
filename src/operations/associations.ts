import type { ResourcePath, UnitOfWork } from '../store/store';
import { lookForUnderWay } from './look-again';

/**
 * Deletes a resource's row with all it owns, and every association elsewhere that exists only to point at it
 * (DSP0263 5.5.12: an intermediary resource cannot outlive its target). An association is a row with an owner. Where a
 * provider may still go on with making it, that is looked for and removed later.
 */
export async function removeWithAssociations(unit: UnitOfWork, path: ResourcePath): Promise<void> {
  const removed = await unit.resource(path);
  if (removed) await lookForUnderWay(unit, removed);
  for (const referrer of await unit.referring([path])) {
    const row = await unit.resource(referrer);
    if (row && row.owner !== null && row.owner !== path) await unit.deleteResource(referrer);
  }
  await unit.deleteResource(path);
}
