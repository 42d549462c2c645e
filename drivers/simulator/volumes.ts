import type { Item, Offered, ReadGroup } from '../../src/clouds/driver';
import { gibToKb, kbToGib } from '../../src/model/units';
import { BLOCK_VOLUME } from '../../src/model/volume';
import { downloading, withoutContents, type DownloadClient } from './contents';
import { fromMarks, fromNames, holds, toNames } from './naming';
import { reads, sent, sentDelete } from './pages';
import { IMAGE_STATES, VOLUME_STATES, stateOf } from './states';
import type { StorageClient } from './storage';
import type { Copy, Volume, VolumePlan } from './things';
import { phaseAt } from './things';
import { uploading, type UploadClient } from './uploads';

const FIXED = 'The provider sets its volume plans; they cannot be changed';

function volume(thing: Volume, now: number): Item | undefined {
  const { state, unmappedState } = stateOf(VOLUME_STATES, phaseAt(thing.timeline, now));
  if (state === 'absent') return undefined;
  return {
    key: thing.id,
    values: { ...fromNames(thing), state, type: thing.grade, capacity: gibToKb(thing.sizeGiB), bootable: thing.bootable },
    ...fromMarks(thing),
    ...(unmappedState === undefined ? {} : { unmappedState }),
    ...(thing.holder === null ? {} : { refuses: { delete: `The volume is attached to ${thing.holder}` } }),
  };
}

function copy(thing: Copy, now: number): Item | undefined {
  const { state, unmappedState } = stateOf(IMAGE_STATES, phaseAt(thing.timeline, now));
  if (state === 'absent') return undefined;
  const missing = withoutContents(thing);
  return {
    key: thing.id,
    values: {
      ...fromNames(thing),
      state,
      imageLocation: { href: `urn:simulator:volume-image:${encodeURIComponent(thing.id)}` },
      bootable: thing.bootable,
    },
    ...fromMarks(thing),
    ...(unmappedState === undefined ? {} : { unmappedState }),
    ...(thing.content?.digest === undefined ? {} : { contentDigest: thing.content.digest }),
    ...(missing === undefined ? {} : { refuses: { download: missing } }),
  };
}

function configuration(plan: VolumePlan): Item {
  return {
    key: plan.id,
    values: {
      ...{ name: plan.label, description: plan.note, type: plan.grade, capacity: gibToKb(plan.sizeGiB) },
      ...(plan.format === null ? {} : { format: plan.format }),
    },
    public: true,
    refuses: { edit: FIXED, delete: FIXED },
  };
}

/** Volumes as Volumes. */
export function volumes(client: StorageClient): Offered<'volumes'> {
  return {
    ...reads(client, 'volume', 'volumes', volume),
    holds,
    async create(request, context) {
      const order = {
        ...toNames(request),
        ...{ sizeGiB: kbToGib(request.capacity), grade: request.type ?? BLOCK_VOLUME, format: request.format, bootable: request.bootable },
        ...{ copy: request.image, tag: request.tag, token: request.token },
      };
      return { key: await sent(client.createVolume(order, context)) };
    },
    changes: { capacity: 'sets', bootable: 'sets' },
    update(key, { capacity, bootable }, context) {
      const to = { ...(capacity === undefined ? {} : { sizeGiB: kbToGib(capacity) }), ...(bootable === undefined ? {} : { bootable }) };
      return sent(client.changeVolume(key, to, context));
    },
    rename: (key, naming, context) => sent(client.relabel('volume', 'volumes.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropVolume(key, context)),
  };
}

/** Volume plans as VolumeConfigurations. */
export function volumeConfigs(client: StorageClient): ReadGroup {
  const { list, getMany } = reads(client, 'volumePlan', 'volumeConfigs', configuration);
  return { list, getMany };
}

/** Copies of volumes as VolumeImages. */
export function volumeImages(client: StorageClient, uploads: UploadClient, downloads: DownloadClient): Offered<'volumeImages'> {
  return {
    ...reads(client, 'copy', 'volumeImages', copy),
    holds,
    async create(request, context) {
      const { volume: of, bootable, tag, token } = request;
      return { key: await sent(client.takeCopy({ ...toNames(request), volume: of, bootable, tag, token }, context)) };
    },
    upload: uploading(uploads, 'copy', 'volumeImages.upload'),
    download: downloading(downloads, 'copy', 'volumeImages.download'),
    rename: (key, naming, context) => sent(client.relabel('copy', 'volumeImages.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropCopy(key, context)),
  };
}
