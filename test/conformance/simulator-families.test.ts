import { simulatedCloud, startTestGateway } from '../harness/gateway';
import { conformanceSuite } from './kit/suite';
import { simulator } from './simulator';

/** Hundreds of things are made and deleted here: that takes no time; what leads through states does. */
const delays = { create: 0, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 0, capture: 0 };

conformanceSuite({
  ...simulator,
  only: ['5.13', '5.14', '5.15', '5.16'],
  start: async () => {
    const gateway = await startTestGateway({ config: { clouds: { sim: simulatedCloud({ delays }) } } });
    return { url: `${gateway.base}cloudEntryPoint`, stop: () => gateway.stop() };
  },
});
