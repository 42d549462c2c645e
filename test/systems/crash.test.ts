import { encodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { Change } from '../crash/drive';
import { Scene } from '../crash/scene';
import { waitUntil } from '../harness/wait';

const KEY = 'sim';
const MACHINES = 18;
const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6mGQqYkXv0Yx0cXn0rZlq8eA2mS1h3m5aQm0o6rVtY somebody@somewhere';

let scene: Scene;
afterEach(() => scene.close());

/** 20 components: machines with a key and one of them with a volume that is made with them. */
function create(): Change {
  const template = {
    machineConfig: { href: `machineConfigs/${encodeId(KEY, 's1.small')}` },
    machineImage: { href: `machineImages/${encodeId(KEY, 'img-debian-12')}` },
    credential: { href: '#key' },
  };
  const componentDescriptors = [
    { name: 'web', quantity: MACHINES - 1, type: `${CIMI}/Machine`, machineTemplate: template },
    { name: 'db', type: `${CIMI}/Machine`, machineTemplate: { ...template, volumes: [{ volume: { href: '#data' } }] } },
    { name: 'key', type: `${CIMI}/Credential`, credentialTemplate: { key: Buffer.from(PUBLIC_KEY).toString('hex') } },
    { name: 'data', type: `${CIMI}/Volume`, volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } },
  ];
  return new Change(scene, KEY, 'POST', 'systems', { resourceURI: `${CIMI}/SystemCreate`, systemTemplate: { componentDescriptors } });
}

const called = (method: string, calls: number): Promise<void> =>
  waitUntil(
    () => (scene.cloud(KEY).calls()[method] ?? 0) >= calls,
    () => `${method} was not called ${calls} times`,
  );

async function interrupted(change: Change, method: string, calls: number): Promise<void> {
  const asked = change.attempt();
  await called(method, calls);
  await scene.life.kill();
  await asked;
  await scene.begin();
}

const count = async (collection: string) => Number((await scene.client.get(collection)).json.count);
const things = () => [scene.cloud(KEY).instances().length, scene.cloud(KEY).things('volume').length, scene.cloud(KEY).keyPairs().length];

describe.each([
  { name: 'keeps its word', options: {} },
  { name: 'ignores tokens and shows late', options: { ignoreTokens: true, visibilityDelayMs: 200 } },
])('a System of 20 components at a cloud that $name', ({ options }) => {
  test('a SIGKILL while it is made, and one while it is deleted: each component is there once, then none', async () => {
    scene = await Scene.set({ clouds: { [KEY]: options } });
    const change = create();
    await interrupted(change, 'machines.create', MACHINES / 2);
    expect(await change.ended()).toMatchObject({ state: 'SUCCESS' });
    expect(things()).toEqual([MACHINES, 1, 1]);
    expect([await count('machines'), await count('volumes'), await count('credentials')]).toEqual([MACHINES, 1, 1]);
    const path = await change.path();
    expect((await scene.client.get(path)).json.state).toBe('STARTED');
    const removal = new Change(scene, KEY, 'DELETE', path);
    await interrupted(removal, 'machines.delete', MACHINES / 2);
    expect(await removal.ended()).toMatchObject({ state: 'SUCCESS' });
    expect(things()).toEqual([0, 0, 0]);
    expect([await count('systems'), await count('machines'), await count('volumes'), await count('credentials')]).toEqual([0, 0, 0, 0]);
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  });

  test('a SIGKILL while a failed one is taken back: no orphan', async () => {
    scene = await Scene.set({ clouds: { [KEY]: options } });
    scene.cloud(KEY).fail({ method: 'machines.create', nth: MACHINES, times: 1, kind: 'quota', message: 'one too many' });
    const change = create();
    await interrupted(change, 'machines.delete', MACHINES / 3);
    expect(await change.ended()).toMatchObject({ state: 'FAILED' });
    expect(things()).toEqual([0, 0, 0]);
    expect([await count('machines'), await count('volumes'), await count('credentials')]).toEqual([0, 0, 0]);
    expect((await scene.client.get(await change.path())).json.state).toBe('ERROR');
    expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  });
});
