import { FakeCloud } from '../../test/harness/fake-cloud';
import { JOB, openTurns, type Turns } from '../../test/harness/step-turn';
import type { StepOutcome } from '../jobs/workflow';
import { lateCall, watchLate } from './late-call';

/** The Job that looks whether a call of a worker that lost its lease took effect after those that came after it. */
type Input = Parameters<(typeof lateCall)['steps'][number]['run']>[0]['input'];
const PATH = 'machines/a';
const input: Input = { cloud: 'fake', group: 'machines', path: PATH, key: 'm', method: 'stop', goal: ['STOPPED'], of: 'j-1' };

let fake: FakeCloud;
let turns: Turns;
beforeEach(async () => {
  fake = new FakeCloud();
  turns = await openTurns(fake);
  await turns.insert(PATH, { providerKey: 'm', values: { name: 'web' }, internal: { became: ['STARTED'] } });
});
afterEach(() => turns.remove());

const shows = (state: string): void => void fake.put('machines', { key: 'm', values: { state } });
const run = (step: string, more: Partial<Input> = {}): Promise<StepOutcome> => turns.run(lateCall, step, { ...input, ...more });
const insertJob = (id: string, more: object = {}) =>
  turns.store.transaction(async (unit) => {
    const about = { tenant: 'acme', principal: 'ann', workflow: 'provider.act', action: 'urn:x', target: PATH, affected: [] };
    await unit.insertJob({ id, ...about, statusMessage: 'The state is STOPPED', ...more });
  });

test('it waits until the Job has ended and nobody holds the resource', async () => {
  expect(await run('quiet')).toEqual({ done: null });
  await insertJob('j-1');
  expect(await run('quiet')).toEqual({ wait: 1_000 });
  await turns.store.transaction(async (unit) => void (await unit.updateJob('j-1', { state: 'STOPPED' } as never)));
  await insertJob('j-2', { holds: [{ path: PATH, shows: 'STARTING' }] });
  expect(await run('quiet')).toEqual({ wait: 1_000 });
});

test('a state that the call leads to and the last Job did not: an event on the resource, and words on the Job', async () => {
  await insertJob('j-1');
  shows('STOPPED');
  const outcome = await run('look');
  expect(outcome).toMatchObject({ done: { state: 'STOPPED', late: true } });
  await turns.apply(outcome);
  const words = 'stop took effect late, after another job had brought it to STARTED: it is STOPPED';
  const events = await turns.store.events({ tenant: 'acme', resource: PATH, limit: 10 });
  expect(events).toMatchObject([
    { outcome: 'Warning', severity: 'high', job: 'j-1', content: { resName: 'web', code: 'lateCall', detail: words } },
    { outcome: 'Status', severity: 'low', job: 'j-1', content: { resName: 'web', state: 'STOPPED' } },
  ]);
  expect((await turns.store.job('j-1'))?.statusMessage).toBe(`The state is STOPPED; ${words}`);
});

test.each([
  ['the state is what the last Job left', 'STARTED', ['STARTED']],
  ['the last Job led to the same', 'STOPPED', ['STOPPED']],
  ['somebody else brought it elsewhere', 'PAUSED', ['STARTED']],
  ['no Job has said what it became', 'STOPPED', null],
])('%s: nothing is told', async (_what, state, became) => {
  await turns.insert('machines/b', { internal: became ? { became } : {} });
  shows(state);
  expect(await run('look', { path: 'machines/b' })).toEqual({ done: { state, late: false } });
});

test('what moves is looked at again; what is gone has no state', async () => {
  shows('STOPPING');
  expect(await run('look')).toEqual({ wait: 250 });
  fake.of('machines').clear();
  expect(await run('look')).toEqual({ done: { state: '', late: false } });
});

test('one Job looks for each call, some seconds later', async () => {
  const watch = watchLate({ job: turns.context({}).job, input }, 'm', { method: 'stop', goal: ['STOPPED'] });
  await turns.store.transaction(watch);
  await turns.store.transaction(watch);
  const [row, more] = await turns.store.jobs({});
  expect(more).toBeUndefined();
  expect(row).toMatchObject({ workflow: 'provider.lateCall', target: PATH, holds: [], input: { ...input, of: JOB } });
  expect((row?.due ?? 0) - (await turns.store.now())).toBeGreaterThan(0);
});
