import { createHash, randomInt } from 'node:crypto';
import { seededDisk } from '../../drivers/simulator/contents';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { blocksOf } from '../../src/disks/extents';
import { type Ec2Account, startEc2 } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { simulatedCloud } from '../harness/gateway';
import { CLOUD, ec2Config } from '../main-job/ec2-world';
import { Change } from './drive';
import { DELAYS, Scene } from './scene';

/** Copies into EC2 by a gateway that is killed among the blocks: the next one goes on with the snapshot that was begun. */
const BLOCK = 524_288;
/** A disk whose digest can be gone on with, and whose pieces of data each lie in a block of EBS of their own. */
const CONTENTS = { contentSize: 5 * 2 ** 30, contentAllocated: 40 * 2 ** 20 };
const BLOCKS = CONTENTS.contentAllocated / 65_536;
/** The same, as large as EC2 need not round up. */
const SMALL = { contentSize: 2 ** 30, contentAllocated: 2 ** 20 };
/** Blocks after which it is kept how far the copy is: 32 MiB of data. */
const KEPT = BLOCKS * 0.8;
/** Blocks that are under way at once, on both sides of the place where it was killed. */
const UNDER_WAY = 2 * 8;
const DEBIAN = 'img-debian-12';

describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let scene: Scene;
  beforeAll(async () => {
    account = await startEc2();
    const { clouds, secrets } = ec2Config(account, { ebsEndpoint: account.url });
    const from = simulatedCloud({ delays: DELAYS, ...CONTENTS });
    const small = simulatedCloud({ delays: DELAYS, ...SMALL });
    scene = await Scene.set({ clouds: { from: CONTENTS, small: SMALL }, config: { secrets, clouds: { ...clouds, from, small } } });
  });
  afterAll(async () => {
    await scene.close();
    await account.stop();
  });

  const count = (action: string) => account.proxy.count(action);
  /** Kills the gateway when this many more blocks have come to EBS, or were asked of it. */
  const killAt = (blocks: number, action: 'PutSnapshotBlock' | 'GetSnapshotBlock' = 'PutSnapshotBlock'): void => {
    let seen = 0;
    const kill = (): boolean => {
      seen += 1;
      if (seen === blocks) scene.life.signal('SIGKILL');
      return false;
    };
    account.proxy.add({ action, when: kill });
  };

  test('killed at random blocks, before it was kept how far it is and after: one image of the right contents, and little is sent again', async () => {
    // A slow copy is kept by time, too: as many blocks as the second kill needs are left in any case.
    const [early, late] = [randomInt(1, BLOCKS - KEPT - 4 * UNDER_WAY), randomInt(KEPT + UNDER_WAY, KEPT + 2 * UNDER_WAY)];
    killAt(early);
    const body = { name: 'copied', cloud: CLOUD, imageLocation: `machineImages/${encodeId('from', DEBIAN)}` };
    const change = new Change(scene, CLOUD, 'POST', 'machineImages', body);
    await change.attempt();
    await scene.life.killed();
    killAt(late);
    await scene.begin();
    await scene.revived();
    const disk = seededDisk(DEBIAN, CONTENTS.contentSize, CONTENTS.contentAllocated);
    const job = await change.ended();
    expect(job).toMatchObject({ state: 'SUCCESS', statusMessage: expect.stringContaining(await digestOf(disk)) as string });
    const expected = new Map<number, string>();
    for await (const { index, data } of blocksOf(disk, BLOCK)) expected.set(index, createHash('sha256').update(data).digest('base64'));
    const snapshots = [...account.proxy.blocks.begun.values()];
    expect(snapshots).toHaveLength(1);
    expect([...(snapshots[0]?.digests ?? [])].sort(([a], [b]) => a - b)).toEqual([...expected]);
    // The first was begun anew, unless it had been kept; the second was gone on with.
    expect([1, 2]).toContain(count('StartSnapshot'));
    expect(count('PutSnapshotBlock')).toBeLessThanOrEqual(early + BLOCKS + KEPT + 2 * UNDER_WAY);
    expect(await new Change(scene, CLOUD, 'DELETE', await change.path()).ended()).toMatchObject({ state: 'SUCCESS' });
    expect([await account.leftovers(), account.proxy.blocks.pending]).toEqual([[], []]);
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  });

  test('killed at a random block on the way out: the other cloud has the whole once, and nothing was made in EC2 for it', async () => {
    const copy = (cloud: string, imageLocation: string) =>
      new Change(scene, cloud, 'POST', 'machineImages', { name: `copied to ${cloud}`, cloud, imageLocation });
    const into = copy(CLOUD, `machineImages/${encodeId('small', DEBIAN)}`);
    expect(await into.ended()).toMatchObject({ state: 'SUCCESS' });
    const image = await into.path();
    const before = await account.leftovers();
    killAt(randomInt(1, SMALL.contentAllocated / 65_536), 'GetSnapshotBlock');
    const back = copy('small', image);
    await back.attempt();
    await scene.revived();
    const digest = await digestOf(seededDisk(DEBIAN, SMALL.contentSize, SMALL.contentAllocated));
    expect(await back.ended()).toMatchObject({ state: 'SUCCESS', statusMessage: expect.stringContaining(digest) as string });
    expect(scene.cloud('small').snapshots()).toMatchObject([{ content: { digest } }]);
    expect(await account.leftovers()).toEqual(before);
    for (const change of [back, into])
      expect(await new Change(scene, change.cloud, 'DELETE', await change.path()).ended()).toMatchObject({ state: 'SUCCESS' });
    expect([scene.cloud('small').snapshots(), await account.leftovers(), account.proxy.blocks.pending]).toEqual([[], [], []]);
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  });
});
