import { CIMI } from '../../src/model/define';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import type { Json } from '../harness/client';
import { waitUntil } from '../harness/wait';
import { CLOUD, type Ec2World, startEc2World } from './ec2-world';

const FIVE_MINUTES = 300_000;

describeWith('moto', motoAvailable(), () => {
  let world: Ec2World;
  beforeAll(async () => {
    world = await startEc2World();
  }, 300_000);
  afterAll(() => world.stop());

  const meter = (template: object) => ({ resourceURI: `${CIMI}/MeterCreate`, meterTemplate: template });
  const configs = async (): Promise<Json[]> =>
    ((await world.client.get('meterConfigs')).json.meterConfigurations ?? []) as unknown as Json[];
  const config = async (name: string): Promise<string> =>
    String((await configs()).find(({ id }) => String(id).endsWith(`/${CLOUD}.${name}`))?.id);
  const made = async (uri: string, template: object): Promise<Json> => {
    const answer = await world.client.post(uri, meter(template), { prefer: 'wait=60' });
    expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
    return (await world.client.get(String(answer.headers.get('location')))).json;
  };
  const samplesOf = async ({ id }: Json): Promise<Json[]> =>
    ((await world.client.get(`${String(id)}/samples?$orderby=timestamp`)).json.samples ?? []) as Json[];
  /** Samples of the Meter once there are some. */
  const sampled = async (of: Json): Promise<Json[]> => {
    let samples: Json[] = [];
    await waitUntil(
      async () => (samples = await samplesOf(of)).length > 0,
      () => samples,
    );
    return samples;
  };
  const foreign = async (): Promise<{ key: string; uri: string }> => {
    const [key = ''] = await world.account.launch(1);
    const found = async (): Promise<Json[]> => ((await world.client.get("machines?$filter=state='STARTED'")).json.machines ?? []) as Json[];
    let all: Json[] = [];
    await waitUntil(
      async () => (all = await found()).length > 0,
      () => all,
    );
    return { key, uri: String(all[0]?.id) };
  };

  test('a Meter on a machine that somebody else made has the values that CloudWatch measured, with their times', async () => {
    const { key, uri } = await foreign();
    const newest = Math.floor(Date.now() / FIVE_MINUTES) * FIVE_MINUTES - FIVE_MINUTES;
    const values = [10, 20, 30, 40, 50, 60];
    const points = values.map((value, n): [number, number] => [newest - n * FIVE_MINUTES, value]);
    await world.account.measure({ metric: 'CPUUtilization', key, points }, { metric: 'NetworkIn', key, points });
    const [cpu, traffic] = [
      await made(`${uri}/meters`, { meterConfig: { href: await config('machine-cpu') } }),
      await made('meters', { targetResource: { href: uri }, meterConfig: { href: await config('machine-inputBandwidth') } }),
    ];
    expect(cpu).toMatchObject({ sampleInterval: 300, units: 'percent', timeScope: 'Point' });
    expect(traffic).toMatchObject({ units: 'bytes per second' });
    const known = new Map(points.map(([at, value]) => [new Date(at).toISOString().replace('.000Z', 'Z'), value]));
    for (const { timestamp, value } of await sampled(cpu)) expect(Number(value)).toBe(known.get(String(timestamp)));
    for (const { timestamp, value } of await sampled(traffic))
      expect(Number(value)).toBeCloseTo((known.get(String(timestamp)) ?? 0) / 300, 5);
    await world.account.terminate([key]);
  });

  test('what CloudWatch does not measure is refused with what it does', async () => {
    const { key, uri } = await foreign();
    const memory = {
      associatedTo: [{ href: `${CIMI}/Machine` }],
      aspect: `${CIMI}/aspect/memory`,
      units: 'bytes',
      sampleInterval: 300,
      timeScope: 'Point',
      isContinuous: true,
    };
    const answer = await world.client.post(`${uri}/meters`, meter({ meterConfig: memory }));
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(/memory/)]);
    expect(answer.text).toMatch(/cpu/);
    await world.account.terminate([key]);
  });
});
