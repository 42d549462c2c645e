import type { Groups } from '../../src/clouds/driver';
import { VsphereAttachments } from './attachments';
import type { Wire } from './client';
import { VsphereDisks } from './disks';
import { FcdWriter } from './fcd';
import { Turns } from './vm-storage';
import { VsphereVolumeImages } from './volume-images';
import { VsphereVolumes } from './volumes';

/** Groups of the contract that virtual disks and first-class disks fill. */
export function storageGroups(wire: Wire): Pick<Groups, 'disks' | 'attachments' | 'volumes' | 'volumeImages'> {
  const turns = new Turns();
  const writer = new FcdWriter(wire);
  return {
    disks: new VsphereDisks(wire, turns),
    attachments: new VsphereAttachments(wire, turns),
    volumes: new VsphereVolumes(wire, writer),
    volumeImages: new VsphereVolumeImages(wire, writer),
  };
}
