import * as ec2 from '@aws-sdk/client-ec2';
import { ENDING, MOVING } from '../../../drivers/ec2/dependents';
import { CODES, kindOf } from '../../../drivers/ec2/errors';
import { BUSY, UNDER_WAY } from '../../../drivers/ec2/grow';
import {
  ENI,
  failedLaunch,
  HIBERNATED,
  IMAGE,
  imageState,
  MACHINE,
  machineState,
  networkState,
  portState,
  ROOT_TASK,
  SNAPSHOT,
  snapshotState,
  SUBNET,
  VOLUME,
  volumeState,
  WANTED,
} from '../../../drivers/ec2/states';
import { type Expected, listTests, tableTests } from './expectations';

const API = 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference';
const MACHINE_PAGE = `${API}/API_InstanceState.html`;

/** An instance that was launched long ago and started again since. */
const old = (name: string, more: ec2.Instance = {}): ec2.Instance => ({
  State: { Name: name as ec2.InstanceStateName },
  LaunchTime: new Date('2026-02-01T00:00:00Z'),
  NetworkInterfaces: [{ Attachment: { DeviceIndex: 0, AttachTime: new Date('2026-01-01T00:00:00Z') } }],
  ...more,
});
const hibernated = { StateReason: { Code: 'Client.UserInitiatedHibernate' } };

const STATE_TABLES: readonly Expected[] = [
  {
    name: 'instances, not in their first launch',
    source: MACHINE_PAGE,
    to: 'Machine',
    words: {
      pending: 'STARTING',
      running: 'STARTED',
      'shutting-down': 'DELETING',
      terminated: 'absent',
      stopping: 'STOPPING',
      stopped: 'STOPPED',
    },
    listed: Object.values(ec2.InstanceStateName),
    table: MACHINE,
    read: (word) => machineState(old(word)),
  },
  {
    // What is hibernated keeps its memory, as a suspended Machine does (5.14.1).
    name: 'instances that were hibernated',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-hibernate-overview.html',
    to: 'Machine',
    words: {
      pending: 'STARTING',
      running: 'STARTED',
      'shutting-down': 'DELETING',
      terminated: 'absent',
      stopping: 'SUSPENDING',
      stopped: 'SUSPENDED',
    },
    listed: Object.values(ec2.InstanceStateName),
    table: HIBERNATED,
    read: (word) => machineState(old(word, hibernated)),
  },
  {
    // A task that has ended leaves the state to the instance; that it failed is told by the item's `failure`.
    name: 'tasks that replace a root volume',
    source: `${API}/API_ReplaceRootVolumeTask.html`,
    to: 'Machine',
    words: {
      pending: 'RESTORING',
      'in-progress': 'RESTORING',
      failing: 'RESTORING',
      'failing-detached': 'RESTORING',
      succeeded: 'STARTED',
      failed: 'STARTED',
      'failed-detached': 'STARTED',
    },
    listed: Object.values(ec2.ReplaceRootVolumeTaskState),
    table: ROOT_TASK,
    read: (word) => machineState(old('running'), word),
    unknown: () => ({ state: 'STARTED' }),
  },
  {
    // One that is disabled exists and cannot be used for launches.
    name: 'images',
    source: `${API}/API_Image.html`,
    to: 'MachineImage',
    words: {
      pending: 'CREATING',
      transient: 'CREATING',
      available: 'AVAILABLE',
      invalid: 'ERROR',
      failed: 'ERROR',
      error: 'ERROR',
      disabled: 'ERROR',
      deregistered: 'absent',
    },
    listed: Object.values(ec2.ImageState),
    table: IMAGE,
    read: (word) => imageState({ State: word as ec2.ImageState }),
  },
  {
    name: 'volumes',
    source: `${API}/API_Volume.html`,
    to: 'Volume',
    words: {
      creating: 'CREATING',
      available: 'AVAILABLE',
      'in-use': 'AVAILABLE',
      deleting: 'DELETING',
      deleted: 'absent',
      error: 'ERROR',
    },
    listed: Object.values(ec2.VolumeState),
    table: VOLUME,
    read: (word) => volumeState({ State: word as ec2.VolumeState }),
  },
  {
    // What is recoverable lies in the Recycle Bin: deleted, and restored only by who may empty it.
    name: 'snapshots',
    source: `${API}/API_Snapshot.html`,
    to: 'VolumeImage',
    words: { pending: 'CREATING', recovering: 'CREATING', completed: 'AVAILABLE', error: 'ERROR', recoverable: 'absent' },
    listed: Object.values(ec2.SnapshotState),
    table: SNAPSHOT,
    read: (word) => snapshotState({ State: word as ec2.SnapshotState }),
  },
  {
    name: 'subnets',
    source: `${API}/API_Subnet.html`,
    to: 'Network',
    words: {
      pending: 'CREATING',
      available: 'STARTED',
      unavailable: 'ERROR',
      failed: 'ERROR',
      'failed-insufficient-capacity': 'ERROR',
    },
    listed: Object.values(ec2.SubnetState),
    table: SUBNET,
    read: (word) => networkState({ State: word as ec2.SubnetState }),
  },
  {
    // `pending` is what CreateNetworkInterface answers; the list of DescribeNetworkInterfaces leaves it out.
    name: 'network interfaces',
    source: `${API}/API_NetworkInterface.html`,
    to: 'NetworkPort',
    words: {
      pending: 'CREATING',
      available: 'STARTED',
      associated: 'STARTED',
      attaching: 'STARTED',
      'in-use': 'STARTED',
      detaching: 'STARTED',
    },
    listed: Object.values(ec2.NetworkInterfaceStatus),
    table: ENI,
    read: (word) => portState({ Status: word as ec2.NetworkInterfaceStatus }),
  },
];

