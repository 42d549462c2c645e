import { CIMI } from '../../src/model/define';
import { foreignInstance } from '../../drivers/simulator/control';
import type { Json } from '../harness/client';
import { ACTION_URI, expectFault, IMAGE, listOf, machineCreate, made, openScene, succeeded, type Scene } from './scene';
import { eventually } from '../harness/wait';

let scene: Scene;
const get = async (uri: unknown) => (await scene.client.get(String(uri))).json;
const machine = (name: string, template: object = {}) => made(scene.client, 'machines', machineCreate({ name }, template));
const act = async (resource: Json, name: string, more: object = {}) =>
  succeeded(scene.client, await scene.client.act(String(resource.id), name, more));
const hrefOf = (resource: Json, rel: string): string =>
  String(listOf(resource, 'operations').find((operation) => String(operation.rel) === ACTION_URI + rel)?.href);
const snapshotsOf = async (resource: Json) => listOf(await get(`${String(resource.id)}/snapshots`), 'machineSnapshots');
const refOf = (value: unknown): string | undefined => (value as { href?: string } | undefined)?.href;

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 } } });
});
afterAll(() => scene.close());

test('R5.14.1.2-46 R5.14.7.1-04 R5.14.7.1-05 R5.14.7.1-07: a POST with imageLocation makes a SNAPSHOT and its association', async () => {
  const one = await machine('shot');
  const image = await made(scene.client, 'machineImages', { name: 'first', properties: { p: '1' }, imageLocation: one.id });
  expect(image).toMatchObject({
    resourceURI: `${CIMI}/MachineImage`,
    name: 'first',
    properties: { p: '1' },
    state: 'AVAILABLE',
    type: 'SNAPSHOT',
  });
  expect(String(image.imageLocation)).not.toContain(String(one.id));
  expect(refOf((await get(one.id)).latestSnapshot)).toBe(image.id);
  const [association] = await snapshotsOf(one);
  expect([association?.resourceURI, refOf(association?.snapshot)]).toEqual([`${CIMI}/MachineSnapshot`, image.id]);
  expect(await get(association?.id)).toEqual(association);

  const second = await made(scene.client, 'machineImages', {
    name: 'second',
    imageLocation: `machines/${String(one.id).split('/').pop()}`,
  });
  expect(refOf(second.relatedImage)).toBe(image.id);
  expect(await snapshotsOf(one)).toHaveLength(2);
  await succeeded(scene.client, await scene.client.delete(String(image.id)));
  expect((await snapshotsOf(one)).map(({ snapshot }) => refOf(snapshot))).toEqual([second.id]);
  expect(await get(second.id)).not.toHaveProperty('relatedImage');
});

test('R5.5.12.1-04 D154: deleting the association leaves the image; deleting the machine leaves it too', async () => {
  const one = await machine('linked');
  const image = await made(scene.client, 'machineImages', { imageLocation: one.id });
  const [association] = await snapshotsOf(one);
  await succeeded(scene.client, await scene.client.delete(String(association?.id)));
  expect(await snapshotsOf(one)).toEqual([]);
  expect((await get(image.id)).state).toBe('AVAILABLE');
  const other = await made(scene.client, 'machineImages', { imageLocation: one.id });
  await succeeded(scene.client, await scene.client.delete(String(one.id)));
  expect((await scene.client.get(`${String(one.id)}/snapshots`)).status).toBe(404);
  expect((await get(other.id)).state).toBe('AVAILABLE');
});

