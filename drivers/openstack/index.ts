import type { CallContext, Driver, DriverEnvironment, DriverModule, Finding } from '../../src/clouds/driver';
import { capabilities } from './capabilities';
import { check } from './check';
import { Wire } from './client';
import { Flavors, MachineConfigs } from './configs';
import { OpenstackCredentials } from './credentials';
import { IMAGE_NAMES } from './image-item';
import { OpenstackMachineImages } from './images';
import { OpenstackMachines } from './machines';
import { monitoringGroups } from './monitoring';
import { networkGroups } from './network';
import { openstackOptions, type OpenstackOptions } from './options';
import { quotasOf } from './quotas';
import { storageGroups } from './storage';
import { poller } from './work';

/** OpenStack: Keystone v3, Nova, Glance, Cinder v3 and Neutron of one project in one region. */
export const driver: DriverModule<OpenstackOptions> = {
  name: 'openstack',
  options: openstackOptions,
  imageNames: IMAGE_NAMES,
  connect(options: OpenstackOptions, environment: DriverEnvironment): Driver {
    const wire = new Wire(options, (message, details) => environment.warn(message, details));
    const flavors = new Flavors(wire);
    return {
      capabilities: {
        ...capabilities(options.settleMs, options.sizes.atMost),
        ...(options.region !== undefined && { region: options.region }),
      },
      machines: new OpenstackMachines(wire, flavors),
      machineConfigs: new MachineConfigs(flavors, options.sizes),
      machineImages: new OpenstackMachineImages(wire),
      ...storageGroups(wire, flavors),
      ...networkGroups(wire),
      ...monitoringGroups(wire, flavors),
      credentials: new OpenstackCredentials(wire),
      poll: poller(wire, flavors),
      quotas: (context: CallContext) => quotasOf(wire, context),
      check: (context: CallContext): Promise<Finding[]> => check(wire, context),
      close: () => wire.close(),
    };
  },
};