const ERRORS: Expected = {
  name: 'codes of errors',
  source: `${API}/errors-overview.html`,
  to: ['auth', 'forbidden', 'conflict', 'quota', 'throttled', 'invalid', 'unavailable', 'timeout', 'unsupported'],
  words: {
    // The keys are wrong, missing or out of date.
    AuthFailure: 'auth',
    InvalidClientTokenId: 'auth',
    SignatureDoesNotMatch: 'auth',
    IncompleteSignature: 'auth',
    MissingAuthenticationToken: 'auth',
    ExpiredToken: 'auth',
    RequestExpired: 'auth',
    ExpiredTokenException: 'auth',
    UnrecognizedClientException: 'auth',
    CredentialsProviderError: 'auth',
    // The keys are right and may not do this.
    UnauthorizedOperation: 'forbidden',
    AccessDenied: 'forbidden',
    AccessDeniedException: 'forbidden',
    OptInRequired: 'forbidden',
    Blocked: 'forbidden',
    PendingVerification: 'forbidden',
    // The state or the use of a thing stands against it.
    IncorrectInstanceState: 'conflict',
    IncorrectState: 'conflict',
    InvalidState: 'conflict',
    IncorrectStateException: 'conflict',
    OperationNotPermitted: 'conflict',
    VolumeInUse: 'conflict',
    DependencyViolation: 'conflict',
    ResourceAlreadyAssociated: 'conflict',
    'Resource.AlreadyAssociated': 'conflict',
    IdempotentParameterMismatch: 'conflict',
    'InvalidSubnet.Conflict': 'conflict',
    IncorrectModificationState: 'conflict',
    'Gateway.NotAttached': 'conflict',
    RouteAlreadyExists: 'conflict',
    // The account has as much as it may have, or has changed it as often.
    VolumeModificationRateExceeded: 'quota',
    InsufficientFreeAddressesInSubnet: 'quota',
    RequestLimitExceeded: 'throttled',
    Throttling: 'throttled',
    ThrottlingException: 'throttled',
    RequestThrottled: 'throttled',
    RequestThrottledException: 'throttled',
    ThrottledException: 'throttled',
    EC2ThrottledException: 'throttled',
    TooManyRequestsException: 'throttled',
    SlowDown: 'throttled',
    PriorRequestNotComplete: 'throttled',
    SnapshotCreationPerVolumeRateExceeded: 'throttled',
    // The request itself cannot be met.
    'InvalidAMIID.Unavailable': 'invalid',
    'InvalidZone.NotFound': 'invalid',
    VolumeTypeNotAvailableInZone: 'invalid',
    MissingParameter: 'invalid',
    InvalidInstanceType: 'invalid',
    InvalidBlockDeviceMapping: 'invalid',
    UnknownParameter: 'invalid',
    ValidationError: 'invalid',
    // EBS direct, https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html: the token of another request.
    ConflictException: 'conflict',
    ServiceQuotaExceededException: 'quota',
    ConcurrentLimitExceededException: 'throttled',
    ValidationException: 'invalid',
    InternalServerException: 'unavailable',
    // EC2 itself is at fault.
    InternalError: 'unavailable',
    InternalFailure: 'unavailable',
    ServiceUnavailable: 'unavailable',
    Unavailable: 'unavailable',
    RequestTimeout: 'timeout',
    UnsupportedOperation: 'unsupported',
    UnknownOperation: 'unsupported',
    InvalidAction: 'unsupported',
  },
  table: CODES,
  // Where the code alone does not tell, the status does: another kind for each of these two.
  read: (word) => {
    const [kind, other] = [kindOf(word, 418), kindOf(word, 500)];
    return { state: kind === other ? kind : 'told by the status' };
  },
  unknown: () => ({ state: 'told by the status' }),
};

