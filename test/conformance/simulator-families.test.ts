import { simulatedCloud, startTestGateway } from '../harness/gateway';
import { conformanceSuite } from './kit/suite';
import { servePackage } from './packages';
import { simulator } from './simulator';

/** Hundreds of things are made and deleted here: that takes no time; what leads through states does. */
const delays = { create: 0, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 0, capture: 60 };

conformanceSuite({
  ...simulator,
  only: ['5.13', '5.14', '5.15', '5.16', '5.17.1', '5.17.2'],
  start: async () => {
    const { choose, takes, fetch, close } = await servePackage();
    // What is sent is read: small disks do.
    const sim = simulatedCloud({ delays, contentSize: 2 ** 20, contentAllocated: 2 ** 17 });
    const gateway = await startTestGateway({ config: { fetch, clouds: { sim } } });
    return {
      ...{ url: `${gateway.base}cloudEntryPoint`, choose: { ...choose, ...takes } },
      stop: async () => {
        await gateway.stop();
        await close();
      },
    };
  },
});
