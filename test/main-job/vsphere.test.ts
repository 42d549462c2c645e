import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { mainJob } from './main-job';
import { startVsphereWorld, type VsphereWorld } from './vsphere-world';

describeWith('vcsim', vcsimAvailable(), () => {
  describe('the main job on vSphere', () => {
    let world: VsphereWorld;
    beforeAll(async () => {
      world = await startVsphereWorld();
    }, 300_000);
    afterAll(() => world.stop());
    mainJob(() => world);
  });
});
