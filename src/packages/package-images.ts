import { nestedFailure, type StepContext, type StepOutcome } from '../jobs/workflow';
import type { Catalogue } from '../model/catalogue';
import { removeWithAssociations } from '../operations/associations';
import type { Draft } from '../operations/create-input';
import { mayStillBe } from '../operations/undo-create';
import type { ResourcePath, StoreReads, UnitOfWork } from '../store/store';
import { takingBack } from '../systems/take-back';

/** Driver groups of the images that disks of packages become. */
export const IMAGE_GROUPS = { MachineImage: 'machineImages', VolumeImage: 'volumeImages' } as const;

/** Image that a disk of a package becomes, by a nested Job of its own. */
export interface PackagedImage {
  path: ResourcePath;
  type: keyof typeof IMAGE_GROUPS;
  label: string;
  draft: Draft;
  /** Bytes of the Volume that it is of, as they are when it is planned. */
  capacity?: number;
}

/** Images of the disks of Machines that are moved, which stand for those of the package. */
export interface Captured {
  captures: readonly PackagedImage[];
  /** True where they are only planned: their contents are not there yet. */
  planned?: boolean;
}

/** Makes the images; the step fails with the words of all that failed. @param done what is to be done with each disk */
export function makeImages(images: readonly PackagedImage[], nested: StepContext['nested'], done = 'imported'): StepOutcome {
  if (images.length === 0) return { done: null };
  if (!nested) return { nested: images.map(({ draft }) => draft) };
  const failed = nested.flatMap(({ id, state, statusMessage }, place) =>
    state === 'SUCCESS' ? [] : [`${images[place]?.label ?? 'a disk'}: ${statusMessage} (jobs/${id})`],
  );
  if (failed.length > 0) throw nestedFailure(`could not be ${done}: ${failed.join('; ')}`, nested);
  return { done: null };
}

/** Deletes those that were made. */
export async function takeImagesBack(
  catalogue: Catalogue,
  store: StoreReads,
  images: readonly Pick<PackagedImage, 'path' | 'type'>[],
  nested: StepContext['nested'],
): Promise<StepOutcome> {
  if (nested) return { done: null };
  const drafts = await Promise.all(images.map(({ path, type }) => takingBack(store, { catalogue, groups: IMAGE_GROUPS }, path, type)));
  return { nested: drafts.filter((draft) => draft !== undefined) };
}

/** Removes the rows of images that are at no provider. @returns the paths of the others */
export async function imagesLeft(unit: UnitOfWork, images: readonly PackagedImage[]): Promise<ResourcePath[]> {
  const left: ResourcePath[] = [];
  for (const { path } of images) {
    const row = await unit.resource(path);
    if (row && mayStillBe(row)) left.push(path);
    else if (row) await removeWithAssociations(unit, path);
  }
  return left;
}
