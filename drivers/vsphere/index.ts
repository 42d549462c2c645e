import { absenceAsProof } from '../../src/clouds/absence';
import type { CallContext, Driver, DriverModule, Finding } from '../../src/clouds/driver';
import { VsphereAddresses } from './addresses';
import { capabilities } from './capabilities';
import { check } from './check';
import { Wire } from './client';
import { VsphereCredentials } from './credentials';
import { VsphereImages } from './images';
import { VsphereInterfaces } from './interfaces';
import { VsphereMachines } from './machines';
import { VsphereNetworks } from './networks';
import { vsphereOptions, type VsphereOptions } from './options';
import { VsphereSizes } from './sizes';
import { storageGroups } from './storage';

/** VMware vSphere, through one vCenter. */
export const driver: DriverModule<VsphereOptions> = {
  name: 'vsphere',
  options: vsphereOptions,
  connect(options: VsphereOptions): Promise<Driver> {
    const wire = new Wire(options);
    return Promise.resolve(
      absenceAsProof({
        capabilities: capabilities(options.settleMs),
        machines: new VsphereMachines(wire),
        machineConfigs: new VsphereSizes(options),
        machineImages: new VsphereImages(wire),
        networks: new VsphereNetworks(wire),
        interfaces: new VsphereInterfaces(wire),
        addresses: new VsphereAddresses(wire),
        ...storageGroups(wire),
        credentials: new VsphereCredentials(),
        check: (context: CallContext): Promise<Finding[]> => check(wire, context),
        close: () => wire.close(),
      }),
    );
  },
};
