import type { FindGroup, Item, Naming } from '../../../src/clouds/driver';
import type { Bench } from '../counterpart';
import { context, marks, pagesOf, until } from '../counterpart';
import type { Need } from './needs';
import type { Given, Maker, Scene } from './scene';
import { MACHINE, MAKERS, making, method, withScene } from './scene';
import { elapse, expectRecent, waitUntil } from '../../harness/wait';

/** 5 GB: more than four GiB and less than five. */
export const CAPACITY = 5_000_000;
const NAMED = ['volumes', 'volumeImages', 'networks', 'networkPorts', 'addresses', 'forwardingGroups'] as const;

/** The least that a create of the group needs. */
const LEAST: { [G in Maker]: (scene: Scene) => Promise<Given<G>> } = {
  volumes: () => Promise.resolve({ capacity: CAPACITY }),
  volumeImages: async (scene) => ({ volume: (await scene.make('volumes', { capacity: CAPACITY })).key }),
  networks: () => Promise.resolve({ networkType: 'PRIVATE' }),
  networkPorts: async (scene) => ({ network: (await scene.make('networks', { networkType: 'PRIVATE' })).key, portType: 'ACCESS' }),
  addresses: async (scene) => ({
    ...{ allocation: 'static', protocol: 'IPv4' },
    network: scene.counterpart.fixtures.addressNetwork ?? (await scene.make('networks', { networkType: 'PRIVATE' })).key,
  }),
  // Where a network is put into its group when it is made, groups begin without any.
  forwardingGroups: async (scene) => ({
    networks: scene.driver.forwardingGroups?.bind ? [(await scene.make('networks', { networkType: 'PRIVATE' })).key] : [],
  }),
  disks: async (scene) => ({ machine: await scene.machine(), capacity: CAPACITY }),
  attachments: async (scene) => ({ machine: await scene.machine(), volume: (await scene.make('volumes', { capacity: CAPACITY })).key }),
  interfaces: async (scene) => ({
    machine: await scene.machine(),
    network: (await scene.make('networks', { networkType: 'PRIVATE' })).key,
  }),
};

/** Needs of the things that have to be made for it. */
const PARTS: Readonly<Record<Maker, readonly Need[]>> = {
  volumes: [],
  volumeImages: making('volumes'),
  networks: [],
  networkPorts: making('networks'),
  addresses: making('networks'),
  forwardingGroups: making('networks'),
  disks: MACHINE,
  attachments: [...MACHINE, ...making('volumes')],
  interfaces: [...MACHINE, ...making('networks')],
};
const needsOf = (group: Maker): readonly Need[] => [...making(group), ...PARTS[group]];

async function keysFound(scene: Scene, group: Maker, own: { token: string; tag: string }): Promise<string[]> {
  const find = method(scene.driver, group, 'find') as FindGroup['find'];
  await waitUntil(async () => (await find(own, context())).length > 0);
  await elapse(scene.driver.capabilities.settleMs);
  return (await find(own, context())).map((item) => item.key);
}

async function madeOnce(scene: Scene, group: Maker): Promise<void> {
  const { driver } = scene;
  const given: object = await LEAST[group](scene);
  const create = method(driver, group, 'create') as unknown as (request: object, at: object) => Promise<{ key: string }>;
  const own = marks(group);
  const { key } = await create({ ...given, ...own }, context());
  expect(await create({ ...given, ...own }, context())).toMatchObject({ key });
  expect(await keysFound(scene, group, own)).toEqual([key]);
  expect(await (method(driver, group, 'find') as FindGroup['find'])({ ...own, tag: `${own.tag}x` }, context())).toEqual([]);
  const item = await scene.until(group, key, (seen) => seen !== undefined && seen.values['state'] !== 'CREATING');
  expect(item?.tag).toBe(own.tag);
  if (item?.created !== undefined) expectRecent(item.created);
  const listed = async () => (await pagesOf(driver, group)).flat().filter((each) => each.key === key);
  await until(driver, group, key, (seen) => seen?.values['state'] !== 'CAPTURING');
  expect(await listed()).toEqual([item]);
  await scene.drop(group, key);
  await scene.delete(group, key);
  expect(await listed()).toEqual([]);
  expect(await (method(driver, group, 'find') as FindGroup['find'])(own, context())).toEqual([]);
}

const namingOf = (item: Item | undefined): Naming => {
  const { name, description, properties } = (item?.values ?? {}) as Naming;
  return { name, description, properties };
};

async function naming(scene: Scene, group: (typeof NAMED)[number]): Promise<void> {
  const owner = scene.driver[group];
  const rename = method(scene.driver, group, 'rename') as (key: string, given: Naming, at: object) => Promise<void>;
  const held = (given: Naming) => ({ name: undefined, description: undefined, properties: undefined, ...owner?.holds?.(given) });
  const given = { name: 'first', description: 'a "description"', properties: { colour: 'red' } };
  const made = await scene.make(group, { ...(await LEAST[group](scene)), ...owner?.holds?.(given) } as Given<typeof group>);
  expect(namingOf(made.item)).toEqual(held(given));
  const other = { name: 'renamed <&> één', description: 'other', properties: { 'with space': 'a=b,c' } };
  await rename(made.key, held(other), context());
  const seen = await scene.until(group, made.key, (item) => item?.values['name'] === held(other).name);
  expect(namingOf(seen)).toEqual(held(other));
  expect(seen?.tag).toBe(made.tag);
  await rename(made.key, held({ name: 'only a name' }), context());
  const bare = await scene.until(group, made.key, (item) => item?.values['name'] === 'only a name');
  expect(bare?.values['description']).toBeUndefined();
  expect(Object.keys(bare?.values['properties'] ?? {})).toEqual([]);
}

/** Tests for every group whose things are made by `create`. */
export function makerTests(bench: Bench): void {
  for (const group of MAKERS) {
    bench.test(
      `${group}: made once by its token, found by its tag, listed, deleted twice`,
      needsOf(group),
      withScene(bench, (scene) => madeOnce(scene, group)),
    );
  }
  for (const group of NAMED) {
    bench.test(
      `${group}: name, description and properties come back as held; what is absent is erased`,
      [...needsOf(group), `${group}.rename`],
      withScene(bench, (scene) => naming(scene, group)),
    );
  }
}
