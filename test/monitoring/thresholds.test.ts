import { CIMI, EXTENSION } from '../../src/model/define';
import { EVENT_TYPES } from '../../src/model/event-types';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue, elapse } from '../harness/wait';
import { expectFault, machineCreate, made, openScene, pathOf, succeeded, type Scene } from '../protocol/scene';

/** Thresholds of Meters: attributes of our own, and the alarms that samples beyond them make. */

let scene: Scene;
let client: Client;
let machine: string;
beforeAll(async () => {
  scene = await openScene({ config: { clouds: { sim: simulatedCloud({ meterOutage: true }) }, worker: { sweepMs: 100 } } });
  ({ client } = scene);
  machine = pathOf(client, (await made(client, 'machines', machineCreate())).id);
});
afterAll(() => scene.close());

const config = { aspect: `${CIMI}/aspect/cpu`, units: 'percent', sampleInterval: 60, timeScope: 'Point', isContinuous: true };
const meter = (more: object, template: object = {}): object => ({
  resourceURI: `${CIMI}/MeterCreate`,
  ...more,
  meterTemplate: { ...template, meterConfig: config },
});
const makeMeter = (more: object): Promise<Json> => made(client, `${machine}/meters`, meter(more));

/** Gives a Meter samples, a minute apart, and has them judged. */
async function sampled({ id }: Json, values: readonly (readonly [minute: number, value: number])[]): Promise<void> {
  const { store } = scene.gateway.gateway;
  const samples = values.map(([minute, value]) => ({ t: 1_800_000_000 + 60 * minute, value, covered: null }));
  const path = pathOf(client, id);
  const builtOn = (await store.series([path])).get(path)?.reached;
  await store.transaction(async (unit) => {
    await unit.putSamples([{ meter: path, samples, reached: Date.now(), memory: null, builtOn, ageing: false }]);
    await unit.wakeTask('alarms');
  });
}

async function alarms(): Promise<string[]> {
  const events = await scene.gateway.gateway.store.events({ tenant: 'default', resource: machine, limit: 100 });
  return events.flatMap(({ type, content }) => (type === EVENT_TYPES.alarm ? [String(content.code)] : [])).reverse();
}

describe('thresholds', () => {
  test('are attributes of our own, given when a Meter is made or later, by its template or beside it', async () => {
    const own = await makeMeter({ above: '90', forSeconds: 300 });
    expect(own).toMatchObject({ above: '90', forSeconds: 300 });
    const templated = await made(client, `${machine}/meters`, meter({}, { below: '0.5' }));
    expect(templated.below).toBe('0.5');
    await succeeded(client, await client.put(`${String(own.id)}?$select=above,below`, { above: '80.5', below: '1' }));
    expect((await client.get(String(own.id))).json).toMatchObject({ above: '80.5', below: '1', forSeconds: 300 });
    const { text } = await client.get(String(own.id), { accept: 'application/xml' });
    expect(text).toContain('80.5</');
    expect(text).toContain(EXTENSION);
    await succeeded(client, await client.put(`${String(own.id)}?$select=above,below,forSeconds`, {}));
    expect((await client.get(String(own.id))).json.above).toBeUndefined();
  });

  test.each([
    [{ above: 'high' }, /^above: is no decimal number/],
    [{ above: '1', below: '2' }, /^below: is more than 'above'/],
    [{ forSeconds: 60 }, /^forSeconds: means nothing without/],
    [{ above: '1', forSeconds: -1 }, /^forSeconds: /],
  ])('%j is refused, when a Meter is made and later', async (more, words) => {
    expectFault(await client.post(`${machine}/meters`, meter(more)), 400, words);
    const { id } = await makeMeter({});
    expectFault(await client.put(`${String(id)}?$select=above,below,forSeconds`, more), 400, words);
  });

  test('in a template are refused where they stand', async () => {
    expectFault(await client.post(`${machine}/meters`, meter({}, { below: 'low' })), 400, /^meterTemplate\.below: is no decimal number/);
  });

  test('make an alarm when they are crossed and when they are kept again, each once', async () => {
    const own = await makeMeter({ name: 'load', above: '90', forSeconds: 120 });
    await sampled(own, [[0, 95]]);
    await elapse(500);
    await sampled(own, [[1, 95]]);
    await elapse(500);
    expect(await alarms()).toEqual([]);
    await sampled(own, [[2, 96.5]]);
    await comesTrue(async () => expect(await alarms()).toEqual(['cpu-above']));
    const { store } = scene.gateway.gateway;
    const [event] = (await store.events({ tenant: 'default', resource: machine, limit: 100 })).filter(
      ({ type }) => type === EVENT_TYPES.alarm,
    );
    expect(event).toMatchObject({ severity: 'high', timestamp: new Date(1_800_000_120_000).toISOString(), resource: machine });
    expect(event?.content.detail).toMatch(/^cpu is 96\.5 percent, above 90 for 120 s, says the Meter meters\/\w+ \(load\)$/);
    await sampled(own, [[3, 97]]);
    await sampled(own, [[4, 20]]);
    await comesTrue(async () => expect(await alarms()).toEqual(['cpu-above', 'cpu-back']));
  });
});
