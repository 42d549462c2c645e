import { startEc2, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { startTestGateway } from '../harness/gateway';
import { MOMENTS } from './kit/moments';
import type { SuiteOptions } from './kit/suite';
import { EXPORTS_SENT, servePackage } from './packages';

/** The gateway in front of EC2 (moto behind the fault proxy), and what that is known not to offer. */
export const ec2: SuiteOptions = {
  name: 'the gateway in front of EC2',
  start: async () => {
    const account = await startEc2();
    const options = {
      region: TEST_REGION,
      endpoint: account.url,
      cloudWatchEndpoint: account.url,
      ebsEndpoint: account.url,
      ...TEST_KEYS,
      settleMs: 300,
      imageOwners: ['self', 'amazon'],
    };
    const clouds = { aws: { driver: 'ec2', guard: { cacheMs: 200 }, options } };
    const { choose, fetch, close } = await servePackage();
    const gateway = await startTestGateway({ config: { clouds, fetch } });
    return {
      url: `${gateway.base}cloudEntryPoint`,
      // Static addresses are the internet's; no subnet has any. A type that is not the smallest of its cpus, and its image.
      choose: { ...choose, addressNetwork: 'Public addresses of Amazon', machineConfigs: 't3.large', machineImages: 'debian-12-amd64' },
      stop: async () => {
        await gateway.stop();
        await close();
        await account.stop();
      },
    };
  },
  unproven: MOMENTS,
  skips: {
    ...EXPORTS_SENT,
    '5.16.3 its meterTemplates are Meters of the new Network': 'EC2 measures no Networks and no ports',
    '5.16.9 its meterTemplates are Meters of the new NetworkPort': 'EC2 measures no Networks and no ports',
    '4.1.6.8 without Jobs the one that describes a failure has no references': 'the gateway has Jobs',
    '5.11.2 Machine/MachineImageByValue goes with Machine/MachineTemplateByValue': 'EC2: an image is registered before it is used',
    '5.11.2 Volume/VolumeImageByValue goes with Volume/VolumeTemplateByValue': 'EC2: a snapshot is there before it is used',
    '5.11.2 VolumeImages are taken by value where that is announced': 'EC2: a snapshot is there before it is used',
    '5.11.2 availability levels are extension attributes where they are announced': 'EC2 has zones, no levels of availability',
    '5.11.2 a Volume is shared by Machines where that is announced': 'EC2: most volumes are of one instance; the gateway shares none',
    '5.13.1.2 pause and suspend reach every Machine of a System': 'EC2 does not pause instances',
    '5.14.1 adding to disks creates a Disk; deleting it removes it': 'EC2: what is added to an instance is a Volume',
    '5.14.1.2 pause leads through PAUSING to PAUSED, start back': 'EC2 does not pause instances',
    '5.14.1.2 suspend leads through SUSPENDING to SUSPENDED, start back': 'EC2 hibernates only what was launched for it, and moto nothing',
    '5.14.2.1 without initialState and DefaultInitialState a new Machine is STOPPED':
      'EC2 starts instances: DefaultInitialState is announced',
    '5.14.2.1 an Address made by the provider is deleted when it is taken from the Machine':
      'EC2: an address that it gave goes with its interface only',
    '5.16.1.2 stop and start lead through STOPPING and STARTING to STOPPED and STARTED': 'EC2 switches no subnets',
    '5.16.2.1 without initialState and DefaultInitialState a new Network is STOPPED': 'EC2: a subnet is STARTED, as is announced',
    '5.16.3 a template is changed, and Networks are made as it says then': 'EC2: a subnet has no other initial state than STARTED',
    '5.16.7.2 stop and start lead to STOPPED and STARTED': 'EC2 switches no interfaces',
    '5.16.8.1 without initialState and DefaultInitialState a new port is STOPPED': 'EC2: an interface is STARTED, as is announced',
    '5.16.9 a template is changed, and ports are made as it says then': 'EC2: an interface has no other initial state than STARTED',
    '5.16.13 an Address made by the provider is kept once its allocation is static': 'EC2 makes no address that it gave an elastic one',
    '5.16.17 Networks are added to a group and removed, and survive it': 'EC2: a subnet stays in the VPC that it was made in',
    '5.16.19 groups are made as a template says': 'EC2: a VPC is not made of subnets',
  },
};
