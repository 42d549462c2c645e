import { createHouse } from '../../test/harness/create-house';
import { FakeCloud } from '../../test/harness/fake-cloud';
import { openTurns, type Turns } from '../../test/harness/step-turn';
import type { House } from '../../test/jobs/harness';
import { ProviderError } from '../clouds/errors';
import type { Workflow } from '../jobs/workflow';
import type { Value } from '../model/values';
import type { JobRow } from '../store/store';
import { actWorkflow, deleteWorkflow, updateWorkflow, type ActInput } from './provider-change';

/** A delete ends well on the provider's proof, and on nothing else; until then it waits, and then it fails with its words. */
let fake: FakeCloud;
let rooms: Awaited<ReturnType<typeof createHouse>>;
let house: House;
beforeEach(async () => {
  fake = new FakeCloud();
  rooms = await createHouse(fake);
  house = rooms.house;
  fake.put('volumes', { key: 'v-1', values: { state: 'AVAILABLE' } });
  await house.store.transaction(async (unit) => {
    const common = { tenant: 'acme', owner: null, state: null, secrets: null, internal: {} };
    await unit.insertResource({ ...common, path: 'volumes/v', type: 'Volume', cloud: 'fake', providerKey: 'v-1', values: {} });
    const image = { ...common, path: 'volumes/v/images/i', type: 'VolumeVolumeImage', cloud: null, providerKey: null, owner: 'volumes/v' };
    await unit.insertResource({ ...image, values: { volumeImage: { href: 'volumeImages/i' } } });
  });
});
afterEach(() => house.remove());

async function deleted(): Promise<JobRow> {
  const input = { cloud: 'fake', group: 'volumes', path: 'volumes/v', key: 'v-1' };
  const id = await house.accept(deleteWorkflow.name, { input });
  await house.process([{ ...deleteWorkflow, patienceMs: 300 } as unknown as Workflow<Value>], { clouds: rooms.clouds });
  return house.end(id);
}

async function expectKept(): Promise<void> {
  expect(await house.store.resource('volumes/v')).toMatchObject({ providerKey: 'v-1' });
  expect(await house.store.resource('volumes/v/images/i')).toBeDefined();
  expect(await house.store.retired(['volumes/v'])).toEqual(new Set());
}

test('what is proven gone is deleted, its row and what it owns with it', async () => {
  expect(await deleted()).toMatchObject({ state: 'SUCCESS', statusMessage: 'Deleted' });
  expect(await house.store.resource('volumes/v')).toBeUndefined();
  expect(await house.store.resource('volumes/v/images/i')).toBeUndefined();
});

test('a provider that says nothing of the thing: it waits, then fails with why, and everything stays', async () => {
  fake.around = ({ name }, go) => (name === 'volumes.getMany' ? [] : go());
  expect(await deleted()).toMatchObject({
    state: 'FAILED',
    statusMessage: expect.stringMatching(/given up .*does not mention the Volume v-1/) as string,
  });
  await expectKept();
});

test.each(['volumes.delete', 'volumes.getMany'])('%s is answered by somebody else: it waits, then fails with the words', async (method) => {
  fake.around = ({ name }, go) => {
    if (name === method) throw new ProviderError('unavailable', 'default backend - 404');
    return go();
  };
  const job = await deleted();
  expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('default backend - 404') as string });
  await expectKept();
});

test.each(['auth', 'forbidden', 'conflict', 'invalid'] as const)(
  'a delete that is refused (%s) fails, and everything stays',
  async (kind) => {
    fake.around = ({ name }, go) => {
      if (name === 'volumes.delete') throw new ProviderError(kind, 'not for you');
      return go();
    };
    expect(await deleted()).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining('not for you') as string });
    await expectKept();
    expect(fake.of('volumes').has('v-1')).toBe(true);
  },
);

test('what the provider gave up by itself counts as gone', async () => {
  fake.around = ({ name }, go) => {
    if (name === 'volumes.getMany') return [{ key: 'v-1', values: { state: 'ERROR' }, gone: { reason: 'no room' } }];
    return go();
  };
  expect(await deleted()).toMatchObject({ state: 'SUCCESS' });
});

