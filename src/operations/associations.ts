import type { ResourcePath, UnitOfWork } from '../store/store';
import { lookForUnderWay } from './look-again';

/**
 * Deletes a resource's row with all it owns, and every association elsewhere that exists only to point at it
 * (DSP0263 5.5.12: an intermediary resource cannot outlive its target). Where a provider may still go on with making it,
 * that is looked for and removed later.
 */
export async function removeWithAssociations(unit: UnitOfWork, path: ResourcePath): Promise<void> {
  const removed = await unit.resource(path);
  if (removed) await lookForUnderWay(unit, removed);
  for (const association of await associationsTo(unit, path)) await unit.deleteResource(association);
  await unit.deleteResource(path);
}

/**
 * Does the same for what a reading found gone: should the thing turn up again, all of it comes back.
 * @returns false where the row is another by now, or was taken away by somebody else
 */
export async function takeAwayWithAssociations(unit: UnitOfWork, path: ResourcePath, version: number): Promise<boolean> {
  return unit.takeAway(path, await associationsTo(unit, path), version);
}

/** An association is a row with an owner that refers to another resource. */
async function associationsTo(unit: UnitOfWork, path: ResourcePath): Promise<ResourcePath[]> {
  const rows = await Promise.all((await unit.referring([path])).map((referrer) => unit.resource(referrer)));
  return rows.flatMap((row) => (row && row.owner !== null && row.owner !== path ? [row.path] : []));
}