tableTests('ec2', [...STATE_TABLES, ERRORS]);

const MODIFICATION = { source: `${API}/API_VolumeModification.html`, listed: Object.values(ec2.VolumeModificationState) };
const INSTANCE = { source: MACHINE_PAGE, listed: Object.values(ec2.InstanceStateName) };

listTests('ec2', [
  {
    name: 'modifications of a volume that keep it from the next one',
    ...MODIFICATION,
    words: { modifying: true, optimizing: true, completed: false, failed: false },
    list: BUSY,
  },
  {
    name: 'modifications of a volume that have come to their end, or will',
    ...MODIFICATION,
    words: { modifying: true, optimizing: true, completed: true, failed: false },
    list: UNDER_WAY,
  },
  {
    name: 'states from which an instance only ends',
    ...INSTANCE,
    words: { pending: false, running: false, stopping: false, stopped: false, 'shutting-down': true, terminated: true },
    list: ENDING,
  },
  {
    name: 'states that an instance leaves by itself, or ends in',
    ...INSTANCE,
    words: { pending: true, running: false, stopping: true, stopped: false, 'shutting-down': true, terminated: true },
    list: MOVING,
  },
]);

test.each([
  ['in its first launch', new Date('2026-01-01T00:00:05Z'), 'CREATING'],
  ['in a later start', new Date('2026-01-01T00:05:00Z'), 'STARTING'],
])('ec2: a pending instance %s', (_when, LaunchTime, state) => {
  expect(machineState(old('pending', { LaunchTime }))).toEqual({ state });
});

test('ec2: a task that replaces the root volume counts only while the instance runs', () => {
  for (const name of Object.values(ec2.InstanceStateName).filter((each) => each !== 'running')) {
    for (const task of Object.values(ec2.ReplaceRootVolumeTaskState))
      expect(machineState(old(name), task)).toEqual(machineState(old(name)));
  }
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
const REASONS: Readonly<Record<string, boolean>> = {
  'Server.InsufficientInstanceCapacity': true,
  'Server.InternalError': true,
  'Server.ScheduledStop': false,
  'Server.SpotInstanceShutdown': true,
  'Server.SpotInstanceTermination': true,
  'Client.InstanceInitiatedShutdown': false,
  'Client.InstanceTerminated': false,
  'Client.InternalError': true,
  'Client.InvalidSnapshot.NotFound': true,
  'Client.UserInitiatedHibernate': false,
  'Client.UserInitiatedShutdown': false,
  'Client.VolumeLimitExceeded': true,
};

test('ec2: an instance that ended by itself failed, one that somebody ended did not', () => {
  const failed = (Code: string) => failedLaunch({ State: { Name: 'terminated' }, StateReason: { Code } }) !== undefined;
  expect(Object.fromEntries(Object.keys(REASONS).map((code) => [code, failed(code)]))).toEqual(REASONS);
  expect([...WANTED].sort()).toEqual(
    Object.keys(REASONS)
      .filter((code) => REASONS[code] === false)
      .sort(),
  );
});
