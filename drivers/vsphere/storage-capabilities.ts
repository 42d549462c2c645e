import type { Capabilities, TypeCapabilities } from '../../src/clouds/driver';
import { BLOCK } from './fcd-item';
import { diskReport } from './sizes';

/** 62 TB, vSphere's largest virtual disk, in MiB. */
const MAX_MIB = 65_011_712;
const capacity = { ranges: [{ low: 1, high: diskReport(MAX_MIB) }] };

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
