import { BUSY, kindOf, KINDS } from '../../../drivers/vsphere/errors';
import type { FailureKind } from '../../../src/clouds/errors';
import { type Expected, tableTests } from './expectations';

/** Pages of vSphere's faults: `vim.fault.NAME.html`, each with what it extends and what extends it. */
const API = 'https://developer.broadcom.com/xapis/vsphere-web-services-api/latest';

/** Faults that extend one, as its page has them, and the kind of all of them; the wire tells a fault's own name alone. */
const FAMILIES: readonly (readonly [base: string, kind: FailureKind, members: string])[] = [
  ['InvalidLogin', 'auth', 'InvalidClientCertificate PasswordExpired'],
  ['SecurityError', 'forbidden', 'NoPermission RestrictedVersion SolutionUserRequired'],
  // It does not have the state for this; HostConnectionState, PowerState and the like say which.
  ['InvalidState', 'conflict', 'CannotPowerOffVmInCluster EncryptionKeyRequired InvalidDatastoreState InvalidHostState InvalidPowerState'],
  ['InvalidState', 'conflict', 'InvalidVmState MksConnectionLimitReached NoActiveHostInCluster OvfConsumerPowerOnFault QuestionPending'],
  ['InvalidState', 'conflict', 'InvalidHostConnectionState VmPowerOnDisabled'],
  ['ResourceInUse', 'conflict', 'FilterInUse QuiesceDatastoreIOForHAFailed'],
  ['SnapshotFault', 'conflict', 'ApplicationQuiesceFault FilesystemQuiesceFault MemorySnapshotOnIndependentDisk SnapshotDisabled'],
  ['SnapshotFault', 'conflict', 'MultipleSnapshotsNotSupported SnapshotIncompatibleDeviceInVm SnapshotNoChange TooManySnapshotLevels'],
  ['InsufficientResourcesFault', 'quota', 'InsufficientAgentVmsDeployed InsufficientCpuResourcesFault InsufficientNetworkCapacity'],
  [
    'InsufficientResourcesFault',
    'quota',
    'InsufficientFailoverResourcesFault InsufficientGraphicsResourcesFault InsufficientPerCpuCapacity',
  ],
  ['InsufficientResourcesFault', 'quota', 'InsufficientHostCapacityFault InsufficientHostCpuCapacityFault InsufficientStorageSpace'],
  [
    'InsufficientResourcesFault',
    'quota',
    'InsufficientHostMemoryCapacityFault InsufficientMemoryResourcesFault InsufficientStandbyResource',
  ],
  [
    'InsufficientResourcesFault',
    'quota',
    'InsufficientNetworkResourcePoolCapacity InsufficientStandbyCpuResource NumVirtualCpusExceedsLimit',
  ],
  ['InsufficientResourcesFault', 'quota', 'InsufficientStandbyMemoryResource InsufficientVFlashResourcesFault'],
  ['InsufficientResourcesFault', 'quota', 'InvalidResourcePoolStructureFault VmFaultToleranceTooManyVMsOnHost'],
  ['InsufficientResourcesFault', 'quota', 'VmFaultToleranceTooManyFtVcpusOnHost VmSmpFaultToleranceTooManyVMsOnHost'],
  ['NotEnoughLicenses', 'quota', 'ExpiredAddonLicense ExpiredEditionLicense ExpiredFeatureLicense HostInventoryFull InvalidEditionLicense'],
  ['NotEnoughLicenses', 'quota', 'LicenseExpired LicenseRestricted LicenseSourceUnavailable NoLicenseServerConfigured VmLimitLicense'],
  ['NotEnoughLicenses', 'quota', 'VramLimitLicense'],
  ['HostCommunication', 'unavailable', 'HostNotConnected HostNotReachable'],
  ['InvalidDatastore', 'unavailable', 'DatastoreNotWritableOnHost InaccessibleDatastore InaccessibleFTMetadataDatastore'],
  ['InvalidDatastore', 'unavailable', 'SwapDatastoreNotWritableOnHost'],
  ['DvsFault', 'unavailable', 'DvsApplyOperationFault DvsOperationBulkFault RollbackFailure'],
  ['MigrationFeatureNotSupported', 'unsupported', 'FullStorageVMotionNotSupported IndependentDiskVMotionNotSupported'],
  ['MigrationFeatureNotSupported', 'unsupported', 'NonHomeRDMVMotionNotSupported StorageVMotionNotSupported'],
  ['MigrationFeatureNotSupported', 'unsupported', 'UnsharedSwapVMotionNotSupported VMotionAcrossNetworkNotSupported'],
  ['Timedout', 'timeout', 'PowerOnFtSecondaryTimedout'],
];

