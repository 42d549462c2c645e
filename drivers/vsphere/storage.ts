import type { Groups } from '../../src/clouds/driver';
import { VsphereAttachments } from './attachments';
import type { Wire } from './client';
import { VsphereDisks } from './disks';
import { FcdWriter } from './fcd';
import type { Operations } from './operations';
import type { Scans } from './scans';
import { Turns } from './vm-storage';
import { VsphereVolumeImages } from './volume-images';
import { VsphereVolumes } from './volumes';

/** Groups of the contract that virtual disks and first-class disks fill. */
export function storageGroups(
  wire: Wire,
  operations: Operations,
  scans: Scans,
): Pick<Groups, 'disks' | 'attachments' | 'volumes' | 'volumeImages'> {
  const turns = new Turns();
  const writer = new FcdWriter(wire);
  return {
    disks: new VsphereDisks(wire, operations, turns, scans),
    attachments: new VsphereAttachments(wire, operations, turns, scans),
    volumes: new VsphereVolumes(wire, operations, writer),
    volumeImages: new VsphereVolumeImages(wire, operations, writer),
  };
}
