import { imageStates, machineStates } from '../../src/model/states';
import { IMAGE, imageState, MACHINE, machineState, TASK } from './states';

const server = (status: string, task: string | null = null, power = 1) => ({
  status,
  'OS-EXT-STS:task_state': task,
  'OS-EXT-STS:power_state': power,
});

test('the tables know only states of the standard', () => {
  for (const state of [...Object.values(MACHINE), ...Object.values(TASK)]) expect([...machineStates, 'absent']).toContain(state);
  for (const state of Object.values(IMAGE)) expect([...imageStates, 'absent']).toContain(state);
});

test.each([
  ['ACTIVE', null, 1, 'STARTED'],
  ['ACTIVE', 'powering-off', 1, 'STOPPING'],
  ['ACTIVE', 'deleting', 1, 'DELETING'],
  ['ACTIVE', 'image_snapshot', 1, 'STARTED'],
  ['ACTIVE', null, 6, 'ERROR'],
  ['SHUTOFF', 'powering-on', 4, 'STARTING'],
  ['PAUSED', 'unpausing', 3, 'STARTING'],
  ['SUSPENDED', 'resuming', 4, 'STARTING'],
  ['REBOOT', 'reboot_started', 1, 'STARTING'],
  ['REBOOT', 'rebooting', 1, 'STOPPING'],
  ['SHELVED_OFFLOADED', null, 4, 'STOPPED'],
  ['SHELVED_OFFLOADED', 'unshelving', 4, 'STARTING'],
  ['VERIFY_RESIZE', null, 1, 'STARTED'],
  ['VERIFY_RESIZE', null, 4, 'STOPPED'],
  ['MIGRATING', 'migrating', 3, 'PAUSED'],
  ['RESIZE', 'resize_prep', 0, 'STARTED'],
  ['REBUILD', 'rebuild_spawning', 1, 'RESTORING'],
  ['BUILD', 'spawning', 0, 'CREATING'],
  ['ERROR', null, 0, 'ERROR'],
  ['ERROR', 'deleting', 0, 'DELETING'],
  ['SOFT_DELETED', null, 1, 'absent'],
  ['DELETED', 'deleting', 0, 'absent'],
])('%s, task %s, power %i is %s', (status, task, power, state) => {
  expect(machineState(server(status, task, power))).toEqual({ state });
});

test('unknown words are ERROR and named', () => {
  expect(machineState(server('QUARANTINED'))).toEqual({ state: 'ERROR', unmapped: 'QUARANTINED' });
  expect(machineState(server('constructor'))).toEqual({ state: 'ERROR', unmapped: 'constructor' });
  expect(machineState({ status: 'ACTIVE', 'OS-EXT-STS:task_state': 'toString' })).toEqual({ state: 'STARTED' });
  expect(imageState('odd')).toEqual({ state: 'ERROR', unmapped: 'odd' });
});
