import type { Capabilities, TypeCapabilities } from '../../src/clouds/driver';
import { USUAL_VOLUMES } from '../../src/model/volume';
import { MAX_DISK } from './options';
import { diskReport } from './sizes';

const capacity = { ranges: [{ low: 1, high: diskReport(MAX_DISK) }] };

/** Capabilities of storage on this cloud. */
export const STORAGE: Readonly<Record<string, TypeCapabilities>> = {
  Disk: { attributes: [], constraints: { capacity } },
  MachineVolume: { attributes: [] },
  Volume: {
    capabilities: { SharedVolumeSupport: false },
    attributes: ['created'],
    constraints: { type: { values: USUAL_VOLUMES }, capacity },
  },
  VolumeImage: { attributes: ['created'] },
  VolumeConfiguration: { attributes: [], constraints: { type: { values: USUAL_VOLUMES }, capacity } },
};

/** Extension attributes for the place of what is made: a name, or a key where names repeat. Volumes and their images tell the name. */
export const STORAGE_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'datastore', types: ['Machine', 'MachineImage', 'Volume', 'VolumeImage'], kind: 'string' },
];
