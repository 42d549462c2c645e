import type { Instance, InstanceStateName } from '@aws-sdk/client-ec2';
import { machineItem } from './machine-item';
import { restoreToken } from './root-tasks';
import { bornAt, failedLaunch, imageState, machineState, networkState, portState, reasonOf, snapshotState, volumeState } from './states';

const at = (iso: string): Date => new Date(iso);
const instance = (name: string, more: Instance = {}): Instance => ({
  InstanceId: 'i-1',
  State: { Name: name as InstanceStateName },
  LaunchTime: at('2026-01-01T00:00:00Z'),
  NetworkInterfaces: [{ Attachment: { DeviceIndex: 0, AttachTime: at('2026-01-01T00:00:00Z') } }],
  ...more,
});
const hibernated = { StateReason: { Code: 'Client.UserInitiatedHibernate' } };

test.each([
  ['running', 'STARTED'],
  ['stopping', 'STOPPING'],
  ['stopped', 'STOPPED'],
  ['shutting-down', 'DELETING'],
  ['terminated', 'absent'],
])('%s is %s', (name, state) => expect(machineState(instance(name))).toEqual({ state }));

test('pending is CREATING in the first launch and STARTING in later ones', () => {
  expect(machineState(instance('pending')).state).toBe('CREATING');
  expect(machineState(instance('pending', { LaunchTime: at('2026-02-01T00:00:00Z') })).state).toBe('STARTING');
});

test('a launch is what begins at most 15 s after the first attachment, or has no time at all', () => {
  const after = (LaunchTime?: Date): string => machineState({ ...instance('pending'), LaunchTime }).state;
  expect(after(at('2026-01-01T00:00:15Z'))).toBe('CREATING');
  expect(after(at('2026-01-01T00:00:15.001Z'))).toBe('STARTING');
  expect(after(undefined)).toBe('CREATING');
  expect(machineState({ State: { Name: 'pending' } }).state).toBe('CREATING');
});

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html: launchTime moves, attachTime does not.
test('an instance is as old as its first interface, else its root volume, else its launch', () => {
  const launched = at('2026-03-01T00:00:00Z');
  const [first, second] = [at('2026-01-01T00:00:00Z'), at('2026-02-01T00:00:00Z')];
  const root = { DeviceName: '/dev/xvda', Ebs: { AttachTime: first } };
  const volumes: Instance = {
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { AttachTime: second } }, root],
  };
  const interfaces = [{}, { Attachment: { DeviceIndex: 1, AttachTime: second } }, { Attachment: { DeviceIndex: 0, AttachTime: first } }];
  expect(bornAt({ LaunchTime: launched, NetworkInterfaces: interfaces })).toEqual(first);
  expect(bornAt({ LaunchTime: launched, ...volumes })).toEqual(first);
  expect(bornAt({ LaunchTime: launched, ...volumes, NetworkInterfaces: [{ Attachment: { DeviceIndex: 0 } }] })).toEqual(first);
  expect(bornAt({ LaunchTime: launched, RootDeviceName: '/dev/xvda', BlockDeviceMappings: [{ DeviceName: '/dev/xvda' }] })).toEqual(
    launched,
  );
  expect(bornAt({ LaunchTime: launched, RootDeviceName: '/dev/xvda', NetworkInterfaces: [{}] })).toEqual(launched);
  expect(bornAt({})).toBeUndefined();
});

test('what has no state is ERROR and named', () => {
  for (const reading of [machineState({}), imageState({}), volumeState({}), snapshotState({}), networkState({}), portState({})])
    expect(reading).toEqual({ state: 'ERROR', unmapped: 'unknown' });
});

test('hibernation is suspension', () => {
  expect(machineState(instance('stopping', hibernated)).state).toBe('SUSPENDING');
  expect(machineState(instance('stopped', hibernated)).state).toBe('SUSPENDED');
  expect(machineState(instance('running', hibernated)).state).toBe('STARTED');
});

test('a machine is RESTORING while its root volume is replaced', () => {
  for (const task of ['pending', 'in-progress', 'failing']) expect(machineState(instance('running'), task).state).toBe('RESTORING');
  for (const task of ['succeeded', 'failed']) expect(machineState(instance('running'), task).state).toBe('STARTED');
});

test('an unknown state is ERROR and named, whatever its name', () => {
  expect(machineState(instance('quarantined'))).toEqual({ state: 'ERROR', unmapped: 'quarantined' });
  expect(machineState(instance('constructor'))).toEqual({ state: 'ERROR', unmapped: 'constructor' });
  expect(imageState({ State: 'melting' as never })).toEqual({ state: 'ERROR', unmapped: 'melting' });
});

