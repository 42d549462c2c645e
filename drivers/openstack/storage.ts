import type { Capabilities, Groups } from '../../src/clouds/driver';
import { OpenstackAttachments } from './attachments';
import type { Wire } from './client';
import type { Flavors } from './configs';
import { OpenstackDisks } from './disks';
import { OpenstackVolumeImages } from './volume-images';
import { OpenstackVolumes } from './volumes';

/** Capabilities of Cinder's things, and of a server's disks. */
export const STORAGE_TYPES: Capabilities['types'] = {
  Disk: { attributes: ['initialLocation'] },
  MachineVolume: { attributes: ['initialLocation'] },
  Volume: {
    capabilities: { SharedVolumeSupport: false },
    attributes: ['availabilityZone', 'created'],
  },
  VolumeImage: { attributes: ['created'] },
};

/** Extension attributes of a Volume: its zone, and the image (Glance's id) that it begins as. */
export const STORAGE_EXTENSIONS: NonNullable<Capabilities['extensions']> = [
  { name: 'availabilityZone', types: ['Volume'], kind: 'string' },
  { name: 'sourceImage', types: ['Volume'], kind: 'string' },
];

/** Groups of the contract that Cinder fills, with Nova's part in it. */
export function storageGroups(wire: Wire, flavors: Flavors): Pick<Groups, 'volumes' | 'volumeImages' | 'attachments' | 'disks'> {
  return {
    volumes: new OpenstackVolumes(wire),
    volumeImages: new OpenstackVolumeImages(wire),
    attachments: new OpenstackAttachments(wire),
    disks: new OpenstackDisks(wire, flavors),
  };
}
