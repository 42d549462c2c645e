/** A CIMI state; `absent` is a thing that the cloud still shows although it is gone. */
export interface StateReading {
  state: string;
  /** The service's word where the table does not know it; the state is ERROR then. */
  unmapped?: string;
}

/** Members of a server that make up its state. */
export interface ServerState {
  status: string;
  'OS-EXT-STS:task_state'?: string | null;
  'OS-EXT-STS:power_state'?: number | null;
}

/** Statuses that stand for a size or host being changed: what the machine does meanwhile its power state tells. */
export const MOVING: readonly string[] = ['RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'MIGRATING'];

/** Nova's server statuses; those of MOVING as of a running server. */
export const MACHINE: Readonly<Record<string, string>> = {
  BUILD: 'CREATING',
  ACTIVE: 'STARTED',
  PASSWORD: 'STARTED',
  RESCUE: 'STARTED',
  REBOOT: 'STOPPING',
  HARD_REBOOT: 'STOPPING',
  SHUTOFF: 'STOPPED',
  SHELVED: 'STOPPED',
  SHELVED_OFFLOADED: 'STOPPED',
  PAUSED: 'PAUSED',
  SUSPENDED: 'SUSPENDED',
  REBUILD: 'RESTORING',
  RESIZE: 'STARTED',
  VERIFY_RESIZE: 'STARTED',
  REVERT_RESIZE: 'STARTED',
  MIGRATING: 'STARTED',
  ERROR: 'ERROR',
  UNKNOWN: 'ERROR',
  DELETED: 'absent',
  SOFT_DELETED: 'absent',
};

/** Task states that say more than the status; all others leave it to the status. */
export const TASK: Readonly<Record<string, string>> = {
  'powering-on': 'STARTING',
  unpausing: 'STARTING',
  resuming: 'STARTING',
  unshelving: 'STARTING',
  reboot_started: 'STARTING',
  reboot_started_hard: 'STARTING',
  'powering-off': 'STOPPING',
  rebooting: 'STOPPING',
  rebooting_hard: 'STOPPING',
  reboot_pending: 'STOPPING',
  reboot_pending_hard: 'STOPPING',
  shelving: 'STOPPING',
  shelving_image_pending_upload: 'STOPPING',
  shelving_image_uploading: 'STOPPING',
  shelving_offloading: 'STOPPING',
  pausing: 'PAUSING',
  suspending: 'SUSPENDING',
  rebuilding: 'RESTORING',
  rebuild_block_device_mapping: 'RESTORING',
  rebuild_spawning: 'RESTORING',
  deleting: 'DELETING',
  'soft-deleting': 'DELETING',
};

/** libvirt's power states as Nova numbers them, but for those that leave it to the status: none told (0), and running (1). */
export const POWER: Readonly<Record<number, string>> = { 3: 'PAUSED', 4: 'STOPPED', 6: 'ERROR', 7: 'SUSPENDED' };
const CRASHED = 6;

/** Glance's image statuses. */
export const IMAGE: Readonly<Record<string, string>> = {
  queued: 'CREATING',
  saving: 'CREATING',
  uploading: 'CREATING',
  importing: 'CREATING',
  active: 'AVAILABLE',
  killed: 'ERROR',
  deactivated: 'ERROR',
  deleted: 'absent',
  pending_delete: 'absent',
};

const entryOf = (table: Readonly<Record<string | number, string>>, word: string | number | undefined): string | undefined =>
  word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;

/** Reads a service's word in a table; unknown words are ERROR, and named. */
export function reading(table: Readonly<Record<string, string>>, word: string): StateReading {
  const state = entryOf(table, word);
  return state === undefined ? { state: 'ERROR', unmapped: word } : { state };
}

/** CIMI state of a server: the task wins over the status, the power state tells what a moving server does. */
export function machineState(server: ServerState): StateReading {
  const task = server['OS-EXT-STS:task_state'] ?? undefined;
  const power = server['OS-EXT-STS:power_state'] ?? 0;
  const byTask = entryOf(TASK, task);
  const byStatus = reading(MACHINE, server.status);
  if (byStatus.state === 'absent') return byStatus;
  if (byTask !== undefined) return { state: byTask };
  if (MOVING.includes(server.status)) return { state: entryOf(POWER, power) ?? byStatus.state };
  if (server.status === 'ACTIVE' && power === CRASHED) return { state: 'ERROR' };
  return byStatus;
}

/** CIMI state of an image. */
export const imageState = (status: string): StateReading => reading(IMAGE, status);
