import { randomInt } from 'node:crypto';
import { seededDisk } from '../../drivers/simulator/contents';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { CIMI } from '../../src/model/define';
import { gibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import type { OpenstackRule } from '../backends/openstack-proxy';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue, eventually } from '../harness/wait';
import { made, succeeded } from '../protocol/scene';
import { Change } from './drive';
import { DELAYS, Scene } from './scene';

/** Copies into OpenStack and out of it by a gateway that is killed on the way, several times each: one image each, and nothing else there. */
const MIB = 2 ** 20;
const CONTENTS = { contentSize: 8 * MIB, copySize: 8 * MIB, contentAllocated: MIB };
const DEBIAN = 'img-debian-12';
const COPY = 'copy-1';
const [FROM, STACK] = ['from', 'stack'] as const;

/** Place at which the gateway is killed: once a service has answered, or while an image's bytes stand still. */
type Kill = Pick<OpenstackRule, 'service' | 'method' | 'path' | 'when'> & { within?: true };
const [MADE, TAKING, TAKEN, READING] = [
  { service: 'image', method: 'POST', path: /\/images$/ },
  { service: 'image', method: 'PUT', path: /\/file$/, within: true },
  { service: 'image', method: 'PUT', path: /\/file$/ },
  { service: 'image', method: 'GET', path: /\/file$/, within: true },
] as const satisfies readonly Kill[];
/** The same where Cinder copies a snapshot: it makes a volume of it, and writes that into Glance. */
const [VOLUME, WRITTEN] = [
  { service: 'volume', method: 'POST', path: /\/volumes$/ },
  { service: 'volume', method: 'POST', when: ({ body }) => Object.keys(body ?? {}).includes('os-volume_upload_image') },
] as const satisfies readonly Kill[];

describeWith('OpenStack', openstackAvailable(), () => {
  let account: OpenstackAccount;
  let scene: Scene;
  const digests = new Map<string, string>();
  beforeAll(async () => {
    for (const key of [DEBIAN, COPY]) digests.set(key, await digestOf(seededDisk(key, CONTENTS.contentSize, CONTENTS.contentAllocated)));
    account = await startOpenstackAccount();
    const options = { ...account.options, settleMs: 500 };
    const from = simulatedCloud({ delays: DELAYS, ...CONTENTS });
    const stack = { driver: 'openstack', guard: { cacheMs: 200 }, options };
    scene = await Scene.set({ clouds: { [FROM]: CONTENTS }, config: { clouds: { [FROM]: from, [STACK]: stack } } });
    const named = { label: 'c', note: null, labels: {}, grade: 'x', bootable: false, madeAt: 0, tag: null, token: null };
    scene.cloud(FROM).add([{ kind: 'copy', ...named, id: COPY, sizeGiB: 1, timeline: [{ phase: 'ready', from: 0 }] }]);
  }, 1_800_000);
  afterEach(() => account.proxy.reset());
  afterAll(async () => {
    await scene.close();
    await account.stop();
  });

  const copy = (collection: string, cloud: string, imageLocation: unknown): Change =>
    new Change(scene, cloud, 'POST', collection, { name: `copied to ${cloud}`, cloud, imageLocation });

  /** Kills the gateway at one place after the other; the last of them goes on to the end. */
  async function killedAt(change: Change, kills: readonly Kill[]): Promise<void> {
    for (const { within, ...place } of kills) {
      const rule = within ? { standsAfter: randomInt(1, CONTENTS.contentSize) } : { answered: () => scene.life.signal('SIGKILL') };
      const undo = account.proxy.add({ ...place, ...rule });
      await change.attempt();
      if (within) {
        await eventually(() => (account.proxy.standing() > 0 ? true : undefined));
        await scene.life.kill();
      }
      await scene.life.killed();
      undo();
      await scene.begin();
    }
    expect(await change.ended()).toMatchObject({ state: 'SUCCESS' });
  }
  const deleted = async (change: Change): Promise<void> => {
    expect(await new Change(scene, change.cloud, 'DELETE', await change.path()).ended()).toMatchObject({ state: 'SUCCESS' });
  };
  const expectClean = async (): Promise<void> => {
    await comesTrue(async () => expect(await account.leftovers()).toEqual([]));
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  };

  test('an image: killed once Glance has its record, within its bytes, once it has them all, and within them on the way out', async () => {
    const into = copy('machineImages', STACK, `machineImages/${encodeId(FROM, DEBIAN)}`);
    await killedAt(into, [MADE, TAKING, TAKEN]);
    expect(await account.leftovers()).toEqual([expect.stringMatching(/^image copied to stack/)]);
    const image = await into.path();
    const digest = digests.get(DEBIAN) ?? '';
    expect((await scene.client.get(image)).json).toMatchObject({ state: 'AVAILABLE', contentSha256: digest.replace('sha256:', '') });
    const out = copy('machineImages', FROM, image);
    await killedAt(out, [READING, READING]);
    expect(scene.cloud(FROM).snapshots()).toMatchObject([{ content: { digest } }]);
    for (const change of [out, into]) await deleted(change);
    expect(scene.cloud(FROM).snapshots()).toEqual([]);
    await expectClean();
  });

  test('a snapshot of a Volume, which Cinder copies to be read: killed at each of its steps', async () => {
    const { client } = scene;
    const into = copy('volumeImages', STACK, { href: `volumeImages/${encodeId(FROM, COPY)}` });
    await killedAt(into, [TAKING]);
    const volume = await made(client, 'volumes', {
      ...{ resourceURI: `${CIMI}/VolumeCreate`, name: 'data' },
      volumeTemplate: { volumeConfig: { capacity: gibToKb(1) }, volumeImage: { href: `${client.base}${await into.path()}` } },
    });
    const snapshot = await made(client, 'volumeImages', { resourceURI: `${CIMI}/VolumeImage`, imageLocation: { href: volume.id } });
    const before = await account.leftovers();
    const out = copy('volumeImages', FROM, { href: snapshot.id });
    await killedAt(out, [VOLUME, WRITTEN, READING]);
    const copies = scene.cloud(FROM).things('copy') as { id: string; content?: { digest: string } }[];
    expect(copies.filter(({ id }) => id !== COPY)).toMatchObject([{ content: { digest: digests.get(COPY) } }]);
    await comesTrue(async () => expect(await account.leftovers()).toEqual(before));
    for (const { id } of [snapshot, volume]) await succeeded(client, await client.delete(String(id)));
    for (const change of [out, into]) await deleted(change);
    await expectClean();
  });
});
