import { startTestGateway } from '../harness/gateway';
import { conformanceSuite } from './kit/suite';

conformanceSuite({
  name: 'the gateway in front of the simulated cloud',
  start: async () => {
    const gateway = await startTestGateway();
    return { url: `${gateway.base}cloudEntryPoint`, stop: () => gateway.stop() };
  },
  skips: {
    '4.1.6.8 without Jobs the one that describes a failure has no references': 'the gateway has Jobs',
    '5.14.2.1 without initialState and DefaultInitialState a new Machine is STOPPED': 'the simulated cloud announces DefaultInitialState',
    '5.16.2.1 without initialState and DefaultInitialState a new Network is STOPPED': 'the simulated cloud announces DefaultInitialState',
    '5.16.8.1 without initialState and DefaultInitialState a new port is STOPPED': 'the simulated cloud announces DefaultInitialState',
  },
});
