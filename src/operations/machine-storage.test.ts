import { createHouse } from '../../test/harness/create-house';
import { FakeCloud } from '../../test/harness/fake-cloud';
import type { House } from '../../test/jobs/harness';
import { ProviderError } from '../clouds/errors';
import type { JobRow, NewResourceRow } from '../store/store';
import { CREATE_VERSION, CREATES, type Draft } from './create-input';

/** A machine with volumes of its own whose create fails after they were made (faults 7). */
let fake: FakeCloud;
let rooms: Awaited<ReturnType<typeof createHouse>>;
let house: House;
afterEach(() => house.remove());

const TAG = 'tag';
const row = (path: string, type: string, owner: string | null = null): NewResourceRow => ({
  ...{ path, type, tenant: 'acme', cloud: 'fake', providerKey: null, owner, state: type === 'MachineVolume' ? null : 'CREATING' },
  ...{ values: type === 'MachineVolume' ? {} : { state: 'CREATING' }, secrets: null, internal: {} },
});
const draft = (input: object, path: string): Draft => ({
  ...{ workflow: CREATES.other, workflowVersion: CREATE_VERSION, holds: [], action: 'add', target: path, affected: [path] },
  ...{ statusMessage: 'waiting', input: { cloud: 'fake', path, ...input } as unknown as JobRow['input'] },
});

/** A machine with two volumes whose initial state is refused at the end. */
async function failing(settings: { waitAtMostMs?: number } = {}): Promise<string> {
  fake = new FakeCloud();
  rooms = await createHouse(fake, settings);
  house = rooms.house;
  const volumes = ['volumes/v1', 'volumes/v2'].map((path) =>
    draft({ group: 'volumes', request: { tag: `${TAG}-${path}` }, goal: ['AVAILABLE'] }, path),
  );
  const attachments = ['v1', 'v2'].map((id) => {
    const request = { machine: { keyOf: 'machines/m' }, volume: { keyOf: `volumes/${id}` }, tag: `${TAG}-at-${id}` };
    return draft({ group: 'attachments', request }, `machines/m/volumes/${id}`);
  });
  await house.store.transaction(async (unit) => {
    await unit.insertResource(row('machines/m', 'Machine'));
    for (const { target } of volumes) await unit.insertResource(row(target, 'Volume'));
    for (const { target } of attachments) await unit.insertResource(row(target, 'MachineVolume', 'machines/m'));
  });
  const input = {
    ...{ cloud: 'fake', group: 'machines', path: 'machines/m', request: { tag: TAG }, goal: ['STARTED'] },
    ...{ parts: { volumes, attachments, interfaces: [] }, calls: [{ method: 'stop', args: [{}], goal: ['STOPPED'] }] },
  };
  return house.accept(CREATES.machine, { workflowVersion: CREATE_VERSION, input: input as unknown as JobRow['input'] });
}

const refuseStop = (go: () => unknown, name: string): unknown => {
  if (name === 'machines.stop') throw new ProviderError('forbidden', 'not for you');
  return go();
};
const machineKey = (): string => [...fake.of('machines').keys()][0] ?? '';
const looks = (group: string): number => fake.calls.filter((name) => name === group).length;

test('the volumes go after the machine, however long the provider takes to let go of them', async () => {
  const id = await failing();
  let machine = '';
  let lettingGo = 12;
  fake.around = ({ name }, go) => {
    machine ||= machineKey();
    // What is on the machine stays in use for as long as the provider takes, also after the machine was told to go.
    if (name === 'attachments.delete') throw new ProviderError('conflict', 'the guest does not let go');
    if (name === 'attachments.list' && machineKey() === '') {
      lettingGo -= 1;
      if (lettingGo <= 0) fake.of('attachments').clear();
    }
    if (name === 'volumes.getMany' && machine !== '' && fake.of('attachments').size > 0)
      return [...fake.of('volumes').values()].map((item) => ({ ...item, refuses: { delete: 'it is in use' } }));
    if (name === 'volumes.delete' && fake.of('attachments').size > 0) throw new ProviderError('conflict', 'it is in use');
    return refuseStop(go, name);
  };
  await rooms.start();
  const job = await house.end(id);
  expect(job.state).toBe('FAILED');
  expect(job.statusMessage).toMatch(/not for you/);
  expect(job.statusMessage).not.toMatch(/could not be undone|not deleted/);
  for (const group of ['machines', 'volumes'] as const) expect([...fake.of(group).values()].filter(({ tag }) => tag)).toEqual([]);
  expect(await house.store.resource('volumes/v1')).toBeUndefined();
  expect(await house.store.resource('machines/m/volumes/v1')).toBeUndefined();
  expect(looks('attachments.list')).toBeGreaterThan(2);
});

test('a volume that somebody else took is named by the id that it is listed under, and keeps its row', async () => {
  const id = await failing({ waitAtMostMs: 300 });
  fake.around = ({ name }, go) => {
    const [first] = [...fake.of('volumes').values()].filter(({ tag }) => tag?.endsWith('v1'));
    if (first && name === 'volumes.getMany') {
      const held = { ...first, refuses: { delete: 'a backup has it' } };
      return [...fake.of('volumes').values()].map((item) => (item.key === first.key ? held : item));
    }
    return refuseStop(go, name);
  };
  await rooms.start();
  const job = await house.end(id);
  expect(job.state).toBe('FAILED');
  expect(job.statusMessage).toMatch(/not for you.*could not be undone: .*volumes\/v1: .*a backup has it/);
  expect(job.statusMessage).not.toMatch(/volumes\/v2:/);
  const left = [...fake.of('volumes').values()].filter(({ tag }) => tag);
  expect(left).toHaveLength(1);
  expect(await house.store.resource('volumes/v1')).toMatchObject({ providerKey: left[0]?.key });
  expect(fake.of('machines').size).toBe(0);
});
