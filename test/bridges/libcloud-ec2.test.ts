import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { installLibcloud, libcloudAvailable, libcloudPython } from '../backends/bridges';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { startEc2World, type Ec2World } from '../main-job/ec2-world';
import { PUBLIC_KEY } from '../protocol/scene';

const run = promisify(execFile);

/** The driver for Apache Libcloud over an EC2 that we did not write. */
describeWith('moto', motoAvailable(), () => {
  describeWith('apache-libcloud', libcloudAvailable(), () => {
    let world: Ec2World;
    beforeAll(async () => {
      world = await startEc2World();
    });
    afterAll(() => world.stop());

    test('nodes and volumes are made, operated and unmade at EC2 by Libcloud’s own API', async () => {
      await installLibcloud();
      const { port } = new URL(world.gateway.base);
      const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', PYTHONPATH: resolve(__dirname, '../../contrib/libcloud') };
      const exercise = join(__dirname, 'exercise_libcloud_ec2.py');
      const { stdout } = await run(libcloudPython, ['-W', 'ignore', exercise, port, PUBLIC_KEY], { env });
      expect(JSON.parse(stdout)).toEqual({
        locations: ['aws'],
        size: [8192, 2],
        running: ['one', 'running', true],
        actions: [true, true, 'stopped', true, 'running'],
        volume: [10, true, true, true],
        gone: [true, 0],
      });
      expect(await world.alive()).toEqual([]);
    });
  });
});
