import { CIMI } from '../../src/model/define';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue, stays } from '../harness/wait';
import { machineCreate, made, openScene, pathOf, succeeded, type Scene } from '../protocol/scene';

/** A Meter on a simulated cloud that measures every second, over HTTP (5.17.3). */

let scene: Scene;
let client: Client;
beforeAll(async () => {
  const sim = simulatedCloud({ meterResolution: 1 });
  scene = await openScene({ config: { clouds: { sim }, worker: { sweepMs: 100 } } });
  ({ client } = scene);
});
afterAll(() => scene.close());

const config = { aspect: `${CIMI}/aspect/cpu`, units: 'percent', sampleInterval: 1, timeScope: 'Point', isContinuous: true };
const meterOn = async (owner: string): Promise<string> =>
  String((await made(client, `${owner}/meters`, { resourceURI: `${CIMI}/MeterCreate`, meterTemplate: { meterConfig: config } })).id);
const act = async (meter: string, name: string): Promise<void> =>
  void (await succeeded(client, await client.post(meter, { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/${name}` })));
const times = async (meter: string): Promise<number[]> =>
  (((await client.get(`${meter}/samples?$orderby=timestamp`)).json.samples as Json[] | undefined) ?? []).map(({ timestamp }) =>
    Date.parse(String(timestamp)),
  );

test('R5.17.3.2-03, -06: samples come by themselves, none between stop and start, none twice', async () => {
  const machine = pathOf(client, (await made(client, 'machines', machineCreate())).id);
  const meter = await meterOn(machine);
  await comesTrue(async () => expect((await times(meter)).length).toBeGreaterThan(2));
  await act(meter, 'stop');
  // What was measured before it may be told after it.
  const end = Date.parse(String((await client.get(meter)).json.stopTime));
  await stays(1_500, async () => expect((await times(meter)).filter((time) => time >= end)).toEqual([]));
  const stopped = await times(meter);
  const again = Date.now();
  await act(meter, 'start');
  await comesTrue(async () => expect((await times(meter)).length).toBeGreaterThan(stopped.length + 1));
  const all = await times(meter);
  expect(all.slice(stopped.length).filter((time) => time < again)).toEqual([]);
  expect(new Set(all).size).toBe(all.length);
});

test('R5.17.3-01: a deleted Meter leaves no sample', async () => {
  const machine = pathOf(client, (await made(client, 'machines', machineCreate())).id);
  const meter = await meterOn(machine);
  await comesTrue(async () => expect((await times(meter)).length).toBeGreaterThan(0));
  await succeeded(client, await client.delete(meter));
  expect(await scene.gateway.gateway.store.countSamples({ meter: pathOf(client, meter) })).toBe(0);
});

test('a Meter of a template is read as soon as its Machine is there, not at the next look at all', async () => {
  const machine = pathOf(
    client,
    (await made(client, 'machines', machineCreate({}, { meterTemplates: [{ name: 'load', meterConfig: config }] }))).id,
  );
  const [meter] = ((await client.get(`${machine}/meters`)).json.meters ?? []) as Json[];
  const path = pathOf(client, meter?.id);
  const { store } = scene.gateway.gateway;
  // Put on the agenda with the request, and once more when the Job knew what to ask the cloud for.
  expect(await store.agenda({ work: 'collect sim', upTo: 10 ** 15, limit: 10 })).toContainEqual({ path, epoch: 1 });
  await comesTrue(async () => expect(await store.countSamples({ meter: path })).toBeGreaterThan(0));
});

test('samples are found by any time that can be written, also one that is finer than theirs, or beyond all', async () => {
  const machine = pathOf(client, (await made(client, 'machines', machineCreate())).id);
  const meter = await meterOn(machine);
  await comesTrue(async () => expect((await times(meter)).length).toBeGreaterThan(1));
  await act(meter, 'stop');
  await stays(1_000, async () => expect((await client.get(meter)).json.stopTime).toBeDefined());
  const all = await times(meter);
  const [, second = 0] = all;
  const compare: { readonly [operator: string]: (time: number, moment: number) => boolean } = {
    '=': (time, moment) => time === moment,
    '!=': (time, moment) => time !== moment,
    '<': (time, moment) => time < moment,
    '<=': (time, moment) => time <= moment,
    '>': (time, moment) => time > moment,
    '>=': (time, moment) => time >= moment,
  };
  const written = new Date(second).toISOString().slice(0, 19);
  const moments = [
    [`${written}Z`, second],
    [`${written}.0004Z`, second + 0.4],
    [`${written}.500Z`, second + 500],
    [`${written}.9999999Z`, second + 999.9999],
    ['9999-12-31T23:59:59.9999-14:00', Number.MAX_SAFE_INTEGER],
    ['0001-01-01T00:00:00.0001+14:00', -Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [operator, holds] of Object.entries(compare)) {
    for (const [text, moment] of moments) {
      const { status, json } = await client.get(`${meter}/samples?$filter=${encodeURIComponent(`timestamp${operator}${text}`)}`);
      const found = ((json.samples ?? []) as Json[]).map(({ timestamp }) => Date.parse(String(timestamp)));
      expect({ operator, text, status, found }).toEqual({ operator, text, status: 200, found: all.filter((time) => holds(time, moment)) });
    }
  }
});
