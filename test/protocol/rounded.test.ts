import type { Json } from '../harness/client';
import { hrefOf } from '../resources/network-kit';
import { machineCreate, made, openScene, succeeded, type Scene } from './scene';

/** Capacities are rounded up to the cloud's unit, and the Job says what was asked for and what is given. */

let scene: Scene;
let machine: Json;
beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
  machine = await made(scene.client, 'machines', machineCreate({ name: 'host' }));
});
afterAll(() => scene.close());

const volume = (capacity: number): object => ({ volumeTemplate: { volumeConfig: { capacity } } });

test.each([
  ['a Volume', () => 'volumes', volume],
  ['a Disk', () => hrefOf(machine, 'disks'), (capacity: number): object => ({ capacity })],
])('%s: created and grown', async (_what, collection, body) => {
  const { client } = scene;
  const answer = await client.post(collection(), body(1_500_000));
  const made = await succeeded(client, answer);
  const { json } = await client.get(String(answer.headers.get('location')));
  expect(Number(json.capacity)).toBeGreaterThan(1_500_000);
  expect(made.statusMessage).toContain(`capacity 1500000 was asked for, the provider gives ${String(json.capacity)}`);

  const wanted = Number(json.capacity) + 1;
  const grown = await succeeded(client, await client.put(`${String(json.id)}?$select=capacity`, { capacity: wanted }));
  const after = (await client.get(String(json.id))).json;
  expect(Number(after.capacity)).toBeGreaterThan(wanted);
  expect(grown.statusMessage).toBe(`Updated: capacity ${wanted} was asked for, the provider gives ${String(after.capacity)}`);
});

test('what is given as asked is not remarked upon', async () => {
  const { client } = scene;
  const { json } = await client.get(String((await client.post('volumes', volume(1_000_000))).headers.get('location')));
  const job = await succeeded(client, await client.post('volumes', volume(Number(json.capacity))));
  expect(job.statusMessage).not.toMatch(/asked for/);
});
