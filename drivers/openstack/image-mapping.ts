import { ProviderError } from '../../src/clouds/errors';
import { amount, docs, text } from './documents';
import type { Image } from './glance';

/** Snapshot that an image of a server on volumes names in place of contents: one of each of its volumes. */
interface Behind {
  snapshot: string;
  boots: boolean;
}

/** @throws ProviderError (invalid) where it cannot be read */
function behind(image: Image): Behind[] {
  const mapping = image.block_device_mapping;
  if (typeof mapping !== 'string') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(mapping);
  } catch (error) {
    throw new ProviderError('invalid', 'The image names what it is made of in a way that cannot be read', {
      maybeDone: false,
      cause: error,
    });
  }
  return docs(parsed).flatMap(({ snapshot_id: id, boot_index: index }) => {
    const snapshot = text(id);
    return snapshot === undefined ? [] : [{ snapshot, boots: amount(index) === 0 }];
  });
}

/** Cinder snapshots that an image of a server on volumes is made of. */
export const snapshotsBehind = (image: Image): string[] => behind(image).map(({ snapshot }) => snapshot);

/** The one among them that servers boot from: Nova may not say which, where there is one alone. */
export function bootSnapshotOf(image: Image): string | undefined {
  const all = behind(image);
  return (all.find(({ boots }) => boots) ?? (all.length === 1 ? all[0] : undefined))?.snapshot;
}

/** Tells whether an image names snapshots, of which one can be read by a copy. */
export function isReadByCopy(image: Image): boolean {
  try {
    return image.status === 'active' && bootSnapshotOf(image) !== undefined;
  } catch {
    return false;
  }
}
