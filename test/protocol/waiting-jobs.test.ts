import { foreignInstance } from '../../drivers/simulator/control';
import type { NewJob } from '../../src/store/store';
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

test('a Job that ends while the list is put together leaves nothing as it was before: what it stopped is stopped, what it deleted is away', async () => {
  const { store } = scene.gateway.gateway;
  const names = ['stopped', 'deleted'];
  scene.control.add(names.map((name) => foreignInstance(`vm-${name}`)));
  await store.transaction(async (unit) => {
    for (const name of names) {
      const path = `machines/${name}`;
      const row = { path, type: 'Machine', tenant: 'default', cloud: 'sim', providerKey: `vm-${name}`, owner: null, state: null };
      await unit.insertResource({ ...row, values: { name }, secrets: null, internal: {}, created: '2026-01-01T00:00:00.000Z' });
      await unit.insertJob(job(name, path, name === 'deleted' ? 'DELETING' : 'STOPPING'));
    }
  });
  expect(await states('machines', 'machines')).toMatchObject({ stopped: 'STOPPING', deleted: 'DELETING' });
  /** Does what the workers of both would. */
  const end = async (): Promise<void> => {
    const stopped = { ...foreignInstance('vm-stopped'), timeline: [{ phase: 'stopped' as const, from: Date.now() }] };
    scene.control.remove(names.map((name) => ({ kind: 'instance', id: `vm-${name}` })));
    scene.control.add([stopped]);
    for (const name of names) await store.leaseJob(name, 'w', 60_000);
    await store.transaction(async (unit) => {
      await unit.updateResource('machines/stopped', undefined, { internal: { settledAt: await unit.now() } });
      await unit.deleteResource('machines/deleted');
      for (const name of names) await unit.advanceJob(name, 1, { state: 'SUCCESS' });
    });
  };
  const { holds } = store;
  let ended = false;
  const read = jest.spyOn(store, 'holds').mockImplementation(async (paths, most) => {
    if (paths?.includes('machines/deleted') && !ended) {
      ended = true;
      await end();
    }
    return holds(paths, most);
  });
  // A list that is kept reads no holds: it is put together anew once the provider's answer has gone.
  const shown = await eventually(async () => {
    const list = await states('machines', 'machines');
    return ended ? list : undefined;
  });
  read.mockRestore();
  expect(shown).toMatchObject({ stopped: 'STOPPED', 'sim.vm-free': 'STARTED' });
  expect(Object.keys(shown).filter((id) => id.endsWith('deleted'))).toEqual([]);
});
