import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { startEc2World, type Ec2World } from './ec2-world';
import { mainJob } from './main-job';
import { windows } from './world';

describeWith('moto', motoAvailable(), () => {
  describe('the main job on EC2', () => {
    let world: Ec2World;
    beforeAll(async () => {
      world = await startEc2World();
    });
    afterAll(() => world.stop());
    mainJob(() => world);
  });

  describe('an account with very many images', () => {
    let world: Ec2World;
    beforeAll(async () => {
      world = await startEc2World({
        fullImages: true,
        options: { imageOwners: ['self', 'amazon'], pageSize: 300 },
        guard: { cacheMs: 60_000 },
      });
    });
    afterAll(() => world.stop());

    test('every image is listed once, in windows over all of the provider’s pages', async () => {
      const { account, client } = world;
      const whole = (await client.get('machineImages')).json;
      expect(Number(whole.count)).toBeGreaterThan(500);
      // One's own are asked for apart: the list of the others is kept longer.
      expect(account.proxy.count('DescribeImages')).toBe(Math.ceil(Number(whole.count) / 300) + 1);
      const images = await windows(client, 'machineImages', 'machineImages', 250);
      expect(new Set(images.map(({ id }) => id)).size).toBe(whole.count);
    });
  });
});
