/** Phases of an instance, and the Machine state each is shown as; `absent`: not shown. */
export const MACHINE_STATES: Readonly<Record<string, string>> = {
  pending: 'CREATING',
  booting: 'STARTING',
  running: 'STARTED',
  stopping: 'STOPPING',
  stopped: 'STOPPED',
  pausing: 'PAUSING',
  paused: 'PAUSED',
  suspending: 'SUSPENDING',
  suspended: 'SUSPENDED',
  restoring: 'RESTORING',
  terminating: 'DELETING',
  failed: 'ERROR',
  gone: 'absent',
};

/** Phases of a snapshot, and the MachineImage state each is shown as. */
export const IMAGE_STATES: Readonly<Record<string, string>> = {
  receiving: 'CREATING',
  copying: 'CREATING',
  ready: 'AVAILABLE',
  removing: 'DELETING',
  broken: 'ERROR',
  gone: 'absent',
};

/** Phases of a volume, and the Volume state each is shown as. */
export const VOLUME_STATES: Readonly<Record<string, string>> = {
  allocating: 'CREATING',
  ready: 'AVAILABLE',
  capturing: 'CAPTURING',
  removing: 'DELETING',
  broken: 'ERROR',
  gone: 'absent',
};

/** Phases of a net, and the Network state each is shown as. */
export const NET_STATES: Readonly<Record<string, string>> = {
  building: 'CREATING',
  starting: 'STARTING',
  up: 'STARTED',
  stopping: 'STOPPING',
  down: 'STOPPED',
  removing: 'DELETING',
  broken: 'ERROR',
  gone: 'absent',
};

/** Phases of a port, and the NetworkPort state each is shown as. */
export const PORT_STATES: Readonly<Record<string, string>> = {
  building: 'CREATING',
  up: 'STARTED',
  down: 'STOPPED',
  removing: 'DELETING',
  broken: 'ERROR',
  gone: 'absent',
};

/** A phase through a table; a phase without an entry is ERROR and named. */
export function stateOf(table: Readonly<Record<string, string>>, phase: string): { state: string; unmappedState?: string } {
  const state = Object.hasOwn(table, phase) ? table[phase] : undefined;
  return state === undefined ? { state: 'ERROR', unmappedState: phase } : { state };
}
