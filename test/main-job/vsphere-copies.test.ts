import { seededDisk } from '../../drivers/simulator/contents';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { CIMI } from '../../src/model/define';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue, eventually } from '../harness/wait';
import { openScene, succeeded, type Scene } from '../protocol/scene';

const MIB = 2 ** 20;
const CONTENTS = { contentSize: 16 * MIB, contentAllocated: MIB };
const DEBIAN = 'img-debian-12';

/** Images copied into vSphere and out of it, over HTTP. */
describeWith('vcsim', vcsimAvailable(), () => {
  let account: VsphereAccount;
  let scene: Scene;
  let sha256 = '';
  beforeAll(async () => {
    sha256 = (await digestOf(seededDisk(DEBIAN, CONTENTS.contentSize, CONTENTS.contentAllocated))).replace('sha256:', '');
    account = await startVsphere({ machines: 1, templates: 1 });
    const options = { ...account.options, network: 'VM Network', settleMs: 500 };
    scene = await openScene({
      config: {
        worker: { sweepMs: 200, leaseMs: 1000 },
        clouds: {
          sim: simulatedCloud(CONTENTS),
          back: simulatedCloud(CONTENTS),
          vsphere: { driver: 'vsphere', guard: { cacheMs: 200 }, options },
        },
      },
    });
  });
  afterEach(async () => {
    await account.sim.order({ clear: true });
    expect(await account.leftovers()).toEqual([]);
  });
  afterAll(async () => {
    await scene.close();
    await account.stop();
  });

  const copy = (cloud: string, imageLocation: string) =>
    scene.client.post('machineImages', { resourceURI: `${CIMI}/MachineImageCreate`, name: `in ${cloud}`, cloud, imageLocation });

  test('an image of another cloud becomes a template, machines are made of it, and it comes back with the same contents', async () => {
    const into = await copy('vsphere', `machineImages/${encodeId('sim', DEBIAN)}`);
    const job = await succeeded(scene.client, into);
    expect(job.statusMessage).toContain(sha256);
    const image = (await scene.client.get(into.headers.get('location') ?? '')).json;
    expect(image).toMatchObject({ name: 'in vsphere', state: 'AVAILABLE', type: 'IMAGE', cloud: 'vsphere', contentSha256: sha256 });
    const machine = await scene.client.post('machines', {
      resourceURI: `${CIMI}/MachineCreate`,
      machineTemplate: {
        machineConfig: { href: `machineConfigs/${encodeId('vsphere', 'c1-m1024')}` },
        machineImage: { href: String(image.id) },
      },
    });
    await succeeded(scene.client, machine);
    const out = await copy('back', String(image.id));
    expect((await succeeded(scene.client, out)).statusMessage).toContain(sha256);
    expect((await scene.client.get(out.headers.get('location') ?? '')).json).toMatchObject({ cloud: 'back', contentSha256: sha256 });
    expect(scene.controlOf('back').snapshots()).toMatchObject([{ content: { digest: `sha256:${sha256}` } }]);
    for (const uri of [machine.headers.get('location') ?? '', String(image.id)])
      await succeeded(scene.client, await scene.client.delete(uri));
  });

  test('a copy that is stopped while its disk is sent leaves nothing in vCenter', async () => {
    await account.sim.order({ nfc: { holdAfter: 100_000 } });
    const answer = await copy('vsphere', `machineImages/${encodeId('sim', DEBIAN)}`);
    await eventually(async () => (((await account.sim.order({ leases: true })).keys ?? []).length > 0 ? true : undefined));
    const job = answer.headers.get('cimi-job-uri') ?? '';
    await scene.client.post(job, { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/stop` });
    await comesTrue(async () => expect((await scene.client.get(job)).json.state).toBe('STOPPED'));
    await comesTrue(async () => expect(await account.leftovers()).toEqual([]));
  });
});
