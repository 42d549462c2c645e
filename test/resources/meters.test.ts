import { foreignInstance } from '../../drivers/simulator/control';
import { CIMI, EXTENSION } from '../../src/model/define';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { expectFault, listOf, machineCreate, made, openScene, pathOf, rels, succeeded, type Scene } from '../protocol/scene';

/** Meters, their templates and configurations (DSP0263 5.17.3 to 5.17.8) on simulated clouds that measure every 60 s. */
let scene: Scene;
let client: Client;
let machine: string;
beforeAll(async () => {
  const clouds = { sim: simulatedCloud(), watched: simulatedCloud({}, { mode: 'observe' }) };
  scene = await openScene({ config: { clouds } });
  ({ client } = scene);
  machine = pathOf(client, (await made(client, 'machines', machineCreate())).id);
});
afterAll(() => scene.close());

const aspect = (name: string): string => `${CIMI}/aspect/${name}`;
const cpu = (more: object = {}): object => ({
  associatedTo: [{ href: `${CIMI}/Machine` }],
  aspect: aspect('cpu'),
  units: 'percent',
  sampleInterval: 60,
  timeScope: 'Point',
  isContinuous: true,
  ...more,
});
const meter = (template: object, more: object = {}): object => ({ resourceURI: `${CIMI}/MeterCreate`, ...more, meterTemplate: template });
const makeMeter = async (more: object = {}, of = machine): Promise<Json> => made(client, `${of}/meters`, meter({ meterConfig: cpu(more) }));
const idsIn = async (collection: string, name = 'meters'): Promise<unknown[]> =>
  listOf((await client.get(collection)).json, name).map(({ id }) => id);

describe('configurations', () => {
  test('those of a cloud are what it measures, and nobody changes them', async () => {
    const { json } = await client.get('clouds/sim/meterConfigs');
    const all = listOf(json, 'meterConfigurations');
    const found = all.find(({ id }) => String(id).endsWith('/meterConfigs/sim.machine-cpu'));
    expect(found).toMatchObject({ aspect: aspect('cpu'), units: 'percent', sampleInterval: 60, timeScope: 'Point', cloud: 'sim' });
    expect(found?.associatedTo).toEqual([{ href: `${CIMI}/Machine` }]);
    expect(found?.intervalDuration).toBeUndefined();
    expect(rels(found as Json)).toEqual([]);
    expect(all.map(({ id }) => String(id).split('.').at(-1))).toEqual(expect.arrayContaining(['system-cpu', 'cloudEntryPoint-memory']));
  });

  test('ResourceMetadata tells the aspects of each cloud', async () => {
    const { json } = await client.get('clouds/sim/resourceMetadata/MeterConfiguration');
    const told = listOf(json, 'attributes').find(({ name }) => String(name) === 'aspect');
    expect(told?.values).toEqual(['cpu', 'memory', 'disk', 'bandwidth', 'inputBandwidth', 'outputBandwidth'].map(aspect));
  });

  test('consumers make, change and delete their own', async () => {
    const own = await made(client, 'meterConfigs', { name: 'mine', ...cpu() });
    expect(rels(own)).toEqual(['edit', 'delete']);
    await succeeded(client, await client.put(`${String(own.id)}?$select=sampleInterval`, { sampleInterval: 300 }));
    expect((await client.get(String(own.id))).json.sampleInterval).toBe(300);
    await succeeded(client, await client.delete(String(own.id)));
  });

  test.each([
    ['an unknown aspect', { aspect: aspect('humour') }, /^aspect: there is no aspect .*aspects are .*aspect\/cpu/],
    [
      'a pair that nobody measures',
      { aspect: aspect('bandwidth'), units: 'bytes per second' },
      /^aspect: no cloud here measures bandwidth of a Machine; measured are cpu, .*bandwidth of a Network/,
    ],
    ['a type without Meters', { associatedTo: [{ href: `${CIMI}/Credential` }] }, /^associatedTo\[0\]: .*is no type that has Meters/],
    ['another unit', { units: 'kilobits per second' }, /^units: cpu is measured in 'percent'/],
    ['no distance', { sampleInterval: 0 }, /^sampleInterval: a number of seconds/],
    ['a scalar', { isContinuous: false }, /^isContinuous: cpu is continuous/],
    ['an interval without its length', { timeScope: 'Interval' }, /^intervalDuration: is missing: one of PT1H \(hourly\)/],
    ['a length without an interval', { intervalDuration: 'P1D' }, /^intervalDuration: goes with timeScope 'Interval' only/],
    ['a length of its own', { timeScope: 'Interval', intervalDuration: 'PT7M' }, /^intervalDuration: is 'PT7M': one of/],
    [
      'values further apart than the interval',
      { timeScope: 'Interval', intervalDuration: 'hourly', sampleInterval: 7200 },
      /^sampleInterval: values every 7200 s do not fit/,
    ],
  ])('%s is refused', async (_what, more, words) => {
    expectFault(await client.post('meterConfigs', cpu(more)), 400, words);
  });
});

