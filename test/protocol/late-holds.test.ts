import { foreignInstance } from '../../drivers/simulator/control';
import { encodeId } from '../../src/clouds/identity';
import type { Holds } from '../../src/reader/list-holds';
import type { NewJob, NewResourceRow } from '../../src/store/store';
import { eventually } from '../harness/wait';
import { listOf, openScene, pathOf, type Scene } from './scene';

/**
 * Readings of what has no row, for which holds and rows are asked for: over several connections the rows may be read first, and the Job
 * that held something end in between. Its row is found then, and nothing is shown as it was before the Job.
 */
let scene: Scene;
const disk = (id: string, sizeGiB: number) => ({
  ...{ kind: 'disk' as const, id, instance: 'vm-late', sizeGiB, path: `/dev/${id}`, boot: false, madeAt: Date.now() },
  ...{ tag: null, token: null },
});

beforeAll(async () => {
  scene = await openScene({ config: { worker: { inProcess: false } } });
  scene.control.add([foreignInstance('vm-late'), disk('sda', 5), disk('sdb', 5)]);
});
afterAll(() => scene.close());

function job(id: string, path: string, shows: string): NewJob {
  return {
    ...{ id, tenant: 'default', principal: 'ann', workflow: 'machine.stop', action: 'http://schemas.dmtf.org/cimi/1/action/stop' },
    ...{ target: path, affected: [path], statusMessage: 'queued', holds: [{ path, shows }] },
  };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Reads a list whose holds are late, and before which a Job ends: it changed a thing without a row, and leaves one. */
async function readBesideEnd<R>(row: Omit<NewResourceRow, 'internal' | 'created'>, change: () => void, read: () => Promise<R>): Promise<R> {
  const { store } = scene.gateway.gateway;
  const { holds } = store;
  let ended = false;
  const late = jest.spyOn(store, 'holds').mockImplementation(async (...asked): Promise<Holds> => {
    if (!ended && (asked[0] ?? [row.path]).includes(row.path)) {
      ended = true;
      await turns();
      change();
      await store.leaseJob(row.path, 'w', 60_000);
      await store.transaction(async (unit) => {
        const internal = { discovered: true, settledAt: await unit.now() };
        await unit.insertResource({ ...row, internal, created: '2026-01-01T00:00:00.000Z' });
        await unit.advanceJob(row.path, 1, { state: 'SUCCESS' });
      });
    }
    return holds(...asked);
  });
  try {
    return await eventually(async () => {
      const seen = await read();
      return ended ? seen : undefined;
    });
  } finally {
    late.mockRestore();
  }
}

const common = { tenant: 'default', cloud: 'sim', state: null, secrets: null, values: {} };
const stateOf = async (): Promise<unknown> => listOf((await scene.client.get('machines')).json, 'machines')[0]?.state;

test.each([
  ['the parts of a machine', 'sda', 'machines/sim.vm-late/disks'],
  ['one of them', 'sdb', undefined],
])('of %s', async (_what, id, list) => {
  const { client, gateway, control } = scene;
  const path = `machines/sim.vm-late/disks/${encodeId('sim', id)}`;
  const capacity = async (): Promise<number> => {
    const { json } = await client.get(list ?? path);
    const [found] = list === undefined ? [json] : listOf(json, 'disks').filter((each) => pathOf(client, each.id) === path);
    return Number(found?.capacity);
  };
  const before = await capacity();
  await gateway.gateway.store.transaction((unit) => unit.insertJob(job(path, path, 'DELETING')));
  const grow = (): void => {
    control.remove([{ kind: 'disk', id }]);
    control.add([disk(id, 7)]);
  };
  const row = { ...common, path, type: 'Disk', providerKey: id, owner: 'machines/sim.vm-late' };
  expect(await readBesideEnd(row, grow, capacity)).toBeGreaterThan(before);
});

test('a part that is given a row while it is read is there all the while', async () => {
  const { client, gateway, control } = scene;
  const { store } = gateway.gateway;
  control.add([disk('sdc', 5)]);
  const path = `machines/sim.vm-late/disks/${encodeId('sim', 'sdc')}`;
  const { resources } = store;
  let given = false;
  const read = jest.spyOn(store, 'resources').mockImplementation(async (query) => {
    if (!given && query.providerKeys?.includes('sdc')) {
      given = true;
      const row = { ...common, path, type: 'Disk', providerKey: 'sdc', owner: 'machines/sim.vm-late' };
      await store.transaction((unit) =>
        unit.insertResource({ ...row, internal: { discovered: true }, created: '2026-01-01T00:00:00.000Z' }),
      );
    }
    return resources(query);
  });
  const status = await eventually(async () => {
    const answer = await client.get(path);
    return given ? answer.status : undefined;
  });
  read.mockRestore();
  expect(status).toBe(200);
});

test('of machines', async () => {
  const { store } = scene.gateway.gateway;
  const path = 'machines/sim.vm-late';
  await store.transaction((unit) => unit.insertJob(job(path, path, 'STOPPING')));
  expect(await stateOf()).toBe('STOPPING');
  const stop = (): void => {
    scene.control.remove([{ kind: 'instance', id: 'vm-late' }]);
    scene.control.add([{ ...foreignInstance('vm-late'), timeline: [{ phase: 'stopped' as const, from: Date.now() }] }]);
  };
  expect(await readBesideEnd({ ...common, path, type: 'Machine', providerKey: 'vm-late', owner: null }, stop, stateOf)).toBe('STOPPED');
});
