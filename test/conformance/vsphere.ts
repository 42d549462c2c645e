import { startVsphere } from '../backends/vsphere';
import { startTestGateway } from '../harness/gateway';
import { MOMENTS } from './kit/moments';
import type { SuiteOptions } from './kit/suite';
import { EXPORTS_SENT, servePackage } from './packages';

const NO_ADDRESSES = 'vSphere gives no addresses: what guests have is told';
const NO_PORTS = 'vSphere: ports of networks are not shown';
const NO_GROUPS = 'vSphere has no routers: vim25 knows none';

/** The gateway in front of vSphere (govmomi's vCenter simulator behind the proxy), and what that is known not to offer. */
export const vsphere: SuiteOptions = {
  name: 'the gateway in front of vSphere',
  start: async () => {
    const account = await startVsphere({ machines: 1, templates: 1 });
    const clouds = { vc: { driver: 'vsphere', guard: { cacheMs: 200 }, options: { ...account.options, pageSize: 500 } } };
    const { choose, fetch, close } = await servePackage();
    const gateway = await startTestGateway({ config: { clouds, fetch } });
    return {
      url: `${gateway.base}cloudEntryPoint`,
      choose: { ...choose, machineImages: 'template-0' },
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
    '5.15.3 its meterTemplates are Meters of the new Volume': 'vSphere measures machines, no first-class disks',
    '5.16.3 its meterTemplates are Meters of the new Network': 'vSphere measures no Networks and no ports',
    '5.16.9 its meterTemplates are Meters of the new NetworkPort': 'vSphere measures no Networks and no ports',
    '4.1.6.8 without Jobs the one that describes a failure has no references': 'the gateway has Jobs',
    '5.11.2 Machine/MachineImageByValue goes with Machine/MachineTemplateByValue':
      'vSphere: a template or snapshot is there before it is used',
    '5.11.2 Volume/VolumeImageByValue goes with Volume/VolumeTemplateByValue': 'vSphere: an image of a disk is there before it is used',
    '5.11.2 VolumeImages are taken by value where that is announced': 'vSphere: an image of a disk is there before it is used',
    '5.11.2 a Machine is restored from an image that is no snapshot': 'vSphere: a machine goes back to its own snapshots only',
    '5.11.2 availability levels are extension attributes where they are announced': 'vSphere has no levels of availability to ask for',
    '5.11.2 a Volume is shared by Machines where that is announced': 'vSphere: a first-class disk is attached to one machine',
    '5.11.2 NetworkPortTemplates and -Configurations are taken by value; a new port takes DefaultInitialState': NO_PORTS,
    '5.11.2 a ForwardingGroup mixes public and private Networks only where that is announced': NO_GROUPS,
    '5.13.1.2 pause and suspend reach every Machine of a System': 'vSphere has no pause',
    "5.14.1.1.3 an interface's NetworkPort is one of the interface's own Network": NO_PORTS,
    '5.13.3 a component with an empty template survives being read and sent back': NO_GROUPS,
    '5.14.1.2 pause leads through PAUSING to PAUSED, start back': 'vSphere has no pause: it suspends',
    '5.14.2.1 without initialState and DefaultInitialState a new Machine is STOPPED': 'the gateway announces DefaultInitialState',
    '5.14.2.1 an Address made by the provider is deleted when it is taken from the Machine':
      'vSphere: an address is the guest’s, and not taken from it here',
    "5.14.2.1 a Consumer's Address is used where a template names it, and survives the Machine": NO_ADDRESSES,
    '5.16.1.1.1 a port added to a Network is in its Collection and in that of all ports, and goes with the Network': NO_PORTS,
    '5.16.1.2 stop and start lead through STOPPING and STARTING to STOPPED and STARTED': 'vSphere switches no port groups',
    '5.16.2.1 without initialState and DefaultInitialState a new Network is STOPPED': 'vSphere: a port group is STARTED, as is announced',
    '5.16.3 a template is changed, and Networks are made as it says then': 'vSphere: a port group has no other initial state than STARTED',
    '5.16.7 is serialized as its table and pseudo-schema say': NO_PORTS,
    '5.16.7 the state of a port is not for Consumers to write': NO_PORTS,
    '5.16.7.2 a new port is in the Collection of all and in that of its Network; deleting it removes it from both': NO_PORTS,
    '5.16.7.2 stop and start lead to STOPPED and STARTED': NO_PORTS,
    '5.16.8 is serialized as published, its items whole': NO_PORTS,
    '5.16.8.1 without initialState a new port is in DefaultInitialState': NO_PORTS,
    '5.16.8.1 without initialState and DefaultInitialState a new port is STOPPED': NO_PORTS,
    '5.16.8.1 a new port is in the initialState asked for': NO_PORTS,
    '5.16.8.1 no port is created where its initial state cannot be reached': NO_PORTS,
    '5.16.9 initial states are steady ones that supported actions lead to': NO_PORTS,
    '5.16.9 a template names its Network at the Collection of all ports, and no other at that of a Network': NO_PORTS,
    '5.16.9 a template is changed, and ports are made as it says then': NO_PORTS,
    '5.16.13 is serialized as its table and pseudo-schema say': NO_ADDRESSES,
    '5.16.13 what a Consumer may only read of an Address is left as it is': NO_ADDRESSES,
    '5.16.13 an Address made by the provider is kept once its allocation is static': NO_ADDRESSES,
    '5.16.14 is serialized as published, its items whole': NO_ADDRESSES,
    '5.16.15 a template is changed, and Addresses are made as it says then': NO_ADDRESSES,
    '5.16.17 a group and its Networks are serialized as their tables and pseudo-schemas say': NO_GROUPS,
    '5.16.17 Networks are added to a group and removed, and survive it': NO_GROUPS,
    '5.16.17 a Consumer changes what describes a group': NO_GROUPS,
    '5.16.17 Networks of two types share a group only where MixedNetwork is announced': NO_GROUPS,
    '5.16.18 is serialized as published, its items whole': NO_GROUPS,
    '5.16.19 groups are made as a template says': NO_GROUPS,
  },
};
