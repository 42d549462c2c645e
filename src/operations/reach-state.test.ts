import { FakeCloud } from '../../test/harness/fake-cloud';
import { openTurns, type Turns } from '../../test/harness/step-turn';
import type { Item } from '../clouds/driver';
import type { StepContext } from '../jobs/workflow';
import { reachState } from './reach-state';

const SETTLE_MS = 100;
let fake: FakeCloud;
let turns: Turns;
beforeEach(async () => {
  fake = new FakeCloud({ settleMs: SETTLE_MS });
  turns = await openTurns(fake);
});
afterEach(() => turns.remove());

const shows = (state: string, more: Partial<Item> = {}): void => void fake.put('machines', { key: 'm', values: { state }, ...more });
const reach = (more: Partial<StepContext<{ cloud: string }>> = {}, options: { goneIsFailure?: boolean; token?: string } = {}) =>
  reachState(turns.context({ cloud: 'fake' }, more), 'machines', 'm', { goal: ['STARTED'], ...options });

test('ends in its goal, however long it took', async () => {
  shows('STARTED');
  expect(await reach({ elapsedMs: 9_000_000 })).toEqual({ done: null });
});

test('waits while the provider shows that it goes on, and remembers that it does', async () => {
  shows('STARTING');
  expect(await reach()).toMatchObject({ wait: 250, message: 'the provider shows STARTING', remember: { moved: true } });
});

test('bears the state of before for a minute, for as long as nothing has moved', async () => {
  shows('STOPPED');
  const waiting = await reach({ elapsedMs: 60_000 });
  expect(waiting).toEqual({ wait: 12_000, message: 'the provider shows STOPPED', remember: {} });
  await expect(reach({ elapsedMs: 60_001 })).rejects.toThrow('the provider shows the resource STOPPED instead of STARTED');
});

test('fails at once in another stable state after it has moved, with the provider’s reason', async () => {
  shows('STOPPED', { reason: 'no host has room' });
  const failure = {
    name: 'StepFailure',
    kind: 'unavailable',
    message: 'the provider shows the resource STOPPED instead of STARTED: no host has room',
  };
  await expect(reach({ memory: { moved: true } })).rejects.toMatchObject(failure);
});

test('fails at once in ERROR, and where the provider gave the thing up', async () => {
  shows('ERROR', { reason: 'image is broken' });
  await expect(reach()).rejects.toThrow('the resource is in an error state at the provider: image is broken');
  shows('STARTING', { gone: { reason: 'out of capacity' } });
  await expect(reach()).rejects.toThrow('the provider reports that the operation failed: out of capacity');
});

test('a failure counts that is of this very request', async () => {
  shows('STARTING', { failure: { token: 'mine', reason: 'refused by the host' } });
  expect(await reach({}, { token: 'another' })).toMatchObject({ wait: 250 });
  await expect(reach({}, { token: 'mine' })).rejects.toThrow('the provider reports that the operation failed: refused by the host');
});

test('what is not there may not be visible yet; later, or where it was there before, it is gone', async () => {
  const gone = { kind: 'notFound', message: 'the provider no longer shows the resource' };
  expect(await reach({ elapsedMs: 2 * SETTLE_MS + 250 })).toMatchObject({ message: 'the provider shows nothing yet' });
  await expect(reach({ elapsedMs: 2 * SETTLE_MS + 251 })).rejects.toMatchObject(gone);
  await expect(reach({}, { goneIsFailure: true })).rejects.toMatchObject(gone);
});

test('an operator’s limit ends the wait with what is shown, and says that it may still finish', async () => {
  await turns.remove();
  turns = await openTurns(fake, { waitAtMostMs: 1_000 });
  shows('STARTING');
  expect(await reach({ elapsedMs: 900 })).toMatchObject({ wait: 100 });
  await expect(reach({ elapsedMs: 1_000 })).rejects.toMatchObject({
    name: 'LeftUnderWay',
    message: expect.stringMatching(/limit of this cloud \(waitAtMostMs\): the provider shows STARTING; it may still finish$/) as string,
  });
});
