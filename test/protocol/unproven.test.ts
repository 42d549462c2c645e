import { ProviderError } from '../../src/clouds/errors';
import type { Item, ListedGroup } from '../../src/clouds/driver';
import { encodeId } from '../../src/clouds/identity';
import { FakeCloud, type FakeCall } from '../harness/fake-cloud';
import { lookAt, machineBody, makeWorld, openFakeScene, volumeTemplate, type FakeScene, type World } from './fake-scene';
import { expectFault, listOf, pathOf } from './scene';

/**
 * Cloud for the proof that, whatever a provider leaves unsaid or says wrongly, nothing is gone that was not proven gone, and all is
 * as before afterwards.
 */
let fake: FakeCloud;
let scene: FakeScene;
let world: World;
let before: Record<string, unknown>;
beforeAll(async () => {
  fake = new FakeCloud();
  scene = await openFakeScene({ fake });
  world = await makeWorld(scene);
  before = await lookAt(scene, world);
});
afterAll(() => scene.close());
afterEach(async () => {
  fake.around = (_call, go) => go();
  expect(await lookAt(scene, world)).toEqual(before);
});

const GROUPS = ['machines', 'volumes', 'machineImages', 'volumeImages', 'attachments'] as const;
type Name = (typeof GROUPS)[number];
const pathIn = (group: Name): string => {
  const at = { machines: world.machine, volumes: world.volume, machineImages: world.image, volumeImages: world.volumeImage };
  return group === 'attachments' ? (world.parts.find((part) => part.startsWith(`${world.machine}/volumes/`)) ?? '') : at[group];
};
const get = (path: string) => scene.client.get(path);
const unavailable = (words = 'the lights are out'): never => {
  throw new ProviderError('unavailable', words);
};
const isOf = ({ name }: FakeCall, ...names: string[]): boolean => names.includes(name);

/** Reads everything that could make something disappear. */
async function readAll(): Promise<void> {
  await lookAt(scene, world);
  for (const list of ['machines', 'volumes', 'systems']) await get(`${list}?$expand=*`);
}

describe.each(GROUPS)('of %s', (group) => {
  test('a getMany that says nothing of a key: 503, and it stays', async () => {
    fake.around = (call, go) => (isOf(call, `${group}.getMany`) ? [] : go());
    expectFault(await get(pathIn(group)), 503, /does not mention/);
    await readAll();
  });

  test('a list that omits a living item: it is listed all the same', async () => {
    fake.around = (call, go) => (isOf(call, `${group}.list`) ? [] : go());
    await readAll();
    expect((await get(pathIn(group))).status).toBe(200);
    const collection = pathIn(group).split('/').slice(0, -1).join('/');
    expect((await get(collection)).json.count).toBe(1);
  });

  test('neither the list nor getMany has a word on it: listed without a state, never gone', async () => {
    fake.around = (call, go) => (isOf(call, `${group}.list`, `${group}.getMany`) ? [] : go());
    await readAll();
    expectFault(await get(pathIn(group)), 503, /does not mention/);
    const list = await get(pathIn(group).split('/').slice(0, -1).join('/'));
    const [only] = Object.values(list.json).flatMap((value: unknown) =>
      Array.isArray(value) ? (value as { id?: string; state?: string }[]) : [],
    );
    expect(pathOf(scene.client, only?.id)).toBe(pathIn(group));
    expect(only?.state).toBeUndefined();
  });

  test.each(['unavailable', 'invalid', 'auth', 'forbidden', 'timeout', 'throttled'] as const)(
    'reads that fail (%s): no reading ends anything',
    async (kind) => {
      fake.around = (call, go) => {
        if (isOf(call, `${group}.getMany`, `${group}.list`, `${group}.find`)) throw new ProviderError(kind, 'not now');
        return go();
      };
      const answer = await get(pathIn(group));
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).not.toBe(404);
      await readAll();
    },
  );

  test('single reads fail while the list does not have it', async () => {
    fake.around = (call, go) => (isOf(call, `${group}.list`) ? [] : isOf(call, `${group}.getMany`) ? unavailable() : go());
    expectFault(await get(pathIn(group)), 503, /the lights are out/);
    await readAll();
  });

  test('an answer that names other things: of this one nothing is known', async () => {
    const other = (item: Item): Item => ({ ...item, key: `${item.key}-other`, tag: undefined });
    fake.around = (call, go) => (isOf(call, `${group}.getMany`) ? [...fake.of(group).values()].map(other) : go());
    expectFault(await get(pathIn(group)), 503, /does not mention/);
    await readAll();
  });
});

