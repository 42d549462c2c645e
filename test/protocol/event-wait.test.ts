import { listOf, openScene, pathOf, type Scene } from './scene';

/** A client waits for the events after those that it knows (`Prefer: wait`, RFC 7240). */
let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

async function log(): Promise<string> {
  const { json } = await scene.client.get('eventLogs');
  return `${pathOf(scene.client, listOf(json, 'eventLogs')[0]?.id)}/events`;
}

test('a window after the last event waits for the next, and no longer', async () => {
  const events = await log();
  await scene.client.post('machineConfigs', { cpu: 1, memory: 1024 });
  const count = Number((await scene.client.get(events)).json.count);
  const waiting = scene.client.get(`${events}?$first=${count + 1}`, { prefer: 'wait=300' });
  await scene.client.post('machineConfigs', { cpu: 2, memory: 2048 });
  const { headers, json } = await waiting;
  expect(headers.get('preference-applied')).toBe('wait=300');
  expect(listOf(json, 'events').length).toBeGreaterThan(0);
});

test('where nothing comes the answer is as empty as it was, and says how long it waited', async () => {
  const none = `${await log()}?$filter=type='http://own.example/none'`;
  const { status, headers, json } = await scene.client.get(none, { prefer: 'wait=1' });
  expect([status, headers.get('preference-applied'), json.count]).toEqual([200, 'wait=1', 0]);
});

test('what is there already is answered at once, and who does not wait neither', async () => {
  const events = await log();
  expect((await scene.client.get(events, { prefer: 'wait=300' })).headers.get('preference-applied')).toBeNull();
  expect((await scene.client.get(`${events}?$first=100000`)).json.count).toBeGreaterThan(0);
});
