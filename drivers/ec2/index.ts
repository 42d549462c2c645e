import type { CallContext, Driver, DriverModule, Finding } from '../../src/clouds/driver';
import { capabilities } from './capabilities';
import { check } from './check';
import { Wire } from './client';
import { InstanceTypes, MachineConfigs } from './configs';
import { Ec2Credentials } from './credentials';
import { Ec2MachineImages } from './images';
import { Ec2Machines } from './machines';
import { ec2Options, type Ec2Options } from './options';
import { Zones } from './zones';

/** Amazon EC2, and whatever speaks its API. */
export const driver: DriverModule<Ec2Options> = {
  name: 'ec2',
  options: ec2Options,
  connect(options: Ec2Options): Promise<Driver> {
    const wire = new Wire(options);
    const types = new InstanceTypes(wire);
    const zones = new Zones(wire);
    return Promise.resolve({
      capabilities: capabilities(options.settleMs),
      machines: new Ec2Machines(wire, types, zones),
      machineConfigs: new MachineConfigs(types),
      machineImages: new Ec2MachineImages(wire),
      credentials: new Ec2Credentials(wire),
      check: (context: CallContext): Promise<Finding[]> => check(wire, context),
      close: () => {
        wire.close();
        return Promise.resolve();
      },
    });
  },
};