describe('parts whose owner is not told, or told wrongly', () => {
  const owned = (owner: string | undefined) => (call: FakeCall, go: () => unknown) => {
    if (!isOf(call, 'attachments.list', 'attachments.getMany')) return go();
    return [...fake.of('attachments').values()].map((item) => ({ ...item, owner }));
  };

  test('without an owner it is its row’s, listed and read', async () => {
    fake.around = owned(undefined);
    expect((await get(pathIn('attachments'))).status).toBe(200);
    expect((await get(`${world.machine}/volumes`)).json.count).toBe(1);
    await readAll();
  });

  test('with another owner it is not this machine’s now, and its id is kept', async () => {
    fake.around = owned('machines-of-somebody');
    expect((await get(pathIn('attachments'))).status).toBe(404);
    expect((await get(`${world.machine}/volumes`)).json.count).toBe(0);
    await readAll();
  });
});

test('a System whose Machines cannot be read tells no state, and keeps them', async () => {
  fake.around = (call, go) => (call.name.startsWith('machines.') ? unavailable() : go());
  const { status, json } = await get(world.system);
  expect([status, json.state]).toEqual([200, undefined]);
  expect((await get(`${world.system}/machines`)).json.count).toBe(1);
  expectFault(await scene.client.act(world.system, 'stop'), 503, /is not known/);
});

describe('faults 6: what is planned with a list that cannot be read is a passing fault', () => {
  const broken = (group: ListedGroup) => {
    fake.around = (call, go) => (isOf(call, `${group}.list`, `${group}.getMany`) ? unavailable() : go());
  };
  const bySize = machineBody({}, { machineConfig: { cpu: 1, memory: 1024 } });

  test.each([
    ['sizes of machines', 'machineConfigs', () => scene.client.post('machines', bySize)],
    ['a configuration by reference', 'machineConfigs', () => scene.client.post('machines', machineBody())],
    ['an image', 'machineImages', () => scene.client.post('machines', machineBody())],
    [
      'a volume to attach',
      'volumes',
      () => scene.client.post('machines', machineBody({}, { volumes: [{ volume: { href: world.volume } }] })),
    ],
    [
      'what a volume is attached to',
      'attachments',
      () => scene.client.post(`${world.machine}/volumes`, { volume: { href: world.volume } }),
    ],
    ['the machine of a capture', 'machines', () => scene.client.post('machineImages', { imageLocation: { href: world.machine } })],
    ['a size that is to change', 'machines', () => scene.client.put(`${world.machine}?$select=name`, { name: 'other' })],
  ] as const)('%s: 503 with Retry-After', async (_what, group, request) => {
    broken(group);
    const answer = await request();
    expectFault(answer, 503, /the lights are out/);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('a delete whose thing cannot be read', () => {
  test('waits, and goes on when it can be', async () => {
    const created = await scene.client.post('volumes', volumeTemplate());
    expect((await scene.client.ended(created)).state).toBe('SUCCESS');
    const path = pathOf(scene.client, created.headers.get('location'));
    let silent = true;
    fake.around = (call, go) => (silent && isOf(call, 'volumes.getMany') && fake.calls.includes('volumes.delete') ? [] : go());
    const answer = await scene.client.delete(path);
    const job = answer.headers.get('cimi-job-uri') ?? '';
    for (;;) {
      const { json } = await get(job);
      expect(json.state).not.toBe('SUCCESS');
      expect(json.state).not.toBe('FAILED');
      if (/does not mention/.test(String(json.statusMessage))) break;
    }
    silent = false;
    expect((await scene.client.ended(answer)).state).toBe('SUCCESS');
    expect((await get(path)).status).toBe(404);
  });
});

test('a discovered thing that cannot be read is no 404', async () => {
  fake.put('machines', { key: 'found', values: { state: 'STARTED' } });
  fake.around = (call, go) => (isOf(call, 'machines.getMany') ? [] : go());
  expectFault(await get(`machines/${encodeId('fake', 'found')}`), 503, /does not mention/);
  fake.around = (_call, go) => go();
  expect(listOf((await get('machines')).json, 'machines')).toHaveLength(2);
  fake.of('machines').delete('found');
});
