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
  },
});
