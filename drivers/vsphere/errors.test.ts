import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import { kindOf, translate, withoutAnswer } from './errors';

test.each([
  ['InvalidLogin', 'auth'],
  ['NotAuthenticated', 'auth'],
  ['NoPermission', 'forbidden'],
  ['ManagedObjectNotFound', 'unavailable'],
  ['FileNotFound', 'invalid'],
  ['DuplicateName', 'conflict'],
  ['InvalidPowerState', 'conflict'],
  ['ToolsUnavailable', 'conflict'],
  ['TaskInProgress', 'unavailable'],
  ['VAppTaskInProgress', 'unavailable'],
  ['TooManyConcurrentNativeClones', 'unavailable'],
  ['SnapshotLocked', 'unavailable'],
  ['FileLocked', 'unavailable'],
  ['MethodDisabled', 'unavailable'],
  ['RequestCanceled', 'conflict'],
  ['TooManySnapshotLevels', 'conflict'],
  ['ConcurrentAccess', 'unavailable'],
  ['ResourceInUse', 'conflict'],
  ['LimitExceeded', 'quota'],
  ['DvsOperationBulkFault', 'unavailable'],
  ['InsufficientHostMemoryCapacityFault', 'quota'],
  ['NoDiskSpace', 'quota'],
  ['InvalidArgument', 'invalid'],
  ['InvalidDeviceBacking', 'invalid'],
  ['NumVirtualCpusNotSupported', 'invalid'],
  ['HostNotConnected', 'unavailable'],
  ['InaccessibleDatastore', 'unavailable'],
  ['SystemError', 'unavailable'],
  ['Timedout', 'timeout'],
  ['NotSupported', 'unsupported'],
  ['MethodNotFound', 'unsupported'],
  ['SomethingNewFault', 'invalid'],
] as const)('%s is %s', (fault, kind) => {
  expect(kindOf(fault)).toBe(kind);
});

test('the words are vSphere’s own: message, reasons inside, and what the fault tells beside', () => {
  const cause = { fault: { $type: 'SystemError' }, localizedMessage: 'the disk is on fire' };
  const fault = { $type: 'InvalidPowerState', existingState: 'poweredOff', requestedState: 'poweredOn', faultCause: cause };
  const error = translate(fault, 'The attempted operation cannot be performed in the current state (Powered off).');
  expect(error).toMatchObject({ kind: 'conflict', code: 'InvalidPowerState', maybeDone: false, passing: false });
  expect(error.message).toMatch(/current state \(Powered off\)\. the disk is on fire \[it is poweredOff, should be poweredOn\]/);
  expect(translate({ $type: 'NoPermission', privilegeId: 'VirtualMachine.Interact.PowerOn' }, '').message).toMatch(
    /VirtualMachine.Interact.PowerOn/,
  );
  expect(translate({ $type: 'InvalidArgument', invalidProperty: 'spec.pool' }, '').message).toMatch(/spec\.pool/);
  expect(translate(undefined, undefined)).toMatchObject({ kind: 'invalid', message: 'UnknownFault' });
});

test('no host, no room: told at once, not tried again', () => {
  expect(translate({ $type: 'NoCompatibleHost' }, 'none').passing).toBe(false);
  expect(translate({ $type: 'HostCommunication' }, 'busy').passing).toBe(true);
});

test('what was never sent is unavailable and not done; what got no answer may have been', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  expect(withoutAnswer(refused, false)).toMatchObject({ kind: 'unavailable', maybeDone: false });
  const inner = new TypeError('fetch failed', { cause: Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }) });
  expect(withoutAnswer(inner, false)).toMatchObject({ kind: 'unavailable', maybeDone: false, code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(withoutAnswer(new Error('other side closed'), false)).toMatchObject({ kind: 'timeout', maybeDone: true });
  expect(withoutAnswer(new Error('aborted'), true)).toMatchObject({ kind: 'timeout', maybeDone: true });
  const own = new ProviderError('quota', 'full');
  expect(withoutAnswer(own, false)).toBe(own);
});

