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
  copying: 'CREATING',
  ready: 'AVAILABLE',
  removing: 'DELETING',
  broken: 'ERROR',
  gone: 'absent',
};

/** A phase through a table; a phase without an entry is ERROR and named. */
export function stateOf(table: Readonly<Record<string, string>>, phase: string): { state: string; unmappedState?: string } {
  const state = Object.hasOwn(table, phase) ? table[phase] : undefined;
  return state === undefined ? { state: 'ERROR', unmappedState: phase } : { state };
}
