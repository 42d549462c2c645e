import { simulatedCloud } from '../harness/gateway';
import { comesTrue, waitUntil } from '../harness/wait';
import { expectFault, machineCreate, made, openScene, pathOf, type Scene } from './scene';

/** A cloud that has not answered for a while: calls to it are refused, and what was under way there waits and goes on. */

let scene: Scene;
beforeAll(async () => {
  const quick = { guard: { cacheMs: 1, retries: 0, shutAfterMs: 1 } };
  scene = await openScene({
    config: { jobs: { graceMs: 0 }, clouds: { sim: simulatedCloud({}, quick), two: simulatedCloud({ delays: { create: 1_000 } }, quick) } },
  });
});
afterAll(() => scene.close());

const inTwo = (name: string) =>
  machineCreate(
    { name },
    { machineConfig: { href: 'machineConfigs/two.s1_2enano' }, machineImage: { href: 'machineImages/two.img-debian-12' } },
  );
const labelled = (name: string) =>
  scene
    .controlOf('two')
    .instances()
    .filter(({ label }) => label === name);
const callsOf = (key: string) => Object.values(scene.controlOf(key).calls()).reduce((sum, count) => sum + count, 0);

test('costs others nothing, is told, refuses changes with a time to come back, and has each Job done once when it is back', async () => {
  const { client } = scene;
  const kept = await made(client, 'machines', inTwo('kept'));
  const accepted = await client.post('machines', inTwo('under-way'));
  expect(accepted.status).toBe(202);
  const job = pathOf(client, accepted.headers.get('cimi-job-uri'));
  await waitUntil(() => labelled('under-way').length === 1);
  scene.controlOf('two').fail({ method: '*', times: 100_000, kind: 'unavailable', message: 'the lights are out' });

  const unavailable = async () => String(((await client.get('machines')).json.unavailableClouds as string[] | undefined)?.[0]);
  await comesTrue(async () => expect(await unavailable()).toMatch(/^two: The cloud two does not answer.*the lights are out/));
  const { json } = await client.get('clouds/two');
  expect(json).toMatchObject({ state: 'DOWN', reason: 'the lights are out', since: expect.any(String) as string });

  // Nobody reaches it before the pause is over: what is asked meanwhile is answered without it.
  const before = callsOf('two');
  const answers = await Promise.all(Array.from({ length: 10 }, () => client.get('machines')));
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(callsOf('two') - before).toBeLessThanOrEqual(1);
  await made(client, 'machines', machineCreate({ name: 'meanwhile' }));
  const refused = await client.delete(String(kept.id));
  expectFault(refused, 503, /does not answer and is tried again in \d+ s/);
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]/);
  expect((await client.get(job)).json.state).toBe('RUNNING');

  scene.controlOf('two').clearFailures();
  await waitUntil(async () => String((await client.get(job)).json.state) === 'SUCCESS');
  expect(labelled('under-way')).toHaveLength(1);
  await comesTrue(async () => expect((await client.get('machines')).text).toContain('under-way'));
  expect((await client.get('clouds/two')).json.state).toBe('UP');
});