/** Single turns of the steps of what changes and deletes. */
describe('a turn', () => {
  const PATH = 'machines/m';
  let turns: Turns;
  beforeEach(async () => {
    fake.put('machines', { key: 'm-1', values: { state: 'STARTED' } });
    turns = await openTurns(fake);
    await turns.insert(PATH, { providerKey: 'm-1' });
  });
  afterEach(() => turns.remove());

  const stop = { method: 'stop', args: [{}], shows: 'STOPPING', goal: ['STOPPED'] };
  const act = (more: Partial<ActInput> = {}): ActInput => ({ cloud: 'fake', group: 'machines', path: PATH, calls: [stop], ...more });
  const insertJob = (id: string, more: object = {}) =>
    turns.store.transaction(async (unit) => {
      const about = { tenant: 'acme', principal: 'ann', workflow: 'x', action: 'urn:x', target: PATH, affected: [], statusMessage: '' };
      await unit.insertJob({ id, ...about, ...more });
    });

  test('of what comes after another Job waits for its end, and then takes over its hold', async () => {
    expect(await turns.run(actWorkflow, 'precede', act())).toEqual({ done: null });
    await insertJob('first', { holds: [{ path: PATH, shows: 'STARTING' }] });
    expect(await turns.run(actWorkflow, 'precede', act({ after: 'first' }))).toEqual({ wait: 100 });
    const leased = await turns.store.leaseJob('first', 'w', 60_000);
    await turns.store.transaction((unit) =>
      unit.advanceJob('first', leased?.epoch ?? 0, { state: 'SUCCESS', expires: Date.now() + 3_600_000 }),
    );
    expect(await turns.run(actWorkflow, 'precede', act({ after: 'first' }))).toEqual({
      done: null,
      holds: [{ path: PATH, shows: 'STOPPING' }],
    });
  });

  test('of what finds another Job at its resource fails, unless it is the same action again', async () => {
    await insertJob('other', { holds: [{ path: PATH, shows: 'STARTING' }] });
    await expect(turns.run(actWorkflow, 'precede', act({ after: 'gone' }))).rejects.toMatchObject({ kind: 'conflict' });
    const again = act({ after: 'gone', calls: [{ ...stop, again: true }] });
    expect(await turns.run(actWorkflow, 'precede', again)).toEqual({ wait: 100 });
  });

  test('goes by the key of the input, else by that which a create has recorded meanwhile', async () => {
    expect(await turns.run(actWorkflow, 'locate', act({ key: 'm-9' }))).toEqual({ done: 'm-9' });
    expect(await turns.run(actWorkflow, 'locate', act())).toEqual({ done: 'm-1' });
    expect(await turns.run(actWorkflow, 'locate', act({ path: 'machines/none' }))).toEqual({ done: null });
    await expect(turns.run(actWorkflow, 'call0', act(), { results: { locate: null } })).rejects.toMatchObject({ kind: 'notFound' });
  });

  test('sends the call; one that is reissued only where the provider is not at it, or done with it', async () => {
    const results = { locate: 'm-1' };
    const again = act({ calls: [{ ...stop, again: true }] });
    fake.put('machines', { key: 'm-1', values: { state: 'STOPPING' } });
    expect(await turns.run(actWorkflow, 'call0', again, { results })).toEqual({ done: null });
    expect(fake.calls).not.toContain('machines.stop');
    fake.put('machines', { key: 'm-1', values: { state: 'STARTED' } });
    expect(await turns.run(actWorkflow, 'call0', again, { results })).toEqual({ done: null });
    expect(fake.calls.filter((call) => call === 'machines.stop')).toHaveLength(1);
    expect(await turns.run(actWorkflow, 'call1', act(), { results })).toEqual({ done: null });
  });

  test('waits for the state, and shows that of the next call from then on', async () => {
    const start = { method: 'start', args: [], shows: 'STARTING', goal: ['STARTED'] };
    const restart = act({ calls: [stop, start] });
    const results = { locate: 'm-1' };
    fake.put('machines', { key: 'm-1', values: { state: 'STOPPING' } });
    expect(await turns.run(actWorkflow, 'reached0', restart, { results })).toMatchObject({ wait: 250 });
    fake.put('machines', { key: 'm-1', values: { state: 'STOPPED' } });
    expect(await turns.run(actWorkflow, 'reached0', restart, { results })).toEqual({
      done: null,
      holds: [{ path: PATH, shows: 'STARTING' }],
    });
    fake.of('machines').delete('m-1');
    await expect(turns.run(actWorkflow, 'reached1', restart, { results })).rejects.toMatchObject({ kind: 'notFound' });
  });

  test('of a delete waits for what may not show yet: to delete what is not there would leave it behind', async () => {
    await turns.remove();
    fake = new FakeCloud({ settleMs: 60_000 });
    turns = await openTurns(fake);
    await turns.insert(PATH, { providerKey: 'm-1' });
    const input = { cloud: 'fake', group: 'machines', path: PATH } as const;
    const results = { locate: 'm-1' };
    expect(await turns.run(deleteWorkflow, 'delete', input, { results })).toEqual({
      wait: 1_000,
      message: 'the provider does not show it yet',
    });
    fake.put('machines', { key: 'm-1', values: { state: 'STARTED' } });
    expect(await turns.run(deleteWorkflow, 'gone', input, { results })).toMatchObject({
      wait: 250,
      message: 'the provider still shows STARTED',
    });
    expect(await turns.run(deleteWorkflow, 'delete', input, { results })).toEqual({ done: null });
    expect(await turns.run(deleteWorkflow, 'gone', input, { results })).toEqual({ done: null });
  });

  test('of a delete takes the key pairs along that were imported for it', async () => {
    fake.keyPairs.add('pair of a').add('pair of b');
    const input = { cloud: 'fake', group: 'machines', path: PATH, credentials: ['pair of a'] } as const;
    expect(await turns.run(deleteWorkflow, 'credentials', input)).toEqual({ done: null });
    expect([...fake.keyPairs]).toEqual(['pair of b']);
  });

  test('of an update writes to the provider what it holds, and keeps the rest', async () => {
    const naming = { held: { name: 'new' }, rest: { description: 'ours' } };
    const input = { cloud: 'fake', group: 'machines', path: PATH, key: 'm-1', naming } as const;
    await turns.apply(await turns.run(updateWorkflow, 'rename', input));
    expect(fake.of('machines').get('m-1')?.values.name).toBe('new');
    expect((await turns.store.resource(PATH))?.internal.kept).toEqual({ description: 'ours' });
  });
});