describe('a Meter', () => {
  test('shows all that Table 49 says, in both collections, and records', async () => {
    const made = await makeMeter();
    expect(made).toMatchObject({
      ...{ resourceURI: `${CIMI}/Meter`, targetResource: { href: `${client.base}${machine}` }, aspect: aspect('cpu'), units: 'percent' },
      ...{ sampleInterval: 60, timeScope: 'Point', isContinuous: true, minValue: '0', maxValue: '100' },
      samples: { href: `${String(made.id)}/samples` },
    });
    expect(rels(made)).toEqual(['edit', 'delete', 'stop']);
    expect(await idsIn('meters')).toContain(made.id);
    expect(await idsIn(`${machine}/meters`)).toContain(made.id);
    expect(listOf((await client.get('meters')).json, 'meters')).toHaveLength(Number((await client.get('meters')).json.count));
    await succeeded(client, await client.delete(String(made.id)));
    expect(await idsIn('meters')).not.toContain(made.id);
    expect(await idsIn(`${machine}/meters`)).not.toContain(made.id);
  });

  test('is made by reference, and by a reference with values laid over it', async () => {
    const template = await made(client, 'meterTemplates', { meterConfig: { href: 'meterConfigs/sim.machine-memory' } });
    const plain = await made(client, `${machine}/meters`, meter({ href: template.id }));
    expect(plain).toMatchObject({ aspect: aspect('memory'), units: 'bytes', sampleInterval: 60 });
    expect(plain.maxValue).toBeUndefined();
    const daily = {
      href: template.id,
      meterConfig: { href: 'meterConfigs/sim.machine-cpu', timeScope: 'Interval', intervalDuration: 'daily' },
    };
    expect(await made(client, `${machine}/meters`, meter(daily))).toMatchObject({ aspect: aspect('cpu'), intervalDuration: 'P1D' });
  });

  test('at the entry point is of the target that is named', async () => {
    const found = await made(client, 'meters', meter({ targetResource: { href: machine }, meterConfig: cpu() }));
    expect(await idsIn(`${machine}/meters`)).toContain(found.id);
    expectFault(await client.post('meters', meter({ meterConfig: cpu() })), 400, /^meterTemplate\.targetResource: is missing/);
    expectFault(
      await client.post('meters', meter({ targetResource: { href: 'machines/nowhere' }, meterConfig: cpu() })),
      400,
      /there is no Machine at/,
    );
    expectFault(
      await client.post('meters', meter({ targetResource: { href: 'credentials/x' }, meterConfig: cpu() })),
      400,
      /^meterTemplate\.targetResource: credentials\/x is nothing that has Meters: these are of type .*Machine/,
    );
  });

  test('below its target takes no other target, and the target itself', async () => {
    const other = { targetResource: { href: 'machines/other' }, meterConfig: cpu() };
    expectFault(await client.post(`${machine}/meters`, meter(other)), 400, /a Meter in .* is of machines\//);
    await made(client, `${machine}/meters`, meter({ targetResource: { href: `${client.base}${machine}` }, meterConfig: cpu() }));
  });

  test('is for types that its configuration names', async () => {
    const forVolumes = meter({ meterConfig: cpu({ associatedTo: [{ href: `${CIMI}/Volume` }] }) });
    expectFault(await client.post(`${machine}/meters`, forVolumes), 400, /^meterTemplate\.meterConfig\.associatedTo: is for .*Volume/);
  });

  test('that is asked for finer than the cloud measures is rounded up, and told so (D173)', async () => {
    const answer = await client.post(`${machine}/meters`, meter({ meterConfig: cpu({ sampleInterval: 7 }) }));
    const job = await succeeded(client, answer);
    expect(job.statusMessage).toBe('Created: sampleInterval 7 was asked for, the values come every 60 s: it is 60');
    expect((await client.get(String(answer.headers.get('location')))).json.sampleInterval).toBe(60);
  });

  test('of a resource in an observed cloud is no change of that', async () => {
    scene.controlOf('watched').add([foreignInstance('vm-observed')]);
    const observed = 'machines/watched.vm-observed';
    const found = await made(client, `${observed}/meters`, meter({ meterConfig: { aspect: aspect('cpu') } }));
    expect(found).toMatchObject({ units: 'percent', timeScope: 'Point', isContinuous: true });
    const foreign = meter({ meterConfig: { href: 'meterConfigs/sim.machine-cpu' } });
    expectFault(await client.post(`${observed}/meters`, foreign), 400, /is a configuration of cloud 'sim'/);
  });

  test('of the entry point, the root and a cloud, spans what is below it', async () => {
    for (const href of ['cloudEntryPoint', 'clouds/sim/cloudEntryPoint']) {
      const found = await made(client, 'meters', meter({ targetResource: { href }, meterConfig: { aspect: aspect('memory') } }));
      expect(found.targetResource).toEqual({ href: `${client.base}${href}` });
    }
  });
});

describe('its life', () => {
  test('stop and start by turns; an end that is still to come stays (D171, D172)', async () => {
    const { id } = await makeMeter();
    const uri = String(id);
    await succeeded(client, await client.act(uri, 'stop'));
    const stopped = (await client.get(uri)).json;
    expect(rels(stopped)).toEqual(['edit', 'delete', 'start']);
    expect(stopped.stopTime).toBeDefined();
    expectFault(await client.act(uri, 'stop'), 400, /stop is not among its operations/);
    await succeeded(client, await client.act(uri, 'start'));
    expect((await client.get(uri)).json.stopTime).toBeUndefined();
    await succeeded(client, await client.put(`${uri}?$select=stopTime`, { stopTime: '2999-01-01T00:00:00Z' }));
    expect(rels((await client.get(uri)).json)).toContain('stop');
    await succeeded(client, await client.act(uri, 'stop'));
    await succeeded(client, await client.act(uri, 'start'));
    expect((await client.get(uri)).json.stopTime).toBe('2999-01-01T00:00:00Z');
  });

  test('the three writable attributes are edited; the others stay (D062)', async () => {
    const { id } = await makeMeter();
    const uri = String(id);
    const body = (await client.get(uri)).json;
    const change = { ...body, name: 'load', aspect: aspect('memory'), sampleInterval: 90, expiresTime: '2999-01-01T00:00:00Z' };
    const job = await succeeded(client, await client.put(uri, change));
    expect(String(job.statusMessage)).toMatch(/sampleInterval 90 was asked for.*it is 120/);
    expect((await client.get(uri)).json).toMatchObject({ name: 'load', aspect: aspect('cpu'), sampleInterval: 120 });
    await succeeded(client, await client.put(uri, body));
    expect((await client.get(uri)).json.expiresTime).toBeUndefined();
    expectFault(await client.put(`${uri}?$select=expiresTime`, { expiresTime: '2001-01-01T00:00:00Z' }), 400, /^expiresTime: has passed/);
    expectFault(await client.put(`${uri}?$select=sampleInterval`, { sampleInterval: -5 }), 400, /^sampleInterval/);
  });

  test('ends with its target', async () => {
    const short = pathOf(client, (await made(client, 'machines', machineCreate())).id);
    const { id } = await makeMeter({}, short);
    await succeeded(client, await client.delete(short));
    expect((await client.get(String(id))).status).toBe(404);
    expect(await idsIn('meters')).not.toContain(id);
  });

  test('ends with a target that goes at its provider', async () => {
    const found = foreignInstance('vm-found');
    scene.control.add([found]);
    const discovered = 'machines/sim.vm-found';
    const { id } = await makeMeter({}, discovered);
    expect(await idsIn(`${discovered}/meters`)).toEqual([id]);
    expect((await client.get(discovered)).json.meters).toEqual({ href: `${client.base}${discovered}/meters` });
    scene.control.remove([found]);
    await eventually(async () => ((await client.get(discovered)).status === 404 ? true : undefined));
    expect((await client.get(String(id))).status).toBe(404);
  });
});

describe('with what they are of', () => {
  const templates = [{ name: 'load', meterConfig: cpu() }, { meterConfig: { href: 'meterConfigs/sim.machine-memory' } }];

  test('meterTemplates make the Meters of a new Machine (R5.14.3-05)', async () => {
    const created = await made(client, 'machines', machineCreate({}, { meterTemplates: templates }));
    const all = listOf((await client.get(`${pathOf(client, created.id)}/meters`)).json, 'meters');
    expect(all.map((each) => [each.name, each.aspect])).toEqual(
      expect.arrayContaining([
        ['load', aspect('cpu')],
        [undefined, aspect('memory')],
      ]),
    );
    for (const each of all) expect(each.targetResource).toEqual({ href: created.id });
  });

  test('also out of a stored template', async () => {
    const stored = await made(client, 'machineTemplates', {
      ...{ machineConfig: { href: 'machineConfigs/sim.s1_2enano' }, machineImage: { href: 'machineImages/sim.img-debian-12' } },
      meterTemplates: templates,
    });
    const created = await made(client, 'machines', { resourceURI: `${CIMI}/MachineCreate`, machineTemplate: { href: stored.id } });
    expect(await idsIn(`${pathOf(client, created.id)}/meters`)).toHaveLength(2);
  });

  test('a System has its own, and its Machines theirs (R5.13.3-10)', async () => {
    const machineTemplate = (machineCreate({}, { meterTemplates: templates }) as { machineTemplate: object }).machineTemplate;
    const created = await made(client, 'systems', {
      resourceURI: `${CIMI}/SystemCreate`,
      systemTemplate: {
        componentDescriptors: [{ name: 'web', type: `${CIMI}/Machine`, machineTemplate }],
        meterTemplates: [{ meterConfig: { aspect: aspect('cpu') } }],
      },
    });
    const system = pathOf(client, created.id);
    const [own, ...more] = listOf((await client.get(`${system}/meters`)).json, 'meters');
    expect([own?.aspect, more]).toEqual([aspect('cpu'), []]);
    const [member] = listOf((await client.get(`${system}/machines`)).json, 'systemMachines');
    expect(await idsIn(`${pathOf(client, (member?.machine as Json | undefined)?.href)}/meters`)).toHaveLength(2);
  });

  test('what cannot be measured is refused before anything is made, with its place', async () => {
    const count = async () => (await client.get('machines')).json.count;
    const before = await count();
    const answer = await client.post(
      'machines',
      machineCreate({}, { meterTemplates: [...templates, { meterConfig: cpu({ aspect: 'x' }) }] }),
    );
    expectFault(answer, 400, /^machineTemplate\.meterTemplates\[2\]\.meterConfig\.aspect: there is no aspect/);
    expect(await count()).toBe(before);
  });
});

describe('samples', () => {
  /** A midnight in the near past, in s. */
  const T = Math.floor(Date.now() / 86_400_000) * 86_400 - 86_400;
  let uri: string;
  beforeAll(async () => {
    // Its cloud gives it no value before 2029: a minute that ends between its creation and its stop would add one.
    const path = pathOf(client, (await makeMeter({ sampleInterval: 315_360_000 })).id);
    uri = `${path}/samples`;
    await succeeded(client, await client.act(path, 'stop'));
    const samples = Array.from({ length: 20 }, (_, index) => ({
      t: T + index * 60,
      value: index + 0.5,
      covered: index === 3 ? '3/4' : null,
    }));
    const { store } = scene.gateway.gateway;
    const known = (await store.series([path])).get(path);
    await store.transaction((unit) =>
      unit.putSamples([{ meter: path, reached: T * 1000, memory: null, samples, ageing: false, builtOn: known?.reached }]),
    );
  });
  const at = (index: number): string => new Date((T + index * 60) * 1000).toISOString().replace('.000Z', 'Z');
  const read = async (query: string) => {
    const { json } = await client.get(`${uri}?${query}`);
    return { count: json.count, times: listOf(json, 'samples').map(({ timestamp }) => timestamp) };
  };

  test('are windows of the table, newest first where that is asked for', async () => {
    const { json } = await client.get(`${uri}?$orderby=timestamp:desc&$first=1&$last=2`);
    expect(json.count).toBe(20);
    expect(listOf(json, 'samples')).toEqual([
      { resourceURI: `${CIMI}/Sample`, id: `${client.base}${uri}/${T + 19 * 60}`, timestamp: at(19), value: '19.5' },
      { resourceURI: `${CIMI}/Sample`, id: `${client.base}${uri}/${T + 18 * 60}`, timestamp: at(18), value: '18.5' },
    ]);
    expect(await read('$first=19')).toEqual({ count: 20, times: [at(18), at(19)] });
  });

  test('are filtered by their time, and by their value', async () => {
    expect(await read(`$filter=timestamp>=${at(18)}`)).toEqual({ count: 2, times: [at(18), at(19)] });
    expect(await read(`$filter=timestamp<${at(1)} or timestamp=${at(5)}`)).toEqual({ count: 2, times: [at(0), at(5)] });
    expect(await read("$filter=value='7.5'")).toEqual({ count: 1, times: [at(7)] });
    expect(await read(`$filter=timestamp>${at(3)}&$orderby=value:desc&$last=1`)).toEqual({ count: 16, times: [at(9)] });
  });

  test('are read one by one, and tell what an aggregate is of', async () => {
    expect((await client.get(`${uri}/${T + 180}`)).json).toMatchObject({ timestamp: at(3), value: '3.5', covered: '3/4' });
    for (const id of ['1', '007', 'x', '9'.repeat(30)]) expect((await client.get(`${uri}/${id}`)).status).toBe(404);
    expectFault(await client.post(uri, { timestamp: at(0), value: '1' }), 405, /nothing can be created in/);
    expectFault(await client.delete(`${uri}/${T}`), 405, /does not support DELETE/);
  });

  test('are shown as their means over steps where these are asked for, each stamped with the end of its step', async () => {
    // The first sample ends a step of 300 s; each later step has five.
    const means = ['0.5', '3.5', '8.5', '13.5', '18'];
    const { json } = await client.get(`${uri}?step=300`);
    expect(json.count).toBe(5);
    expect(listOf(json, 'samples').map(({ value }) => value)).toEqual(means);
    expect(listOf(json, 'samples').map(({ timestamp }) => timestamp)).toEqual([0, 5, 10, 15, 20].map(at));
    const newest = await client.get(`${uri}?step=300&$orderby=timestamp:desc&$first=1&$last=2`);
    expect(newest.json.count).toBe(5);
    expect(listOf(newest.json, 'samples').map(({ value }) => value)).toEqual(['18', '13.5']);
    expect(await read(`step=300&$filter=timestamp>${at(5)} and timestamp<=${at(15)}`)).toEqual({ count: 2, times: [at(10), at(15)] });
    expect(await read("step=300&$filter=value='8.5'")).toEqual({ count: 1, times: [at(10)] });
    // A value is a text, and ordered as one.
    expect(await read('step=300&$orderby=value:desc&$last=2')).toEqual({ count: 5, times: [at(10), at(5)] });
    expect(await read('step=31622400&step=60')).toMatchObject({ count: 1 });
    const { text } = await client.get(`${uri}?step=300&$first=2&$last=2`, { accept: 'application/xml' });
    expect(text).toContain('<count>5</count>');
    expect(text).toContain(`<sample timestamp="${at(5)}" value="3.5"/>`);
  });

  test('a mean is read by its own id', async () => {
    const { json } = await client.get(`${uri}?step=300&$first=2&$last=2`);
    const [mean] = listOf(json, 'samples');
    expect(pathOf(client, mean?.id)).toBe(`${uri}/${T + 300}-300`);
    expect((await client.get(String(mean?.id))).json).toEqual(mean);
    for (const id of [`${T + 301}-300`, `${T + 300}-0`, `${T + 300}-`, `${T + 3_000}-300`])
      expect((await client.get(`${uri}/${id}`)).status).toBe(404);
  });

  test.each(['0', '-60', '1.5', 'hourly', '', '31622401', '9'.repeat(400)])('step=%p is refused', async (step) => {
    expectFault(await client.get(`${uri}?step=${step}`), 400, /^step: ".*" is no whole number from 1 to 31622400 \(seconds\)$/);
  });

  test('step is announced by ResourceMetadata and OpenAPI, and no other list takes it', async () => {
    const told = listOf((await client.get('resourceMetadata/Sample')).json, 'capabilities');
    expect(told).toEqual([
      {
        ...{ name: 'StepParameter', value: true, uri: `${EXTENSION}/capability/Sample/StepParameter` },
        description: expect.stringMatching(/^step: .*means over steps/) as unknown,
      },
    ]);
    const document = (await (await fetch(new URL('/openapi.json', client.base))).json()) as {
      paths: Record<string, { get?: { parameters?: Json[] } }>;
    };
    const takers = Object.entries(document.paths).filter(([, { get }]) => get?.parameters?.some(({ name }) => name === 'step'));
    expect(takers.map(([path]) => path)).toEqual(['/meters/{meterId}/samples']);
    expect(takers[0]?.[1].get?.parameters).toContainEqual(
      expect.objectContaining({ name: 'step', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 31_622_400 } }),
    );
    expect((await client.get('meters?step=0')).status).toBe(200);
  });

  test('are an XML element with attributes (D004)', async () => {
    const { text } = await client.get(`${uri}/${T}`, { accept: 'application/xml' });
    expect(text).toContain(`<sample timestamp="${at(0)}" value="0.5"/>`);
  });

  test('stand in their Meter where $expand asks for them', async () => {
    const { json } = await client.get(`${uri.replace('/samples', '')}?$expand=samples`);
    expect(listOf(json.samples ?? json, 'samples')).toHaveLength(20);
  });

  test('go with their Meter', async () => {
    const path = uri.replace('/samples', '');
    await succeeded(client, await client.delete(path));
    expect((await client.get(uri)).status).toBe(404);
    expect(await scene.gateway.gateway.store.countSamples({ meter: path })).toBe(0);
  });
});
