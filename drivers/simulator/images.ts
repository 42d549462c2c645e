import type { Item, MachineImages } from '../../src/clouds/driver';
import type { SimulatorClient } from './client';
import { fromMarks, fromNames, holds, toNames } from './naming';
import { reads, sent, sentDelete } from './pages';
import { IMAGE_STATES, stateOf } from './states';
import type { Snapshot } from './things';
import { phaseAt } from './things';
import { uploading, type UploadClient } from './uploads';

const FOREIGN = 'The image belongs to the provider';

function image(snapshot: Snapshot, now: number): Item | undefined {
  const { state, unmappedState } = stateOf(IMAGE_STATES, phaseAt(snapshot.timeline, now));
  if (state === 'absent') return undefined;
  return {
    key: snapshot.id,
    values: {
      ...fromNames(snapshot),
      state,
      type: snapshot.holds === 'disk' ? 'IMAGE' : 'SNAPSHOT',
      imageLocation: `urn:simulator:image:${encodeURIComponent(snapshot.id)}`,
      ...(snapshot.parent === null ? {} : { relatedImage: { item: { type: 'MachineImage', key: snapshot.parent } } }),
    },
    ...fromMarks(snapshot),
    ...(unmappedState === undefined ? {} : { unmappedState }),
    cpuArch: snapshot.arch,
    ...(snapshot.builtin ? { public: true, refuses: { edit: FOREIGN, delete: FOREIGN } } : {}),
  };
}

/** Snapshots, the provider's own and ours, as MachineImages. */
export function machineImages(client: SimulatorClient, uploads: UploadClient): MachineImages {
  const snapshots = reads(client, 'snapshot', 'machineImages', image);
  return {
    list: snapshots.list,
    getMany: snapshots.getMany,
    find: snapshots.find,
    holds,
    async capture(request, context) {
      const holding = request.type === 'IMAGE' ? ('disk' as const) : ('state' as const);
      const wanted = { ...toNames(request), instance: request.machine, holds: holding, tag: request.tag, token: request.token };
      return { key: await sent(client.takeSnapshot(wanted, context)) };
    },
    upload: uploading(uploads, 'snapshot', 'machineImages.upload'),
    rename: (key, naming, context) => sent(client.relabel('snapshot', 'machineImages.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropSnapshot(key, context)),
  };
}
