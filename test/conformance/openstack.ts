import { startOpenstackAccount } from '../backends/openstack-account';
import { startTestGateway } from '../harness/gateway';
import { MOMENTS } from './kit/moments';
import type { SuiteOptions } from './kit/suite';
import { EXPORTS_SENT, servePackage } from './packages';

/** The gateway in front of the OpenStack services (nova with its fake hypervisor), and what those are known not to offer. */
export const openstack: SuiteOptions = {
  name: 'the gateway in front of OpenStack',
  start: async () => {
    const account = await startOpenstackAccount();
    const options = { ...account.options, settleMs: 1000, floatingNetwork: 'public', networks: [account.network] };
    const clouds = { private: { driver: 'openstack', guard: { cacheMs: 200 }, options } };
    const { choose, fetch, close } = await servePackage();
    const gateway = await startTestGateway({ config: { clouds, fetch } });
    return {
      url: `${gateway.base}cloudEntryPoint`,
      patienceMs: 180_000,
      choose: { ...choose, machineConfigs: 'm1.tiny', machineImages: 'cirros' },
      stop: async () => {
        await gateway.stop();
        await close();
        await account.stop();
      },
    };
  },
  // Both formats are proven on the simulated cloud and on EC2.
  formats: ['json'],
  unproven: MOMENTS,
  skips: {
    ...EXPORTS_SENT,
    '5.16.3 its meterTemplates are Meters of the new Network': 'OpenStack measures no Networks',
    '4.1.6.8 without Jobs the one that describes a failure has no references': 'the gateway has Jobs',
    '5.11.1 values outside of a constraint are refused, those inside are taken':
      'OpenStack: nothing limits the size of a volume but quotas',
    '5.11.2 Machine/MachineImageByValue goes with Machine/MachineTemplateByValue': 'images are not taken by value',
    '5.11.2 Volume/VolumeImageByValue goes with Volume/VolumeTemplateByValue': 'images are not taken by value',
    '5.11.2 VolumeImages are taken by value where that is announced': 'images are not taken by value',
    '5.11.2 stop and restart take force': 'OpenStack: Nova cuts the power itself when the guest does not react',
    '5.11.2 availability levels are extension attributes where they are announced': 'OpenStack has zones, no levels of availability',
    '5.11.2 a Volume is shared by Machines where that is announced': 'the gateway uses no multiattach types of volumes',
    '5.14.1 adding to disks creates a Disk; deleting it removes it':
      "OpenStack: a server's disks are its flavor's; what is added is a Volume",
    '5.14.1.2 stop with force true and false ends in STOPPED': 'OpenStack: Nova cuts the power itself when the guest does not react',
    '5.14.2.1 without initialState and DefaultInitialState a new Machine is STOPPED':
      'OpenStack boots servers: DefaultInitialState is announced',
    '5.14.2.1 an Address made by the provider is deleted when it is taken from the Machine':
      'OpenStack: a fixed address comes and goes with its port',
    '5.16.2.1 without initialState and DefaultInitialState a new Network is STOPPED': 'the gateway announces DefaultInitialState',
    '5.16.8.1 without initialState and DefaultInitialState a new port is STOPPED': 'the gateway announces DefaultInitialState',
    '5.16.13 an Address made by the provider is kept once its allocation is static': 'OpenStack: a fixed address goes with its port',
  },
};
