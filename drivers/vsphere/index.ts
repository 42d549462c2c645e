import type { CallContext, Driver, DriverModule, Finding } from '../../src/clouds/driver';
import { VsphereAttachments } from './attachments';
import { capabilities } from './capabilities';
import { check } from './check';
import { Wire } from './client';
import { VsphereCredentials } from './credentials';
import { VsphereDisks } from './disks';
import { FcdWriter } from './fcd';
import { VsphereImages } from './images';
import { VsphereMachines } from './machines';
import { vsphereOptions, type VsphereOptions } from './options';
import { VsphereSizes } from './sizes';
import { VsphereVolumeImages } from './volume-images';
import { VsphereVolumes } from './volumes';

/** VMware vSphere, through one vCenter. */
export const driver: DriverModule<VsphereOptions> = {
  name: 'vsphere',
  options: vsphereOptions,
  connect(options: VsphereOptions): Promise<Driver> {
    const wire = new Wire(options);
    const writer = new FcdWriter(wire);
    return Promise.resolve({
      capabilities: capabilities(options.settleMs),
      machines: new VsphereMachines(wire),
      machineConfigs: new VsphereSizes(options),
      machineImages: new VsphereImages(wire),
      disks: new VsphereDisks(wire),
      attachments: new VsphereAttachments(wire),
      volumes: new VsphereVolumes(wire, writer),
      volumeImages: new VsphereVolumeImages(wire, writer),
      credentials: new VsphereCredentials(),
      check: (context: CallContext): Promise<Finding[]> => check(wire, context),
      close: () => wire.close(),
    });
  },
};
