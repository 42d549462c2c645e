import { foreignInstance } from '../../drivers/simulator/control';
import type { Values } from '../../src/model/values';
import type { NewJob, NewResourceRow } from '../../src/store/store';
import { eventually } from '../harness/wait';
import { listOf, openScene, type Scene } from './scene';

/** Lists beside very many Jobs that wait: what is held shows so, and the Jobs of others are not read for it. */
const MANY = 150;
const HELD = 'machines/sim.vm-held';
let scene: Scene;

beforeAll(async () => {
  scene = await openScene({ config: { worker: { inProcess: false } } });
  scene.control.add([foreignInstance('vm-held'), foreignInstance('vm-free')]);
  scene.control.add([
    {
      kind: 'disk',
      id: 'disk-held',
      instance: 'vm-held',
      sizeGiB: 5,
      path: '/dev/sda',
      boot: true,
      madeAt: Date.now(),
      tag: null,
      token: null,
    },
  ]);
});
afterAll(() => scene.close());

function job(id: string, path: string, shows: string): NewJob {
  return {
    ...{ id, tenant: 'default', principal: 'ann', workflow: 'machine.stop', action: 'http://schemas.dmtf.org/cimi/1/action/stop' },
    ...{ target: path, affected: [path], statusMessage: 'queued', holds: [{ path, shows }] },
  };
}

const states = async (list: string, name: string): Promise<Record<string, unknown>> =>
  Object.fromEntries(listOf((await scene.client.get(list)).json, name).map(({ id, state }) => [String(id).split('/').pop(), state]));

test('of machines, and of what is a part of one', async () => {
  const { store } = scene.gateway.gateway;
  const disks = `${HELD}/disks`;
  const listed = async () => listOf((await scene.client.get(`${disks}?$first=1`)).json, 'disks');
  const [free] = await listed();
  expect(free?.operations).toBeDefined();
  const disk = String(free?.id).split('/').pop();
  expect(await states('machines', 'machines')).toEqual({ 'sim.vm-held': 'STARTED', 'sim.vm-free': 'STARTED' });
  await store.transaction(async (unit) => {
    for (let number = 0; number < MANY; number += 1) await unit.insertJob(job(`j${number}`, `machines/another${number}`, 'CREATING'));
    await unit.insertJob(job('stopping', HELD, 'STOPPING'));
    await unit.insertJob(job('deleting', `${disks}/${disk}`, 'DELETING'));
  });
  expect((await store.holds(undefined, MANY)).size).toBe(MANY);
  const read = jest.spyOn(store, 'holds');
  expect(await states('machines', 'machines')).toEqual({ 'sim.vm-held': 'STOPPING', 'sim.vm-free': 'STARTED' });
  const [held] = await listed();
  expect(held?.operations).toBeUndefined();
  expect(read).toHaveBeenCalled();
  const sizes = await Promise.all(read.mock.results.map(async ({ value }) => ((await value) as Map<string, unknown>).size));
  expect(Math.max(...sizes)).toBeLessThan(MANY);
  read.mockRestore();
});

/** Makes a row of a machine of the provider's as an operation leaves it. */
function rowOf(path: string, providerKey: string, internal: Values = {}): NewResourceRow {
  const none = { owner: null, state: null, secrets: null, values: {} };
  return { path, type: 'Machine', tenant: 'default', cloud: 'sim', providerKey, ...none, internal, created: '2026-01-01T00:00:00.000Z' };
}

/** Lists until it was put together anew, which reads rows: once the provider's answer that it follows has gone. */
const shownOnce = (done: () => boolean) =>
  eventually(async () => {
    const list = await states('machines', 'machines');
    return done() ? list : undefined;
  });

test('Jobs that end as soon as the rows are read: these are shown with the holds of their own moment, then as the Jobs left them', async () => {
  const { store } = scene.gateway.gateway;
  const names = ['stopped', 'deleted'];
  scene.control.add(names.map((name) => foreignInstance(`vm-${name}`)));
  await store.transaction(async (unit) => {
    for (const name of names) {
      await unit.insertResource(rowOf(`machines/${name}`, `vm-${name}`));
      await unit.insertJob(job(name, `machines/${name}`, name === 'deleted' ? 'DELETING' : 'STOPPING'));
    }
  });
  expect(await states('machines', 'machines')).toMatchObject({ stopped: 'STOPPING', deleted: 'DELETING' });
  /** Does what the workers of both would. */
  const end = async (): Promise<void> => {
    scene.control.remove(names.map((name) => ({ kind: 'instance', id: `vm-${name}` })));
    scene.control.add([stoppedInstance('vm-stopped')]);
    for (const name of names) await store.leaseJob(name, 'w', 60_000);
    await store.transaction(async (unit) => {
      await unit.updateResource('machines/stopped', undefined, { internal: { settledAt: await unit.now() } });
      await unit.deleteResource('machines/deleted');
      for (const name of names) await unit.advanceJob(name, 1, { state: 'SUCCESS' });
    });
  };
  const { heldResources } = store;
  let ended = false;
  const read = jest.spyOn(store, 'heldResources').mockImplementation(async (query) => {
    const rows = await heldResources(query);
    if (!ended && rows.some(({ row }) => row.path === 'machines/deleted')) {
      ended = true;
      await end();
    }
    return rows;
  });
  const shown = await shownOnce(() => ended);
  read.mockRestore();
  expect(shown).toMatchObject({ stopped: 'STOPPING', deleted: 'DELETING', 'sim.vm-free': 'STARTED' });
  const left = await eventually(async () => {
    const list = await states('machines', 'machines');
    return list['sim.vm-deleted'] === undefined ? list : undefined;
  });
  expect(left).toMatchObject({ stopped: 'STOPPED', 'sim.vm-free': 'STARTED' });
  expect(left).not.toHaveProperty('deleted');
});

test('a Job that ends before the holds on what has no row are read: the row that it left is found, and nothing is as it was before', async () => {
  const { store } = scene.gateway.gateway;
  const path = 'machines/sim.vm-late';
  scene.control.add([foreignInstance('vm-late')]);
  await store.transaction((unit) => unit.insertJob(job('late', path, 'STOPPING')));
  const { holds } = store;
  let ended = false;
  const read = jest.spyOn(store, 'holds').mockImplementation(async (paths, most) => {
    if (!ended && paths?.includes(path)) {
      ended = true;
      scene.control.remove([{ kind: 'instance', id: 'vm-late' }]);
      scene.control.add([stoppedInstance('vm-late')]);
      await store.leaseJob('late', 'w', 60_000);
      await store.transaction(async (unit) => {
        await unit.insertResource(rowOf(path, 'vm-late', { discovered: true, settledAt: await unit.now() }));
        await unit.advanceJob('late', 1, { state: 'SUCCESS' });
      });
    }
    return holds(paths, most);
  });
  const shown = await shownOnce(() => ended);
  read.mockRestore();
  expect(shown).toMatchObject({ 'sim.vm-late': 'STOPPED', 'sim.vm-free': 'STARTED' });
});

const stoppedInstance = (id: string) => ({ ...foreignInstance(id), timeline: [{ phase: 'stopped' as const, from: Date.now() }] });
