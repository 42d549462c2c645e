import { join } from 'node:path';
import { openControl } from '../../drivers/simulator/control';
import { Client } from '../harness/client';
import { startTestGateway } from '../harness/gateway';
import { mainJob } from './main-job';
import type { World } from './world';

/** The main job on the simulated cloud, which says itself what is left in it. */
async function simulatorWorld(): Promise<World> {
  const gateway = await startTestGateway();
  const control = openControl(join(gateway.dataDir, 'clouds', 'sim', 'simulator.sqlite'));
  return {
    client: new Client(gateway.base),
    config: 'Small',
    image: 'Debian 12',
    instances: () => Promise.resolve(control.instances().map(({ id }) => id)),
    leftovers: () =>
      Promise.resolve([
        ...control.instances().map(({ id }) => `instance ${id}`),
        ...control.snapshots().map(({ id }) => `snapshot ${id}`),
        ...control.keyPairs().map((id) => `key pair ${id}`),
      ]),
    stop: async () => {
      control.close();
      await gateway.stop();
    },
  };
}

describe('the main job on the simulated cloud', () => {
  let world: World;
  beforeAll(async () => {
    world = await simulatorWorld();
  });
  afterAll(() => world.stop());
  mainJob(() => world);
});
