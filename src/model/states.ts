import type { StateMachine } from './define';

/** State lists that several declarations share (5.8). */

/** States of a Machine, and of a System whose Machines are all in the same one (5.8). */
const powerStates = ['CREATING', 'STARTING', 'STARTED', 'STOPPING', 'STOPPED', 'PAUSING', 'PAUSED', 'SUSPENDING', 'SUSPENDED'] as const;
export const machineStates = [...powerStates, 'RESTORING', 'DELETING', 'ERROR'] as const;
/** States in which nothing is going on; capture, snapshot and restore need one (D079). */
export const machineStable = ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED', 'ERROR'] as const;

/** Values that initialState may have. */
export const machineInitialStates = ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED'] as const;

export const systemStates = [...powerStates, 'MIXED', 'DELETING', 'ERROR'] as const;
export const networkStates = ['CREATING', 'STARTING', 'STARTED', 'STOPPING', 'STOPPED', 'DELETING', 'ERROR'] as const;
export const networkPortStates = ['CREATING', 'STARTED', 'STOPPED', 'DELETING', 'ERROR'] as const;
export const volumeStates = ['CREATING', 'AVAILABLE', 'CAPTURING', 'DELETING', 'ERROR'] as const;
export const imageStates = ['CREATING', 'AVAILABLE', 'DELETING', 'ERROR'] as const;
export const jobStates = ['QUEUED', 'RUNNING', 'FAILED', 'SUCCESS', 'STOPPING', 'STOPPED'] as const;

/** State machine whose transitional states are those named; the rest are stable. */
export const life = (states: readonly string[], transitional: readonly string[], initial?: string): StateMachine => ({
  states,
  transitional,
  ...(initial === undefined ? {} : { initial }),
});
