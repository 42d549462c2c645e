import { ACTION } from '../model/define';
import { EVENT_TYPES } from '../model/event-types';
import { changeOf, endEvents, withState } from './job-events';

const subject = { tenant: 'acme', path: 'machines/a', type: 'Machine', name: 'web' };
const job = {
  id: 'j',
  state: 'SUCCESS',
  action: `${ACTION}start`,
  statusMessage: 'done',
  failure: null,
  workflow: 'provider.act',
} as const;
const row = { state: null, providerKey: 'k' };
const calls = [{ method: 'start', args: [], goal: ['STARTED'] }];

/** Tells what the events of an end say, without what they all say. */
function told(ended: object, more: Partial<Parameters<typeof endEvents>[0]> = {}) {
  const events = endEvents({ ended: { ...job, ...ended }, was: { input: { calls } }, subject, row, detail: 'by ann', ...more });
  return events.map(({ type, content, outcome, severity, job: of }) => ({ type: type.split('/').at(-1), content, outcome, severity, of }));
}

test('actions are no changes of the model; add, edit and delete are (N9)', () => {
  expect(['add', 'edit', 'delete', 'start', 'restart'].map((name) => changeOf(ACTION + name))).toEqual([
    'create',
    'update',
    'delete',
    undefined,
    undefined,
  ]);
});

test('an action ends in the state that it waited for, with the one before', () => {
  expect(told({}, { was: { input: withState({ calls }, { values: { state: 'STOPPED' } }) } })).toEqual([
    {
      type: 'state',
      content: { resName: 'web', state: 'STARTED', previous: 'STOPPED' },
      outcome: 'Status',
      severity: 'low',
      of: 'j',
    },
  ]);
  expect(told({}, { was: { input: withState({ calls }, { values: { state: 'STARTED' } }) } })).toEqual([]);
  expect(told({}, { was: { input: { calls: [{ method: 'restore', args: [], goal: ['STARTED', 'STOPPED'] }] } } })).toEqual([]);
});

test('a create ends as it was begun, with its outcome and its state (N10)', () => {
  const ended = { action: `${ACTION}add`, workflow: 'machine.create' };
  expect(told(ended, { was: { input: { goal: ['STOPPED'] } } })).toMatchObject([
    { type: 'model', content: { resName: 'web', change: 'create', detail: 'by ann' }, outcome: 'Success', severity: undefined },
    { type: 'state', content: { state: 'STOPPED' } },
  ]);
});

test('what failed is an alarm of high severity, with the kind of the failure and the words of the Job', () => {
  const failure = { message: 'no room', returnCode: 10_001, kind: 'quota' };
  const ended = { state: 'FAILED', action: `${ACTION}add`, failure, statusMessage: 'no room; undone', workflow: 'machine.create' } as const;
  expect(told(ended, { row: { state: 'ERROR', providerKey: null } })).toMatchObject([
    { type: 'model', content: { change: 'create' }, outcome: 'Failure' },
    { type: 'state', content: { state: 'ERROR' } },
    { type: 'alarm', content: { code: 'quota', detail: 'no room; undone' }, outcome: 'Failure', severity: 'high' },
  ]);
  expect(told({ ...ended, state: 'STOPPED', failure: null }, { row: undefined })).toMatchObject([{ type: 'model', outcome: 'Failure' }]);
});

test('work that only looks after others changes nothing', () => {
  expect(told({ action: `${ACTION}delete`, workflow: 'provider.lateCall' })).toEqual([]);
});

test('the types are those of Table 57', () => {
  expect(Object.values(EVENT_TYPES)).toEqual(
    ['state', 'alarm', 'model', 'access'].map((name) => `http://schemas.dmtf.org/cimi/1/event/${name}`),
  );
});
