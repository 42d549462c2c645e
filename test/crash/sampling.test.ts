import type { Json } from '../harness/client';
import { comesTrue, eventually, waitUntil } from '../harness/wait';
import { act, createMachine } from './drive';
import { Hook } from './hook';
import { Sampled } from './sampled';
import { Scene } from './scene';
import type { SamplingPlace } from './wire';

/**
 * Kills a gateway, at each place of what it does by itself: reading Meters, telling webhooks. The next one goes on: no sample twice,
 * none missing that the cloud has, no event told as if it were another, and nothing told of the restart itself.
 */
const PLACES: readonly SamplingPlace[] = ['due', 'answered', 'written', 'committed'];

let hook: Hook;
let scene: Scene;
let machine: string;
let one: Sampled;
let all: Sampled;

beforeAll(async () => {
  hook = await Hook.start();
  scene = await Scene.set({
    clouds: { plain: { meterResolution: 1, meterDelay: 0 } },
    config: {
      worker: { leaseMs: 1000, sweepMs: 100 },
      monitoring: { watchMs: 500 },
      ...hook.config,
    },
  });
  const change = createMachine(scene, 'plain');
  expect(await change.ended()).toMatchObject({ state: 'SUCCESS' });
  machine = await change.path();
  // What is stopped is not measured.
  expect(await act(scene, 'plain', machine, 'start').ended()).toMatchObject({ state: 'SUCCESS' });
  const read = (query: string) => Promise.resolve(scene.rows(query));
  one = await Sampled.by(scene.client, machine, 'memory', read);
  all = await Sampled.by(scene.client, 'cloudEntryPoint', 'memory', read);
});
afterAll(async () => {
  await scene.close();
  await hook.close();
});

/** Waits until the watcher of the cloud has begun and ended a look from now on. */
async function watched(): Promise<void> {
  const turns = () => Number(scene.rows("select epoch from tasks where name = 'watch plain'")[0]?.epoch);
  const before = turns();
  await waitUntil(() => turns() > before + 2);
}

async function stateEvents(): Promise<string[]> {
  const { json } = await scene.client.get('eventLogs');
  const [log] = (json.eventLogs ?? []) as Json[];
  const answer = await scene.client.get(`${String(log?.id)}/events?$filter=type='http://schemas.dmtf.org/cimi/1/event/state'`);
  return ((answer.json.events ?? []) as Json[]).map((event) => String(event.id));
}

test('whenever the reader of Meters is killed, the next one goes on: each second once, none missing', async () => {
  for (const at of PLACES) {
    await scene.life.order({ do: 'killSampling', at });
    await scene.revived();
    await one.later();
    await all.later();
  }
  await one.whole();
  await all.whole();
  const [{ id: key } = { id: '' }] = scene.cloud('plain').instances();
  const measured = (t: number) => scene.cloud('plain').measured({ type: 'Machine', key }, 'memory', t * 1000);
  for (const { t, v } of await one.samples()) expect({ t, v }).toEqual({ t, v: measured(t) });
});

test('a restart, in order or not, makes no state event by itself', async () => {
  await watched();
  const before = await stateEvents();
  expect(before.length).toBeGreaterThan(0);
  await scene.life.kill();
  await scene.begin();
  await watched();
  scene.life.signal('SIGTERM');
  await scene.life.end;
  await scene.begin();
  await watched();
  expect(await stateEvents()).toEqual(before);
});

test('a delivery whose record died with the process is made again under its id, and nothing is lost', async () => {
  const make = async (name: string): Promise<void> => {
    expect((await scene.client.post('machineConfigs', { name, cpu: 1, memory: 1024 })).status).toBe(201);
  };
  // The webhook is told of what happens from its first turn on.
  await eventually(async () => {
    await make('first');
    return hook.deliveries[0];
  });
  let killing: Promise<void> | undefined;
  hook.answer = () => void (killing ??= scene.life.kill());
  // The hook may be told, and the gateway be dead, before this is answered, or of something before it.
  const asked = make('lost').catch((error: unknown) => expect(String(error)).toMatch(/fetch failed|terminated/));
  await waitUntil(() => killing !== undefined);
  await Promise.all([killing, asked]);
  const lost = hook.deliveries.at(-1);
  hook.answer = Hook.taken;
  await scene.begin();
  await make('after');
  await comesTrue(() => expect(hook.deliveries.filter(({ id }) => id === lost?.id)).toEqual([lost, lost]));
  await hook.toldAll((query) => Promise.resolve(scene.rows(query)));
});