describe('D009 D010: the links that a machine shows', () => {
  test('capture makes an IMAGE of what is STOPPED, a SNAPSHOT otherwise; snapshot a SNAPSHOT always', async () => {
    const one = await machine('both', { initialState: 'STOPPED' });
    const kinds = [
      await made(scene.client, hrefOf(one, 'capture'), { name: 'captured', imageLocation: one.id }),
      await made(scene.client, hrefOf(one, 'snapshot'), { imageLocation: one.id }),
    ];
    await act(one, 'start');
    kinds.push(await made(scene.client, hrefOf(await get(one.id), 'capture'), { imageLocation: one.id }));
    expect(kinds.map(({ type }) => String(type))).toEqual(['IMAGE', 'SNAPSHOT', 'SNAPSHOT']);
    expect(await snapshotsOf(one)).toHaveLength(2);
    // R5.4-11 D018: the type is read-only, so it is ignored in whatever way it is given.
    const typed = await made(scene.client, 'machineImages', { type: 'IMAGE', imageLocation: one.id });
    expect([typed.type, (await made(scene.client, 'machineImages', { type: ['x'], imageLocation: one.id })).type]).toEqual([
      'SNAPSHOT',
      'SNAPSHOT',
    ]);
  });

  test('an Action body does as well', async () => {
    const one = await machine('by action', { initialState: 'STOPPED' });
    const body = { resourceURI: `${CIMI}/Action`, action: `${ACTION_URI}capture` };
    expect((await made(scene.client, hrefOf(one, 'capture'), body)).type).toBe('IMAGE');
    const xml = `<Action xmlns="${CIMI}"><action>${ACTION_URI}snapshot</action></Action>`;
    const answer = await scene.client.send('POST', hrefOf(one, 'snapshot'), { xml });
    await succeeded(scene.client, answer);
    expect((await get(answer.headers.get('location'))).type).toBe('SNAPSHOT');
  });

  test('R5.14.1.2-45: they stand on the collection, not on the machine', async () => {
    const one = await machine('links only');
    expectFault(await scene.client.act(String(one.id), 'capture'), 400, /capture is no operation of Machine/);
  });
});

describe('R5.14.1.2-47 R5.14.1.2-50 D082: restore', () => {
  test.each([
    ['STARTED', [], ['stop'], 'STARTED'],
    ['STOPPED', ['stop'], ['start'], 'STOPPED'],
    ['PAUSED', ['pause'], ['start'], 'PAUSED'],
    ['SUSPENDED', ['suspend'], [], 'SUSPENDED'],
  ])('a SNAPSHOT of what was %s leads back there', async (state, before, between, expected) => {
    const one = await machine(`was ${state}`);
    for (const name of before) await act(one, name);
    const image = await made(scene.client, 'machineImages', { imageLocation: one.id });
    for (const name of between) await act(one, name);
    await act(one, 'restore', { image: image.id });
    const after = await get(one.id);
    expect([after.state, refOf(after.latestSnapshot)]).toEqual([expected, image.id]);
  });

  test('an IMAGE leads to STOPPED; the state is RESTORING on the way; in JSON and XML', async () => {
    const one = await machine('reset');
    scene.control.set({
      delays: { create: 20, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 2_000, delete: 20, capture: 20 },
    });
    const xml = `<Action xmlns="${CIMI}"><action>${ACTION_URI}restore</action><image href="${scene.client.base}${IMAGE}"/></Action>`;
    const answer = await scene.client.send('POST', String(one.id), { xml });
    expect([answer.status, (await get(one.id)).state]).toEqual([202, 'RESTORING']);
    await succeeded(scene.client, answer);
    expect((await get(one.id)).state).toBe('STOPPED');
    scene.control.resetSettings();
    await act(one, 'restore', { image: { href: `${scene.client.base}${IMAGE}` } });
    expect((await get(one.id)).state).toBe('STOPPED');
  });

  test('an image that is not there, is none, or is not named', async () => {
    const one = await machine('unharmed');
    const before = await get(one.id);
    expectFault(
      await scene.client.act(String(one.id), 'restore', { image: `${scene.client.base}machineImages/none` }),
      400,
      /image: there is no MachineImage/,
    );
    expectFault(await scene.client.act(String(one.id), 'restore', { image: one.id }), 400, /a MachineImage is needed/);
    expectFault(await scene.client.act(String(one.id), 'restore'), 400, /image: a reference to a MachineImage is needed/);
    expect(await get(one.id)).toEqual(before);
  });
});

test('what was found and not made can be captured, and has its association', async () => {
  scene.control.add([foreignInstance('vm-other')]);
  const uri = `${scene.client.base}machines/sim.vm-other`;
  const one = await eventually(async () => {
    const { status, json } = await scene.client.get(uri);
    return status === 200 ? json : undefined;
  });
  const image = await made(scene.client, 'machineImages', { imageLocation: uri });
  expect((await snapshotsOf(one)).map(({ snapshot }) => refOf(snapshot))).toEqual([image.id]);
  expect(refOf((await get(uri)).latestSnapshot)).toBe(image.id);
  const listed = listOf(await get('machines'), 'machines').filter(({ id }) => String(id) === uri);
  expect(listed).toHaveLength(1);
});

test('R5.14.2.1-09: a machine is made from an image made here', async () => {
  const one = await machine('parent', { initialState: 'STOPPED' });
  const image = await made(scene.client, hrefOf(one, 'capture'), { imageLocation: one.id });
  const child = await machine('child', { machineImage: { href: image.id } });
  expect(child.state).toBe('STARTED');
});
