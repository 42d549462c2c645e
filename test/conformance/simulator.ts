import { simulatedCloud, startTestGateway } from '../harness/gateway';
import { MOMENTS } from './kit/moments';
import type { SuiteOptions } from './kit/suite';

/** The gateway in front of the simulated cloud, and what that is known not to offer. */
export const simulator: SuiteOptions = {
  name: 'the gateway in front of the simulated cloud',
  start: async () => {
    // Resources that are names of the configuration's are held to the same as all others.
    const names = { images: { 'debian-12': 'default' }, sizes: { small: 's1.small', figures: { cpu: 2, memory: 4_194_304 } } };
    const gateway = await startTestGateway({ config: { clouds: { sim: simulatedCloud({}, names) } } });
    return { url: `${gateway.base}cloudEntryPoint`, stop: () => gateway.stop() };
  },
  unproven: MOMENTS,
  skips: {
    '4.1.6.8 without Jobs the one that describes a failure has no references': 'the gateway has Jobs',
    '5.11.2 as many properties as MaxPropertyItems says are kept': 'the gateway announces no such limit',
    '5.11.2 Machine/MachineImageByValue goes with Machine/MachineTemplateByValue': 'images are not taken by value',
    '5.11.2 Volume/VolumeImageByValue goes with Volume/VolumeTemplateByValue': 'images are not taken by value',
    '5.11.2 VolumeImages are taken by value where that is announced': 'images are not taken by value',
    '5.11.2 availability levels are extension attributes where they are announced': 'the simulated cloud has no availability levels',
    '5.11.2 a Volume is shared by Machines where that is announced': 'a simulated volume is attached to one machine',
    '5.14.2.1 without initialState and DefaultInitialState a new Machine is STOPPED': 'the simulated cloud announces DefaultInitialState',
    '5.16.2.1 without initialState and DefaultInitialState a new Network is STOPPED': 'the simulated cloud announces DefaultInitialState',
    '5.16.8.1 without initialState and DefaultInitialState a new port is STOPPED': 'the simulated cloud announces DefaultInitialState',
  },
};