test.each([
  ['creating', 'CREATING'],
  ['available', 'AVAILABLE'],
  ['in-use', 'AVAILABLE'],
  ['deleting', 'DELETING'],
  ['error', 'ERROR'],
  ['deleted', 'absent'],
] as const)('a volume that is %s is %s', (State, state) => expect(volumeState({ State })).toEqual({ state }));

test.each([
  ['pending', 'CREATING'],
  ['recovering', 'CREATING'],
  ['completed', 'AVAILABLE'],
  ['error', 'ERROR'],
  ['recoverable', 'absent'],
] as const)('a snapshot that is %s is %s', (State, state) => expect(snapshotState({ State })).toEqual({ state }));

test('unknown states of storage are ERROR and named', () => {
  expect(volumeState({ State: 'melting' as never })).toEqual({ state: 'ERROR', unmapped: 'melting' });
  expect(snapshotState({ State: 'constructor' as never })).toEqual({ state: 'ERROR', unmapped: 'constructor' });
});

test('a launch that failed tells why; a machine that somebody terminated does not', () => {
  const failed = instance('terminated', {
    StateReason: { Code: 'Server.InternalError', Message: 'Server.InternalError: Internal error on launch' },
  });
  expect(failedLaunch(failed)).toBe('Server.InternalError: Internal error on launch');
  expect(machineItem(failed, undefined, undefined)).toMatchObject({
    values: { state: 'ERROR' },
    gone: { reason: 'Server.InternalError: Internal error on launch' },
  });
  expect(failedLaunch(instance('terminated', { StateReason: { Code: 'Client.UserInitiatedShutdown' } }))).toBeUndefined();
  expect(failedLaunch(instance('stopped', { StateReason: { Code: 'Server.InternalError' } }))).toBeUndefined();
});

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html; stateTransitionReason might be an empty string.
test('a reason is told in EC2’s words, the longest that there are', () => {
  const [Code, Message] = ['Server.SpotInstanceTermination', 'Server.SpotInstanceTermination: reclaimed'];
  const terminated = { State: { Name: 'terminated' }, StateTransitionReason: 'Server initiated' } as const;
  expect(reasonOf({ ...terminated, StateReason: { Code, Message } })).toBe(Message);
  expect(reasonOf({ ...terminated, StateReason: { Code, Message: '' } })).toBe(Code);
  expect(reasonOf(terminated)).toBe('Server initiated');
  expect(reasonOf({ ...terminated, StateReason: {} })).toBe('Server initiated');
  expect(reasonOf({ StateTransitionReason: '' })).toBeUndefined();
  expect(failedLaunch({ ...terminated, StateReason: { Code } })).toBe(Code);
  expect(failedLaunch({ ...terminated, StateReason: { Code: '', Message } })).toBeUndefined();
  expect(failedLaunch({ ...terminated, StateReason: { Message } })).toBeUndefined();
  expect([failedLaunch(terminated), failedLaunch({ StateReason: { Code } })]).toEqual([undefined, undefined]);
});

test('cpu is what the instance was launched with, else its type’s', () => {
  const figures = { cpu: 4, memory: 1024 };
  expect(machineItem(instance('running', { CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 } }), figures, undefined).values.cpu).toBe(2);
  expect(machineItem(instance('running'), figures, undefined).values.cpu).toBe(4);
});

test('what an instance cannot do is refused with a reason', () => {
  const plain = machineItem(instance('running', { RootDeviceType: 'ebs' }), {}, undefined).refuses;
  expect(Object.keys(plain ?? {})).toEqual(['suspend']);
  const ready = instance('running', { RootDeviceType: 'ebs', HibernationOptions: { Configured: true } });
  expect(machineItem(ready, {}, undefined).refuses).toEqual({});
  expect(Object.keys(machineItem(instance('running', { RootDeviceType: 'instance-store' }), {}, undefined).refuses ?? {})).toEqual([
    'suspend',
    'stop',
    'restore',
  ]);
});

test('a restore is watched for two hours', () => {
  const now = Date.parse('2026-01-01T02:00:00Z');
  expect(restoreToken('2026-01-01T00:30:00Z token-1', now)).toBe('token-1');
  expect(restoreToken('2025-12-31T23:00:00Z token-1', now)).toBeUndefined();
  for (const odd of [undefined, '', 'token-1', 'yesterday token-1']) expect(restoreToken(odd, now)).toBeUndefined();
});
