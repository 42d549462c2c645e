import { type FailureKind, Gone, ProviderError, UNREACHED } from '../../src/clouds/errors';
import type { Typed } from './types';

/**
 * vSphere's faults → kinds. The wire names a fault's own type and not what it is a subtype of, so each line holds a
 * type and its subtypes. What no line knows: a fault that a method may declare is `invalid`, and said in its words.
 */
const FAULTS: readonly (readonly [FailureKind, string])[] = [
  [
    'auth',
    'InvalidLogin InvalidClientCertificate NotAuthenticated NoClientCertificate PasswordExpired InvalidLocale InvalidToken SSPIChallenge',
  ],
  ['forbidden', 'NoPermission SecurityError RestrictedVersion RestrictedByAdministrator SolutionUserRequired DvsNotAuthorized'],
  ['forbidden', 'AuthMinimumAdminPermission NoPermissionOnHost NoPermissionOnNasVolume DisallowedChangeByService'],
  ['conflict', 'DuplicateName AlreadyExists FileAlreadyExists ResourceInUse FilterInUse QuiesceDatastoreIOForHAFailed RequestCanceled'],
  ['conflict', 'InvalidState CannotPowerOffVmInCluster EncryptionKeyRequired InvalidDatastoreState InvalidHostState InvalidPowerState'],
  ['conflict', 'InvalidHostConnectionState'],
  ['conflict', 'InvalidVmState MksConnectionLimitReached NoActiveHostInCluster OvfConsumerPowerOnFault QuestionPending VmPowerOnDisabled'],
  ['conflict', 'ToolsUnavailable DirectoryNotEmpty'],
  ['conflict', 'GuestOperationsUnavailable AlreadyUpgraded AlreadyConnected CpuHotPlugNotSupported MemoryHotPlugNotSupported'],
  [
    'conflict',
    'SnapshotFault ApplicationQuiesceFault FilesystemQuiesceFault MemorySnapshotOnIndependentDisk MultipleSnapshotsNotSupported',
  ],
  ['conflict', 'ConflictingConfiguration DvsScopeViolated NetworksMayNotBeTheSame'],
  ['conflict', 'SnapshotDisabled SnapshotIncompatibleDeviceInVm SnapshotNoChange TooManySnapshotLevels'],
  ['conflict', 'CustomizationPending TooManyNativeClonesOnFile TooManyNativeCloneLevels'],
  ['quota', 'InsufficientResourcesFault InsufficientAgentVmsDeployed InsufficientCpuResourcesFault InsufficientFailoverResourcesFault'],
  ['quota', 'InsufficientGraphicsResourcesFault InsufficientHostCapacityFault InsufficientHostCpuCapacityFault InsufficientStorageSpace'],
  ['quota', 'InsufficientHostMemoryCapacityFault InsufficientPerCpuCapacity InsufficientMemoryResourcesFault InsufficientNetworkCapacity'],
  ['quota', 'InsufficientNetworkResourcePoolCapacity InsufficientStandbyResource InsufficientStandbyCpuResource InsufficientDisks'],
  ['quota', 'InsufficientStandbyMemoryResource InsufficientVFlashResourcesFault InvalidResourcePoolStructureFault NoDiskSpace'],
  ['quota', 'NumVirtualCpusExceedsLimit VmFaultToleranceTooManyVMsOnHost VmFaultToleranceTooManyFtVcpusOnHost HostInventoryFull'],
  ['quota', 'VmSmpFaultToleranceTooManyVMsOnHost InvalidEditionLicense ExpiredEditionLicense ExpiredAddonLicense'],
  ['quota', 'LicenseSourceUnavailable NoLicenseServerConfigured'],
  ['quota', 'NotEnoughLicenses LicenseExpired LicenseRestricted ExpiredFeatureLicense VmLimitLicense VramLimitLicense TooManyDevices'],
  ['quota', 'NoAvailableIp DestinationSwitchFull LimitExceeded'],
  ['unavailable', 'HostNotConnected HostNotReachable HostCommunication HostConnectFault NoCompatibleHost NoHost NoCompatibleDatastore'],
  ['unavailable', 'DvsFault DvsApplyOperationFault DvsOperationBulkFault NetworkDisruptedAndConfigRolledBack RollbackFailure'],
  ['unavailable', 'InaccessibleDatastore InvalidDatastore DatastoreNotWritableOnHost CannotAccessFile CannotCreateFile CannotDeleteFile'],
  [
    'unavailable',
    'CannotAccessLocalSource NetworkCopyFault SystemError SystemErrorFault UnexpectedFault DatabaseError RuntimeFault HttpFault',
  ],
  ['unavailable', 'VslmFault VslmSyncFault'],
  ['unavailable', 'InaccessibleFTMetadataDatastore SwapDatastoreNotWritableOnHost'],
  ['timeout', 'Timedout PowerOnFtSecondaryTimedout'],
  [
    'unsupported',
    'NotSupported NotImplemented MethodNotFound MigrationFeatureNotSupported SnapshotCopyNotSupported SnapshotCloneNotSupported',
  ],
  ['unsupported', 'StorageVMotionNotSupported FullStorageVMotionNotSupported IndependentDiskVMotionNotSupported'],
  ['unsupported', 'NonHomeRDMVMotionNotSupported UnsharedSwapVMotionNotSupported VMotionAcrossNetworkNotSupported'],
  ['unsupported', 'CloneFromSnapshotNotSupported DiskMoveTypeNotSupported NotSupportedHost'],
];

