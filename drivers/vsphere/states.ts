/** A CIMI state, or ERROR with vSphere's word where a table does not know it. */
export interface StateReading {
  state: string;
  unmapped?: string;
  /** Reason, in words, why it is in ERROR. */
  message?: string;
}

/** VirtualMachinePowerState. */
export const POWER: Readonly<Record<string, string>> = { poweredOn: 'STARTED', poweredOff: 'STOPPED', suspended: 'SUSPENDED' };

/** GuestInfo.guestState that says more than `poweredOn`. */
export const GUEST: Readonly<Record<string, string>> = { shuttingDown: 'STOPPING' };

/** VirtualMachineConnectionState other than `connected`: what vCenter shows of such a machine is not to be relied on. */
export const CONNECTION: Readonly<Record<string, string>> = {
  disconnected: 'ERROR',
  inaccessible: 'ERROR',
  invalid: 'ERROR',
  orphaned: 'ERROR',
};

const WORDS: Readonly<Record<string, string>> = {
  disconnected: 'vCenter has lost the host that the machine is on (disconnected)',
  inaccessible: 'the files of the machine cannot be reached on their datastore (inaccessible)',
  invalid: 'the configuration of the machine cannot be read (invalid)',
  orphaned: 'the host does not know the machine any more (orphaned)',
};

/**
 * CIMI state of a machine.
 * @param configured whether vCenter tells its configuration: not yet while it is being made
 */
export function machineState(seen: {
  power: string | undefined;
  connection: string | undefined;
  guest: string | undefined;
  configured: boolean;
}): StateReading {
  const broken = connectionState(seen.connection);
  if (broken) return broken;
  if (!seen.configured) return { state: 'CREATING' };
  const power = seen.power ?? 'unknown';
  const state = Object.hasOwn(POWER, power) ? POWER[power] : undefined;
  if (state === undefined) return { state: 'ERROR', unmapped: power, message: `vCenter shows the power state ${power}` };
  if (power === 'poweredOn' && seen.guest !== undefined && Object.hasOwn(GUEST, seen.guest)) return { state: GUEST[seen.guest] ?? state };
  return { state };
}

function connectionState(connection: string | undefined): StateReading | undefined {
  if (connection === undefined || connection === 'connected') return undefined;
  if (!Object.hasOwn(CONNECTION, connection)) {
    return { state: 'ERROR', unmapped: connection, message: `vCenter shows the connection state ${connection}` };
  }
  return { state: CONNECTION[connection] ?? 'ERROR', message: WORDS[connection] ?? connection };
}

/** Returns the reason why nothing can be done to a machine in this connection state; undefined where it is connected. */
export function connectionWords(connection: string | undefined): string | undefined {
  return connectionState(connection)?.message;
}

/** State of an image: a template, or a snapshot of a machine. Templates do not run; one that does is not what it claims to be. */
export function imageState(seen: { connection: string | undefined; runs: boolean }): StateReading {
  const broken = connectionState(seen.connection);
  if (broken) return broken;
  return seen.runs ? { state: 'ERROR', message: 'the template is powered on' } : { state: 'AVAILABLE' };
}

/** State of a network by NetworkSummary.accessible: whether a host provides it. There is nothing to start or stop. */
export const NETWORK_STATES: Readonly<Record<string, string>> = { true: 'STARTED', false: 'ERROR' };

/** State of a network by what vCenter says of `accessible`; ERROR where it says nothing. */
export function networkState(accessible: unknown): StateReading {
  if (accessible === undefined) return { state: 'ERROR' };
  const word = typeof accessible === 'string' ? accessible : JSON.stringify(accessible);
  const state = Object.hasOwn(NETWORK_STATES, word) ? NETWORK_STATES[word] : undefined;
  return state === undefined ? { state: 'ERROR', unmapped: word } : { state };
}
