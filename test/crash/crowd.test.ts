import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { runTypescript } from '../backends/run-typescript';
import { allEnded, createMachine, type Change } from './drive';
import { Scene } from './scene';
import { waitUntil } from '../harness/wait';

const CROWD = 50;
const KEY = 'sim';

let scene: Scene;
afterEach(() => scene.close());

const midway = (): Promise<void> => waitUntil(() => (scene.cloud(KEY).calls()['machines.create'] ?? 0) >= CROWD / 2);

function crowd(): Change[] {
  return Array.from({ length: CROWD }, () => createMachine(scene, KEY));
}

async function expectWhole(changes: readonly Change[]): Promise<void> {
  const paths = await Promise.all(changes.map((change) => change.path()));
  for (const job of await allEnded(changes)) expect(job).toMatchObject({ state: 'SUCCESS' });
  expect(
    scene
      .cloud(KEY)
      .instances()
      .map(({ phase }) => phase),
  ).toEqual(Array(CROWD).fill('stopped'));
  const { json } = await scene.client.get('machines');
  const items = json.machines as unknown as { id: string }[];
  expect(items.map(({ id }) => id.slice(scene.client.base.length)).sort()).toEqual([...paths].sort());
  expect(scene.leftovers()).toEqual({ holds: [], unfinished: [] });
  expect(scene.machines.findings()).toEqual([]);
}

describe.each([
  { name: 'keeps its word', options: {} },
  { name: 'ignores tokens and shows late', options: { ignoreTokens: true, visibilityDelayMs: 200 } },
])(`${CROWD} machines created at once at a cloud that $name`, ({ options }) => {
  test('a SIGKILL in the middle: each is there once', async () => {
    scene = await Scene.set({ clouds: { [KEY]: options } });
    const changes = crowd();
    const asked = Promise.all(changes.map((change) => change.attempt()));
    await midway();
    await scene.life.kill();
    await asked;
    await scene.begin();
    await expectWhole(changes);
  });

  test('a SIGTERM in the middle: it ends with 0, and nothing is lost or done twice', async () => {
    scene = await Scene.set({ clouds: { [KEY]: options } });
    await scene.machines.stop();
    await scene.images.stop();
    await scene.life.kill();
    const main = resolve(__dirname, '../../src/main.ts');
    const child = spawn(
      process.execPath,
      [...runTypescript(main), 'serve', '--config', join(scene.dataDir, 'gateway.yaml'), '--make-key'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const exit = once(child, 'exit');
    await once(child.stderr, 'data');
    const changes = crowd();
    const asked = Promise.all(changes.map((change) => change.attempt()));
    await midway();
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    await asked;
    const before = scene.cloud(KEY).instances().length;
    expect(before).toBeGreaterThan(0);
    await scene.begin();
    await expectWhole(changes);
    // A graceful end leaves no attempt whose end is unknown, so nothing had to be looked for.
    expect(scene.cloud(KEY).calls()['machines.find'] ?? 0).toBe(0);
  });
});
