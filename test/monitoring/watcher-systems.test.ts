import { CIMI } from '../../src/model/define';
import { EVENT_TYPES } from '../../src/model/event-types';
import type { Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { comesTrue, stays, waitUntil } from '../harness/wait';
import { ACTION_URI, IMAGE, made, NANO, openScene, pathOf, succeeded, type Scene } from '../protocol/scene';

/** The state of a System follows from those of its Machines (Table 9), whoever turns them: its log tells each turn. */

const config = { monitoring: { watchMs: 50 }, worker: { sweepMs: 100 }, clouds: { sim: simulatedCloud() } };
let scene: Scene;
let system: Json;
beforeAll(async () => {
  scene = await openScene({ config });
  const machineTemplate = { machineConfig: { href: NANO }, machineImage: { href: IMAGE } };
  const componentDescriptors = [{ name: 'node', type: `${CIMI}/Machine`, quantity: 2, machineTemplate }];
  system = await made(scene.client, 'systems', {
    resourceURI: `${CIMI}/SystemCreate`,
    name: 'pair',
    systemTemplate: { componentDescriptors },
  });
});
afterAll(() => scene.close());

const told = async ({ gateway }: TestGateway = scene.gateway): Promise<string[]> => {
  const events = await gateway.store.events({ tenant: 'default', resource: pathOf(scene.client, system.id), limit: 100 });
  return events.reverse().flatMap(({ type, content: { previous, state } }) => (type === EVENT_TYPES.state ? [`${previous} ${state}`] : []));
};
/** Waits until the watchers have seen everything as it is now. */
const seen = (): Promise<void> =>
  waitUntil(async () => {
    const store = scene.gateway.gateway.store;
    const memory = (await store.taskMemories(['states of Systems'])).get('states of Systems');
    return JSON.stringify(memory ?? null).includes('"STARTED"');
  });

test('a Machine that is stopped behind the back makes its System MIXED, the last one STOPPED, each told once', async () => {
  await seen();
  const before = await told();
  const [first, second] = scene.control.instances();
  scene.control.setPhase(first?.id ?? '', 'stopped');
  await comesTrue(async () => expect(await told()).toEqual([...before, 'STARTED MIXED']));
  expect((await scene.client.get(String(system.id))).json.state).toBe('MIXED');
  scene.control.setPhase(second?.id ?? '', 'stopped');
  await comesTrue(async () => expect(await told()).toEqual([...before, 'STARTED MIXED', 'MIXED STOPPED']));
});

test('what a Job does is told once, and a restart tells nothing', async () => {
  const before = await told();
  const answer = await scene.client.post(String(system.id), { resourceURI: `${CIMI}/Action`, action: `${ACTION_URI}start` });
  await succeeded(scene.client, answer);
  await comesTrue(async () => expect(await told()).toEqual([...before, 'STOPPED STARTED']));
  await stays(500, async () => expect(await told()).toEqual([...before, 'STOPPED STARTED']));
  await scene.gateway.stop({ keepData: true });
  const again = await startTestGateway({ config, dataDir: scene.gateway.dataDir });
  await stays(500, async () => expect(await told(again)).toEqual([...before, 'STOPPED STARTED']));
  await again.stop({ keepData: true });
});
