import type { CallContext, Driver, DriverEnvironment, DriverModule, Finding } from '../../src/clouds/driver';
import { Ec2Addresses } from './addresses';
import { Ec2Attachments } from './attachments';
import { capabilities } from './capabilities';
import { check } from './check';
import { Wire } from './client';
import { InstanceTypes, MachineConfigs } from './configs';
import { Ec2Credentials } from './credentials';
import { Ec2Disks } from './disks';
import { Ec2ForwardingGroups } from './forwarding-groups';
import { Ec2MachineImages } from './images';
import { Ec2Interfaces } from './interfaces';
import { Ec2Machines } from './machines';
import { Ec2NetworkPorts } from './network-ports';
import { Ec2Networks } from './networks';
import { Offerings } from './offerings';
import { ec2Options, type Ec2Options } from './options';
import { patient } from './poll';
import { Ec2VolumeImages } from './volume-images';
import { Ec2Volumes } from './volumes';
import { Zones } from './zones';

/** Amazon EC2, and whatever speaks its API. */
export const driver: DriverModule<Ec2Options> = {
  name: 'ec2',
  options: ec2Options,
  connect(options: Ec2Options, environment: DriverEnvironment): Promise<Driver> {
    const wire = new Wire(options, (message, details) => environment.warn(message, details));
    const types = new InstanceTypes(wire);
    const zones = new Zones(wire);
    const offerings = new Offerings(wire, zones);
    const machines = new Ec2Machines(wire, types, zones, offerings);
    return Promise.resolve(
      patient(
        {
          capabilities: capabilities(options.settleMs, options.sizes.atMost, wire.maxProperties),
          machines,
          machineConfigs: new MachineConfigs(types, offerings, options),
          machineImages: new Ec2MachineImages(wire),
          disks: new Ec2Disks(wire, types),
          attachments: new Ec2Attachments(wire),
          volumes: new Ec2Volumes(wire, zones),
          volumeImages: new Ec2VolumeImages(wire),
          interfaces: new Ec2Interfaces(wire),
          networks: new Ec2Networks(wire, zones),
          networkPorts: new Ec2NetworkPorts(wire),
          addresses: new Ec2Addresses(wire),
          forwardingGroups: new Ec2ForwardingGroups(wire),
          credentials: new Ec2Credentials(wire),
          check: (context: CallContext): Promise<Finding[]> => check(wire, context),
          close: () => {
            wire.close();
            return Promise.resolve();
          },
        },
        options.patienceMs,
      ),
    );
  },
};