/** Faults by themselves: their pages say what they mean, and no family has one kind. */
const ALONE: Readonly<Partial<Record<FailureKind, string>>> = {
  // Not logged in (any more), although the page has it as a lack of permission.
  auth: 'NotAuthenticated NoClientCertificate InvalidLocale InvalidToken SSPIChallenge',
  forbidden:
    'RestrictedByAdministrator DvsNotAuthorized AuthMinimumAdminPermission NoPermissionOnHost NoPermissionOnNasVolume DisallowedChangeByService',
  conflict: [
    'DuplicateName AlreadyExists FileAlreadyExists DirectoryNotEmpty RequestCanceled ToolsUnavailable GuestOperationsUnavailable',
    'AlreadyUpgraded AlreadyConnected CpuHotPlugNotSupported MemoryHotPlugNotSupported ConflictingConfiguration DvsScopeViolated',
    'NetworksMayNotBeTheSame CustomizationPending TooManyNativeClonesOnFile TooManyNativeCloneLevels',
  ].join(' '),
  quota: 'NoDiskSpace InsufficientDisks TooManyDevices NoAvailableIp DestinationSwitchFull LimitExceeded',
  unavailable: [
    'HostConnectFault NoHost NoCompatibleHost NoCompatibleDatastore NetworkDisruptedAndConfigRolledBack CannotAccessFile CannotCreateFile',
    'CannotDeleteFile CannotAccessLocalSource NetworkCopyFault SystemError SystemErrorFault UnexpectedFault DatabaseError RuntimeFault',
    'HttpFault VslmFault VslmSyncFault',
  ].join(' '),
  unsupported: [
    'NotSupported NotImplemented MethodNotFound NotSupportedHost SnapshotCopyNotSupported SnapshotCloneNotSupported',
    'CloneFromSnapshotNotSupported DiskMoveTypeNotSupported',
  ].join(' '),
  // What the request says cannot be: the kind of every other fault, too.
  invalid: [
    'NotFound FileNotFound InvalidArgument InvalidRequest InvalidType InvalidName InvalidProperty InvalidFolder OutOfBounds VmConfigFault',
    'InvalidVmConfig InvalidDeviceSpec InvalidDeviceBacking InvalidDatastorePath CpuIncompatible UnsupportedGuest CustomizationFault',
    'DeviceNotSupported CannotUseNetwork NumVirtualCpusNotSupported MemorySizeNotSupported',
  ].join(' '),
};

const kindsOf = (names: string, kind: string) => names.split(' ').map((name) => [name, kind] as const);

const FAULTS: Expected = {
  name: 'faults',
  source: `${API}/vim.fault.InvalidState.html and the pages beside it`,
  to: ['auth', 'forbidden', 'conflict', 'quota', 'throttled', 'invalid', 'unavailable', 'timeout', 'unsupported'],
  words: Object.fromEntries([
    ...FAMILIES.flatMap(([base, kind, members]) => kindsOf(`${base} ${members}`, kind)),
    ...Object.entries(ALONE).flatMap(([kind, names]) => kindsOf(names, kind)),
  ]),
  table: KINDS,
  read: (word) => ({ state: kindOf(word) }),
  unknown: () => ({ state: 'invalid' }),
};

tableTests('vsphere', [FAULTS]);

test('vsphere: what somebody else is at passes, whatever its family', () => {
  const busy = [
    ...['TaskInProgress', 'VAppTaskInProgress', 'VAppOperationInProgress', 'ConcurrentAccess', 'FileLocked', 'SnapshotLocked'],
    ...['TooManyConcurrentNativeClones', 'MethodDisabled', 'MethodAlreadyDisabledFault'],
  ];
  expect([...BUSY].sort()).toEqual([...busy].sort());
  for (const fault of busy) expect([fault, kindOf(fault)]).toEqual([fault, 'unavailable']);
});
