import type { Capabilities, TypeCapabilities } from '../../src/clouds/driver';
import { BLOCK } from './fcd-item';
import { MAX_DISK } from './options';
import { diskReport } from './sizes';

const capacity = { ranges: [{ low: 1, high: diskReport(MAX_DISK) }] };

/** What is true of storage on this cloud. */
export const STORAGE: Readonly<Record<string, TypeCapabilities>> = {
  Disk: { attributes: [], constraints: { capacity } },
  MachineVolume: { attributes: [] },
  Volume: {
    capabilities: { SharedVolumeSupport: false, VolumeConfigByValue: true, VolumeSnapshot: true, VolumeTemplateByValue: true },
    attributes: ['created'],
    constraints: { type: { values: [BLOCK] }, capacity },
  },
  VolumeImage: { attributes: ['created'] },
  VolumeConfiguration: { attributes: [], constraints: { type: { values: [BLOCK] }, capacity } },
};

/** Where what is made goes: a name, or a key where names repeat. Volumes and their images tell the name. */
export const STORAGE_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'datastore', types: ['Machine', 'Volume', 'VolumeImage'], kind: 'string' },
];
