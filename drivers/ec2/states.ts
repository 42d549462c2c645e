import type { Image, Instance, NetworkInterface, Snapshot, Subnet, Volume } from '@aws-sdk/client-ec2';

/** A CIMI state; `absent` is a thing that EC2 still shows although it is gone. */
export interface StateReading {
  state: string;
  /** EC2's word where the table does not know it; the state is ERROR then. */
  unmapped?: string;
}

/** EC2's instance states; `pending` is told apart by machineState, the same words mean something else after a hibernation. */
export const MACHINE: Readonly<Record<string, string>> = {
  pending: 'STARTING',
  running: 'STARTED',
  stopping: 'STOPPING',
  stopped: 'STOPPED',
  'shutting-down': 'DELETING',
  terminated: 'absent',
};

/** The same words mean something else after StopInstances(Hibernate). */
export const HIBERNATED: Readonly<Record<string, string>> = { stopping: 'SUSPENDING', stopped: 'SUSPENDED' };

/** States of AMIs. */
export const IMAGE: Readonly<Record<string, string>> = {
  pending: 'CREATING',
  transient: 'CREATING',
  available: 'AVAILABLE',
  invalid: 'ERROR',
  failed: 'ERROR',
  error: 'ERROR',
  disabled: 'ERROR',
  deregistered: 'absent',
};

/** States of volumes; one that is attached is as good as one that is not. */
export const VOLUME: Readonly<Record<string, string>> = {
  creating: 'CREATING',
  available: 'AVAILABLE',
  'in-use': 'AVAILABLE',
  deleting: 'DELETING',
  error: 'ERROR',
  deleted: 'absent',
};

/** States of snapshots; `recoverable` is one in the recycle bin. */
export const SNAPSHOT: Readonly<Record<string, string>> = {
  pending: 'CREATING',
  recovering: 'CREATING',
  completed: 'AVAILABLE',
  error: 'ERROR',
  recoverable: 'absent',
};

/** States of subnets. */
export const SUBNET: Readonly<Record<string, string>> = {
  pending: 'CREATING',
  available: 'STARTED',
  unavailable: 'ERROR',
  failed: 'ERROR',
  'failed-insufficient-capacity': 'ERROR',
};

/** States of ENIs as NetworkPorts; an ENI cannot be switched off. */
export const ENI: Readonly<Record<string, string>> = {
  pending: 'CREATING',
  available: 'STARTED',
  associated: 'STARTED',
  attaching: 'STARTED',
  'in-use': 'STARTED',
  detaching: 'STARTED',
};

/** States of a task that replaces a root volume; in all others the instance's own state counts. */
export const ROOT_TASK: Readonly<Record<string, string>> = {
  pending: 'RESTORING',
  'in-progress': 'RESTORING',
  failing: 'RESTORING',
  'failing-detached': 'RESTORING',
};

/** Reasons why an instance ends because somebody wanted it; every other reason of a terminated instance is a failure. */
export const WANTED: readonly string[] = [
  'Client.UserInitiatedShutdown',
  'Client.InstanceInitiatedShutdown',
  'Client.UserInitiatedHibernate',
  'Client.InstanceTerminated',
  'Server.ScheduledStop',
];

/** Instances attach their first interface while launching; LaunchTime moves at every later start. */
const LAUNCH_SLACK_MS = 15_000;

const lookedUp = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

function reading(table: Readonly<Record<string, string>>, name: string): StateReading {
  const state = lookedUp(table, name);
  return state === undefined ? { state: 'ERROR', unmapped: name } : { state };
}

/**
 * CIMI state of an instance.
 * @param rootTask state of its newest root volume task, if one was asked for
 */
export function machineState(instance: Instance, rootTask?: string): StateReading {
  const name = instance.State?.Name || 'unknown';
  if (name === 'pending' && launching(instance)) return { state: 'CREATING' };
  const restoring = name === 'running' && rootTask !== undefined ? lookedUp(ROOT_TASK, rootTask) : undefined;
  if (restoring !== undefined) return { state: restoring };
  const hibernated = instance.StateReason?.Code === 'Client.UserInitiatedHibernate' ? lookedUp(HIBERNATED, name) : undefined;
  return hibernated === undefined ? reading(MACHINE, name) : { state: hibernated };
}

function launching(instance: Instance): boolean {
  const launched = instance.LaunchTime?.getTime();
  const born = bornAt(instance)?.getTime();
  return launched === undefined || born === undefined || launched - born <= LAUNCH_SLACK_MS;
}

/** Returns when the instance was created: when its first interface (or root volume) was attached. */
export function bornAt(instance: Instance): Date | undefined {
  const primary = instance.NetworkInterfaces?.find((nic) => nic.Attachment?.DeviceIndex === 0);
  const root = instance.BlockDeviceMappings?.find((mapping) => mapping.DeviceName === instance.RootDeviceName);
  return primary?.Attachment?.AttachTime ?? root?.Ebs?.AttachTime ?? instance.LaunchTime;
}

/** Returns the reason, in EC2's words, why an instance terminated by itself; undefined where somebody terminated it. */
export function failedLaunch(instance: Instance): string | undefined {
  const code = instance.StateReason?.Code;
  if (instance.State?.Name !== 'terminated' || code === undefined || code === '' || WANTED.includes(code)) return undefined;
  return instance.StateReason?.Message || code;
}

/** EC2's reason for the state of an instance, in its words; undefined where it gives none. */
export function reasonOf({ StateReason, StateTransitionReason }: Instance): string | undefined {
  return StateReason?.Message || StateReason?.Code || StateTransitionReason || undefined;
}

/** CIMI state of an image. */
export function imageState(image: Image): StateReading {
  return reading(IMAGE, image.State || 'unknown');
}

/** CIMI state of a volume. */
export function volumeState(volume: Volume): StateReading {
  return reading(VOLUME, volume.State || 'unknown');
}

/** CIMI state of a snapshot. */
export function snapshotState(snapshot: Snapshot): StateReading {
  return reading(SNAPSHOT, snapshot.State || 'unknown');
}

/** CIMI state of a subnet. */
export function networkState(subnet: Subnet): StateReading {
  return reading(SUBNET, subnet.State || 'unknown');
}

/** CIMI state of an ENI as a port. */
export function portState(eni: NetworkInterface): StateReading {
  return reading(ENI, eni.Status || 'unknown');
}
