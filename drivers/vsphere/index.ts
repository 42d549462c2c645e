import type { CallContext, Driver, DriverEnvironment, DriverModule, Finding, WorkHandle } from '../../src/clouds/driver';
import { VsphereAddresses } from './addresses';
import { capabilities } from './capabilities';
import { check } from './check';
import { Wire } from './client';
import { VsphereCredentials } from './credentials';
import { VsphereEvents } from './events';
import { VsphereImages } from './images';
import { VsphereInterfaces } from './interfaces';
import { VsphereMachines } from './machines';
import { VsphereMeters } from './meters';
import { VsphereNetworks } from './networks';
import { Operations } from './operations';
import { vsphereOptions, type VsphereOptions } from './options';
import { Scans } from './scans';
import { VsphereSizes } from './sizes';
import { storageGroups } from './storage';

/** VMware vSphere, through one vCenter. */
export const driver: DriverModule<VsphereOptions> = {
  name: 'vsphere',
  options: vsphereOptions,
  connect(options: VsphereOptions, { warn }: DriverEnvironment): Driver {
    const wire = new Wire(options, warn);
    const operations = new Operations(wire);
    const scans = new Scans();
    return {
      capabilities: { ...capabilities(options.settleMs), ...(options.datacenter !== undefined && { region: options.datacenter }) },
      machines: new VsphereMachines(wire, operations, scans),
      machineConfigs: new VsphereSizes(options),
      machineImages: new VsphereImages(wire, operations, scans),
      networks: new VsphereNetworks(wire, operations, scans),
      interfaces: new VsphereInterfaces(wire, operations, scans),
      addresses: new VsphereAddresses(wire),
      ...storageGroups(wire, operations, scans),
      credentials: new VsphereCredentials(),
      meters: new VsphereMeters(wire),
      events: new VsphereEvents(wire),
      poll: (handle: WorkHandle, context: CallContext) => operations.poll(handle, context),
      check: (context: CallContext): Promise<Finding[]> => check(wire, context),
      close: () => wire.close(),
    };
  },
};
