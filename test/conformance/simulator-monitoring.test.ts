import { simulatedCloud, startTestGateway } from '../harness/gateway';
import { conformanceSuite } from './kit/suite';
import { simulator } from './simulator';

/** Clauses of Meters, on a simulated cloud that measures every second. */
conformanceSuite({
  ...simulator,
  only: ['5.17.3', '5.17.4', '5.17.5', '5.17.6', '5.17.7', '5.17.8'],
  start: async () => {
    const gateway = await startTestGateway({ config: { clouds: { sim: simulatedCloud({ meterResolution: 1 }) } } });
    return { url: `${gateway.base}cloudEntryPoint`, stop: () => gateway.stop() };
  },
});
