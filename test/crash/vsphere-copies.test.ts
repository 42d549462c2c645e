import { randomInt } from 'node:crypto';
import { seededDisk } from '../../drivers/simulator/contents';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { Change } from './drive';
import { DELAYS, Scene } from './scene';

/** Copies into vSphere and out of it by a gateway that is killed among the bytes: one image each, and no lease, machine or snapshot left. */
const MIB = 2 ** 20;
const CONTENTS = { contentSize: 8 * MIB, contentAllocated: MIB };
const DEBIAN = 'img-debian-12';
const [FROM, VCENTER] = ['from', 'vc'] as const;
/** Life of a lease that nobody reports to, in s: that of a killed worker ends by itself. */
const LEASE_SECONDS = 3;

describeWith('vcsim', vcsimAvailable(), () => {
  let account: VsphereAccount;
  let scene: Scene;
  let digest = '';
  beforeAll(async () => {
    digest = await digestOf(seededDisk(DEBIAN, CONTENTS.contentSize, CONTENTS.contentAllocated));
    account = await startVsphere({ machines: 1, templates: 1 });
    const options = { ...account.options, network: 'VM Network', settleMs: 500 };
    const vc = { driver: 'vsphere', guard: { cacheMs: 200 }, options };
    const from = simulatedCloud({ delays: DELAYS, ...CONTENTS });
    scene = await Scene.set({ clouds: { [FROM]: CONTENTS }, config: { clouds: { [FROM]: from, [VCENTER]: vc } } });
  });
  afterAll(async () => {
    await scene.close();
    await account.stop();
  });

  const leases = async () => (await account.sim.order({ leases: true })).keys ?? [];
  const copy = (cloud: string, imageLocation: string): Change =>
    new Change(scene, cloud, 'POST', 'machineImages', { name: 'copied', cloud, imageLocation });

  /** Asks for a copy, kills the gateway once the transfer stands still after so many bytes, and lets the next one go on. */
  async function killedAt(bytes: number, change: Change): Promise<void> {
    await account.sim.order({ nfc: { holdAfter: bytes, seconds: LEASE_SECONDS } });
    await change.attempt();
    await eventually(async () => ((await leases()).length > 0 ? true : undefined));
    await scene.life.kill();
    await account.sim.order({ clear: true });
    await scene.begin();
    const job = await change.ended();
    expect([bytes, job.state, job.statusMessage]).toEqual([bytes, 'SUCCESS', expect.stringContaining(digest)]);
  }

  test('killed at a random byte into it and out of it again', async () => {
    const into = copy(VCENTER, `machineImages/${encodeId(FROM, DEBIAN)}`);
    await killedAt(randomInt(1, MIB), into);
    const template = await into.path();
    expect(await account.leftovers()).toEqual([expect.stringMatching(/^machine .* copied/)]);
    const out = copy(FROM, template);
    await killedAt(randomInt(1, MIB), out);
    expect(scene.cloud(FROM).snapshots()).toMatchObject([{ content: { digest } }]);
    for (const change of [into, out])
      expect(await new Change(scene, change.cloud, 'DELETE', await change.path()).ended()).toMatchObject({ state: 'SUCCESS' });
    await eventually(
      async () => ((await account.leftovers()).length === 0 ? true : undefined),
      () => account.leftovers(),
    );
    expect(scene.cloud(FROM).snapshots()).toEqual([]);
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  });
});