test('only a fault that names an object proves that this very object is gone', () => {
  const obj = { type: 'VirtualMachine', value: 'vm-7' };
  const gone = translate({ $type: 'ManagedObjectNotFound', obj }, 'already deleted');
  expect(isGone(gone, { type: 'VirtualMachine', key: 'vm-7' })).toBe(true);
  expect(isGone(gone, { type: 'VirtualMachine', key: 'vm-8' })).toBe(false);
  const nameless = translate({ $type: 'ManagedObjectNotFound' }, 'already deleted');
  expect(nameless).toMatchObject({ name: 'ProviderError', kind: 'unavailable', maybeDone: false, passing: true });
  expect(translate({ $type: 'NotFound', obj }, 'none')).not.toBeInstanceOf(Gone);
});

test('somebody else’s work in the way passes', () => {
  const busy = translate({ $type: 'TaskInProgress' }, 'another task');
  expect(busy).toMatchObject({ kind: 'unavailable', code: 'TaskInProgress', maybeDone: false, passing: true });
  expect(busy.message).toMatch(/busy.*another task/);
});

test('each member of a fault is told beside its words, and each word once', () => {
  const words = (fault: object, said?: string) =>
    translate({ $type: 'InvalidArgument', ...fault } as Parameters<typeof translate>[0], said).message;
  expect(words({}, ' no good ')).toBe('no good (InvalidArgument)');
  expect(words({}, 'InvalidArgument')).toBe('InvalidArgument');
  expect(words({ invalidProperty: 'spec', privilegeId: 'VM.Read', name: 'web' })).toBe(
    '[property spec; privilege VM.Read; name web] (InvalidArgument)',
  );
  expect(words({ existingState: 'poweredOff', reason: 'it is off' })).toBe('[it is poweredOff; it is off] (InvalidArgument)');
  expect(words({ faultMessage: [{ message: 'a' }, {}, { message: 'b' }] }, 'a')).toBe('a b (InvalidArgument)');
  expect(words({ faultCause: { fault: { $type: 'SystemError', faultMessage: [{ message: 'deep' }] } } }, 'top')).toBe(
    'top deep (InvalidArgument)',
  );
});

test('a fault that may have been overtaken by time is the only one that may have happened', () => {
  expect(translate({ $type: 'Timedout' }, 'x')).toMatchObject({ kind: 'timeout', maybeDone: true });
  for (const type of ['NoCompatibleHost', 'NoCompatibleDatastore', 'HostNotConnected', 'InaccessibleDatastore'])
    expect(translate({ $type: type }, 'x')).toMatchObject({ kind: 'unavailable', lasting: true, maybeDone: false });
  expect(translate({ $type: 'SystemError' }, 'x').lasting).toBe(false);
});

test('an object without a type or a key proves nothing', () => {
  for (const obj of [{ type: '', value: 'vm-7' }, { type: 'VirtualMachine', value: '' }, { type: 'VirtualMachine' }, { value: 'vm-7' }])
    expect(translate({ $type: 'ManagedObjectNotFound', obj } as Parameters<typeof translate>[0], 'x')).not.toBeInstanceOf(Gone);
  expect(translate({ $type: 'ManagedObjectNotFound', obj: { type: 'VirtualMachine', value: 'vm-7' } }, 'x').message).toBe(
    'vCenter has no vm-7: x (ManagedObjectNotFound)',
  );
});

test('what the network says is told, or that there was no answer', () => {
  const at = (thrown: unknown, aborted = false) => withoutAnswer(thrown, aborted);
  expect(at(Object.assign(new Error('no way'), { code: 'ENOTFOUND' })).message).toBe('vCenter cannot be reached: no way');
  expect(at(Object.assign(new Error('other'), { code: 'THUMBPRINT_MISMATCH' }))).toMatchObject({ kind: 'unavailable', maybeDone: false });
  expect(at(Object.assign(new Error(''), { code: 'EPIPE' })).message).toBe("vCenter's answer was lost: EPIPE");
  for (const nothing of [undefined, null, 'torn', {}, { code: 7 }])
    expect(at(nothing).message).toBe("vCenter's answer was lost: no answer");
  expect(at(new Error('x'), true).message).toBe('vCenter did not answer in time');
  expect(at({ errors: [{ code: 'ECONNREFUSED' }] }).code).toBe('ECONNREFUSED');
});
