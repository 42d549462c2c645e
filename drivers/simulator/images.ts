import type { ImageChoice, Item, Offered } from '../../src/clouds/driver';
import type { SimulatorClient } from './client';
import { downloading, withoutContents, type DownloadClient } from './contents';
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
  const missing = withoutContents(snapshot);
  return {
    key: snapshot.id,
    values: {
      ...fromNames(snapshot),
      state,
      type: snapshot.holds === 'disk' ? 'IMAGE' : 'SNAPSHOT',
      imageLocation: `urn:simulator:image:${encodeURIComponent(snapshot.id)}`,
      ...(snapshot.parent === null ? {} : { relatedImage: { item: { type: 'MachineImage', key: snapshot.parent } } }),
      cpuArch: snapshot.arch,
      ...snapshot.facts,
    },
    ...fromMarks(snapshot),
    ...(unmappedState === undefined ? {} : { unmappedState }),
    cpuArch: snapshot.arch,
    ...(snapshot.content?.digest === undefined ? {} : { contentDigest: snapshot.content.digest }),
    ...(snapshot.builtin ? { public: true, refuses: { edit: FOREIGN, delete: FOREIGN } } : {}),
    ...(missing === undefined ? {} : { refuses: { download: missing } }),
  };
}

/** Snapshots, the provider's own and ours, as MachineImages. */
export function machineImages(client: SimulatorClient, uploads: UploadClient, downloads: DownloadClient): Offered<'machineImages'> {
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
    download: downloading(downloads, 'snapshot', 'machineImages.download'),
    rename: (key, naming, context) => sent(client.relabel('snapshot', 'machineImages.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropSnapshot(key, context)),
  };
}

/** Images that a new account holds, as they are called elsewhere, too. */
export const IMAGE_NAMES: Readonly<Record<string, ImageChoice>> = Object.fromEntries(
  ['debian-12', 'debian-13', 'ubuntu-22.04', 'ubuntu-24.04', 'windows-2022'].map((name) => [name, { id: `img-${name}` }]),
);
