import { waitUntil } from '../harness/wait';
import { resourceRow } from '../store/fixture';
import { foreignInstance } from '../../drivers/simulator/control';
import { listOf, openScene, type Scene } from './scene';

/** Thousands of things that a cloud has no more: their rows leave while others go on, and none does whose thing is there again. */

const MANY = 450;
let scene: Scene;
const rows = () => scene.gateway.gateway.store.resources({ type: 'Machine', tenants: ['default'], limit: 1_000 });
const listed = async (): Promise<number> => listOf((await scene.client.get('machines')).json, 'machines').length;

beforeEach(async () => {
  scene = await openScene();
  await scene.gateway.gateway.store.transaction(async (unit) => {
    for (let n = 0; n < MANY; n++)
      await unit.insertResource(
        resourceRow(`machines/m${n}`, { tenant: 'default', cloud: 'sim', providerKey: `i-${n}`, state: 'STARTED' }),
      );
  });
});
afterEach(() => scene.close());

test('lists that find them gone at once show none of them, and each row is taken away once', async () => {
  expect(await Promise.all(Array.from({ length: 5 }, listed))).toEqual([0, 0, 0, 0, 0]);
  await waitUntil(async () => (await rows()).length === 0);
  const { store } = scene.gateway.gateway;
  const told = await store.events({ tenant: 'default', limit: 5 * MANY });
  const gone = told.filter(({ resourceType, content }) => resourceType === 'Machine' && JSON.stringify(content).includes('no more'));
  expect(gone.length).toBe(MANY);
  expect(new Set(gone.map(({ resource }) => resource)).size).toBe(MANY);
});

test('what turns up while they leave keeps its row', async () => {
  scene.control.set({ latencyMs: 50 });
  const first = listed();
  const last = `i-${MANY - 1}`;
  await first;
  scene.control.add([foreignInstance(last)]);
  await waitUntil(async () => (await rows()).length <= 1);
  const { status, json } = await scene.client.get(`machines/m${MANY - 1}`);
  expect([status, json.state]).toEqual([200, 'STARTED']);
});
