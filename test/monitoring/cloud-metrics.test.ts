import { hashPassword } from '../../src/http/passwords';
import { CIMI } from '../../src/model/define';
import { describeWith } from '../backends/need';
import { installPromtool, promtool, promtoolAvailable } from '../backends/promtool';
import { basic, type Client, type Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue } from '../harness/wait';
import { machineCreate, made, openScene, pathOf, succeeded, type Scene } from '../protocol/scene';

/** `/metrics/cloud`: what a tenant's Meters measure, for Prometheus. */

let scene: Scene;
const clients: Record<string, Client> = {};

beforeAll(async () => {
  const cloud = simulatedCloud({ meterOutage: true }, { tenants: ['a', 'b'], discoveredTenant: 'a' });
  const config = { access: { required: true }, tenants: ['a', 'b'], monitoring: { watchMs: 50 }, worker: { sweepMs: 100 } };
  scene = await openScene({ config: { ...config, clouds: { sim: cloud } } });
  for (const [name, tenant, role] of [
    ['ann', 'a', 'operator'],
    ['rae', 'a', 'reader'],
    ['bob', 'b', 'operator'],
  ] as const) {
    await scene.gateway.gateway.store.access.putPrincipal({ name, tenant, role, passwordHash: await hashPassword(`pw-${name}`) });
    clients[name] = scene.client.as(basic(name, `pw-${name}`));
  }
});
afterAll(() => scene.close());

const of = (name: string): Client => clients[name] ?? scene.client;
const scrape = async (name: string): Promise<string> => (await of(name).get('/metrics/cloud')).text;
const series = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

async function meterOf(client: Client, machine: string, more: object = {}): Promise<Json> {
  const config = { aspect: `${CIMI}/aspect/cpu`, units: 'percent', sampleInterval: 60, timeScope: 'Point', isContinuous: true, ...more };
  return made(client, `${machine}/meters`, { resourceURI: `${CIMI}/MeterCreate`, meterTemplate: { meterConfig: config } });
}

async function sampled({ id }: Json, age: number, value: number): Promise<void> {
  const { store } = scene.gateway.gateway;
  const samples = [{ t: Math.floor(Date.now() / 1000) - age, value, covered: null }];
  const meter = pathOf(scene.client, id);
  const builtOn = (await store.series([meter])).get(meter)?.reached;
  const batch = { meter, samples, reached: Date.now(), memory: null, builtOn, ageing: false };
  await store.transaction((unit) => unit.putSamples([batch]));
}

test('shows the newest samples of the own tenant to each of its roles, under names that say what they are', async () => {
  const machine = pathOf(of('ann'), (await made(of('ann'), 'machines', { ...machineCreate(), name: 'the "first"' })).id);
  const meter = await meterOf(of('ann'), machine);
  await sampled(meter, 60, 12.5);
  await comesTrue(async () => expect(await scrape('ann')).toContain('cimi_cloud_up{cloud="sim"} 1'));
  const text = await scrape('rae');
  expect(text).toContain(`cimi_machine_cpu_ratio{cloud="sim",resource="${machine}"} 0.125\n`);
  expect(text).toContain(`cimi_resource_info{cloud="sim",resource="${machine}",type="Machine",name="the \\"first\\""} 1\n`);
  expect(text).toMatch(/^cimi_meter_sample_age_seconds\{cloud="sim",resource="machines\/\w+",aspect="cpu"\} \d+/m);
  expect(series(await scrape('bob'))).toEqual(['cimi_cloud_up{cloud="sim"} 1']);
});

test('leaves out a sample that is too old, a Meter that is stopped, and means over intervals', async () => {
  const machine = pathOf(of('bob'), (await made(of('bob'), 'machines', machineCreate())).id);
  const old = await meterOf(of('bob'), machine);
  await sampled(old, 86_400, 50);
  const daily = await meterOf(of('bob'), machine, { timeScope: 'Interval', intervalDuration: 'P1D' });
  await sampled(daily, 60, 50);
  expect(await scrape('bob')).not.toContain('cimi_machine_cpu_ratio');
  expect(await scrape('bob')).toContain('cimi_meter_sample_age_seconds');
  await succeeded(of('bob'), await of('bob').act(String(old.id), 'stop'));
  expect(await scrape('bob')).not.toContain('cimi_meter_sample_age_seconds');
});

test('is for who logs in, by GET', async () => {
  const { status, headers } = await scene.client.as({ authorization: '' }).get('/metrics/cloud');
  expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Basic')]);
  expect((await of('ann').post('/metrics/cloud', {})).status).toBe(405);
  expect((await of('ann').get('/metrics/cloud')).headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect((await of('ann').get('/metrics')).status).toBe(403);
});

describeWith('promtool', promtoolAvailable(), () => {
  test('accepts it', async () => {
    await installPromtool();
    expect(await promtool(['check', 'metrics'], await scrape('ann'))).toEqual({ code: 0, said: '' });
  });
});
