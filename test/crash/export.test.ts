import { createHash, randomInt } from 'node:crypto';
import { CIMI, EXTENSION } from '../../src/model/define';
import { encodeId } from '../../src/clouds/identity';
import { eventually } from '../harness/wait';
import { Change } from './drive';
import { Scene } from './scene';

/** Exports to packages by a gateway that is killed: one package with one image of each disk, and nothing left once it is removed. */
const MIB = 2 ** 20;
let scene: Scene;
let machine = '';

beforeAll(async () => {
  scene = await Scene.set({
    clouds: { from: { contentSize: 4 * MIB, contentAllocated: MIB, ignoreTokens: true, visibilityDelayMs: 100 } },
  });
  const create = new Change(scene, 'from', 'POST', 'machines', {
    ...{ resourceURI: `${CIMI}/MachineCreate`, name: 'one' },
    machineTemplate: {
      machineConfig: { href: `machineConfigs/${encodeId('from', 's1.nano')}` },
      machineImage: { href: `machineImages/${encodeId('from', 'img-debian-12')}` },
      initialState: 'STOPPED',
    },
  });
  expect(await create.ended()).toMatchObject({ state: 'SUCCESS' });
  machine = await create.path();
});
afterAll(() => scene.close());

test.each([
  ['images', 'recorded'],
  ['describe', 'ran'],
] as const)('killed at %s/%s: one package, which can be read and removed', async (step, moment) => {
  await scene.life.order({ do: 'kill', jobs: 1, workflow: 'package.export', step, moment });
  const change = new Change(scene, 'from', 'POST', machine, { action: `${EXTENSION}/action/export` });
  await change.attempt();
  await scene.revived();
  expect(await change.ended()).toMatchObject({ state: 'SUCCESS' });
  const url = String((await change.ask()).headers.get('location'));
  expect((await scene.client.get(url)).text).toContain('<VirtualSystem ');
  expect(scene.cloud('from').snapshots()).toHaveLength(1);
  await scene.life.order({ do: 'kill', jobs: 1, workflow: 'package.remove', step: 'images', moment: 'ran' });
  await scene.client.delete(url).catch(() => undefined);
  await scene.revived();
  await eventually(() => (scene.cloud('from').snapshots().length === 0 ? true : undefined));
  await eventually(async () => ((await scene.client.get(url)).status === 404 ? true : undefined));
  await eventually(() => (scene.leftovers().unfinished.length === 0 ? true : undefined));
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
});

test('killed at a random byte of a disk that somebody reads: it is not whole for him, and the same for who reads it next', async () => {
  const change = new Change(scene, 'from', 'POST', machine, { action: `${EXTENSION}/action/export` });
  expect(await change.ended()).toMatchObject({ state: 'SUCCESS' });
  const url = String((await change.ask()).headers.get('location'));
  const read = async (name: string): Promise<Buffer> => Buffer.from(await (await fetch(new URL(name, url))).arrayBuffer());
  scene.cloud('from').fail({ method: 'machineImages.download.read', atByte: randomInt(0, MIB), delayMs: 3_600_000 });
  const response = await fetch(new URL('disk1.vmdk', url));
  expect(response.status).toBe(200);
  const broken = expect(response.arrayBuffer()).rejects.toThrow();
  await scene.life.kill();
  await broken;
  scene.calm();
  await scene.begin();
  // Nobody has read it to its end: its digest is not known.
  expect((await scene.client.get(new URL('package.mf', url).href)).status).toBe(404);
  const [once, twice] = [await read('disk1.vmdk'), await read('disk1.vmdk')];
  expect(once.equals(twice)).toBe(true);
  const sha256 = createHash('sha256').update(once).digest('hex');
  expect((await read('package.mf')).toString()).toContain(`SHA256(disk1.vmdk)= ${sha256}`);
  expect(scene.cloud('from').snapshots()).toHaveLength(1);
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  await scene.client.delete(url);
  await eventually(() => (scene.cloud('from').snapshots().length === 0 ? true : undefined));
});