/** Somebody else's work is in the way (a task, a backup, another change): it passes, in minutes. */
export const BUSY: readonly string[] = [
  ...['TaskInProgress', 'VAppTaskInProgress', 'VAppOperationInProgress', 'ConcurrentAccess', 'FileLocked', 'SnapshotLocked'],
  ...['TooManyConcurrentNativeClones', 'MethodDisabled', 'MethodAlreadyDisabledFault'],
];

/** Kind by fault. */
export const KINDS: Readonly<Record<string, FailureKind>> = Object.fromEntries(
  FAULTS.flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind])),
);

/** Faults that waiting a few seconds more does not end: no room, no host that fits. */
const LASTING: readonly string[] = ['NoCompatibleHost', 'NoCompatibleDatastore', 'HostNotConnected', 'InaccessibleDatastore'];

/** Kind of a fault by the name of its type. */
export function kindOf(fault: string): FailureKind {
  // Only a fault that names the very thing proves that it is gone.
  if (BUSY.includes(fault) || fault === 'ManagedObjectNotFound') return 'unavailable';
  return (Object.hasOwn(KINDS, fault) ? KINDS[fault] : undefined) ?? 'invalid';
}

export type Fault = Typed<'MethodFault'>;

/** Name of a fault's type. */
export function nameOf(fault: Fault | undefined): string {
  return fault?.$type ?? 'UnknownFault';
}

/**
 * A fault as the contract has it, in vSphere's own words: a Gone where it names the object that vCenter does not have.
 * @param said the message that came with it
 */
export function translate(fault: Fault | undefined, said: string | undefined): ProviderError {
  const code = nameOf(fault);
  const kind = kindOf(code);
  const message = [...new Set([said, ...reasons(fault), about(fault)].map((text) => text?.trim()).filter((text) => text))].join(' ');
  const told = message === '' || message === code ? code : `${message} (${code})`;
  const { type, value } = fault?.obj ?? {};
  if (code === 'ManagedObjectNotFound' && type !== undefined && type !== '' && value !== undefined && value !== '')
    return Gone.told({ type, key: value }, { code, message: `vCenter has no ${value}: ${told}` });
  return new ProviderError(kind, BUSY.includes(code) ? `vCenter is busy with it: ${told}` : told, {
    code,
    // A fault is an answer: what was asked for was not done.
    maybeDone: kind === 'timeout',
    lasting: LASTING.includes(code),
    cause: fault,
  });
}

/** The messages inside a fault, outermost first. */
function reasons(fault: Fault | undefined): string[] {
  if (!fault) return [];
  const own = (fault.faultMessage ?? []).flatMap(({ message }) => message ?? []);
  const cause = fault.faultCause;
  return [...own, ...(cause?.localizedMessage === undefined ? [] : [cause.localizedMessage]), ...reasons(cause?.fault)];
}

/** Returns what a fault tells beside its message. */
function about(fault: Fault | undefined): string | undefined {
  if (!fault) return undefined;
  const { invalidProperty, privilegeId, requestedState, existingState, reason, name } = fault;
  const parts = [
    invalidProperty && `property ${invalidProperty}`,
    privilegeId && `privilege ${privilegeId}`,
    existingState && `it is ${existingState}${requestedState === undefined ? '' : `, should be ${requestedState}`}`,
    name && `name ${name}`,
    reason,
  ].filter((part) => part);
  return parts.length === 0 ? undefined : `[${parts.join('; ')}]`;
}

/** Translates an error of the network. `aborted`: nobody waits any more. */
export function withoutAnswer(thrown: unknown, aborted: boolean): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  const code = networkCode(thrown);
  const message = thrown instanceof Error && thrown.message !== '' ? thrown.message : (code ?? 'no answer');
  if (code !== undefined && (UNREACHED.includes(code) || code === 'THUMBPRINT_MISMATCH')) {
    return new ProviderError('unavailable', `vCenter cannot be reached: ${message}`, { code, maybeDone: false });
  }
  if (aborted) return new ProviderError('timeout', 'vCenter did not answer in time', { code, maybeDone: true });
  return new ProviderError('timeout', `vCenter's answer was lost: ${message}`, { code, maybeDone: true });
}

function networkCode(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; typeof error === 'object' && error !== null && depth < 4; depth += 1) {
    const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === 'string') return code;
    error = cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return undefined;
}
