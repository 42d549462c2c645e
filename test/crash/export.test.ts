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
