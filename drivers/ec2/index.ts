import type { CallContext, Driver, DriverEnvironment, DriverModule, Finding } from '../../src/clouds/driver';
import { Ec2Addresses } from './addresses';
import { IMAGE_NAMES } from './aliases';
import { Ec2Attachments } from './attachments';
import { capabilities } from './capabilities';
import { check } from './check';
import { Wire } from './client';
import { CloudWatch, hasCloudWatch } from './cloudwatch';
import { InstanceTypes, MachineConfigs } from './configs';
import { Ec2Credentials } from './credentials';
import { Ec2Disks } from './disks';
import { EbsDirect, hasEbsDirect } from './ebs';
import { Ec2Events } from './events';
import { Ec2ForwardingGroups } from './forwarding-groups';
import { Ec2MachineImages } from './images';
import { Ec2Interfaces } from './interfaces';
import { Ec2Machines } from './machines';
import { Ec2Meters } from './meters';
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
  imageNames: IMAGE_NAMES,
  connect(options: Ec2Options, environment: DriverEnvironment): Driver {
    const wire = new Wire(options, (message, details) => environment.warn(message, details));
    const types = new InstanceTypes(wire);
    const zones = new Zones(wire);
    const offerings = new Offerings(wire, zones);
    const machines = new Ec2Machines(wire, types, zones, offerings);
    const cloudWatch = hasCloudWatch(options) ? new CloudWatch(options) : undefined;
    const ebs = hasEbsDirect(options) ? new EbsDirect(options) : undefined;
    return patient(
      {
        capabilities: { ...capabilities(options.settleMs, options.sizes.atMost, wire.maxProperties), region: options.region },
        machines,
        machineConfigs: new MachineConfigs(types, offerings, options),
        machineImages: new Ec2MachineImages(wire, ebs),
        disks: new Ec2Disks(wire, types),
        attachments: new Ec2Attachments(wire),
        volumes: new Ec2Volumes(wire, zones),
        volumeImages: new Ec2VolumeImages(wire, ebs),
        interfaces: new Ec2Interfaces(wire),
        networks: new Ec2Networks(wire, zones),
        networkPorts: new Ec2NetworkPorts(wire),
        addresses: new Ec2Addresses(wire),
        forwardingGroups: new Ec2ForwardingGroups(wire),
        credentials: new Ec2Credentials(wire),
        ...(cloudWatch ? { meters: new Ec2Meters(wire, cloudWatch) } : {}),
        events: new Ec2Events(wire),
        check: (context: CallContext): Promise<Finding[]> => check({ wire, cloudWatch, ebs }, context),
        close: () => {
          wire.close();
          cloudWatch?.close();
          ebs?.close();
          return Promise.resolve();
        },
      },
      options.patienceMs,
    );
  },
};
