import { reading, type StateReading } from './states';

/** Neutron's statuses of networks that are switched on; one that is switched off is STOPPED whatever they say. */
export const NETWORK: Readonly<Record<string, string>> = {
  ACTIVE: 'STARTED',
  BUILD: 'CREATING',
  DOWN: 'STOPPED',
  ERROR: 'ERROR',
};

/** Neutron's statuses of ports that are switched on: DOWN is one that nothing is plugged into. */
export const PORT: Readonly<Record<string, string>> = {
  ACTIVE: 'STARTED',
  DOWN: 'STARTED',
  BUILD: 'STARTED',
  'N/A': 'STARTED',
  ERROR: 'ERROR',
};

/** CIMI state of a network or port: its switch wins over its status, but not over an error. */
export function switchState(table: Readonly<Record<string, string>>, thing: { admin_state_up: boolean; status?: string }): StateReading {
  const byStatus = reading(table, thing.status ?? 'UNKNOWN');
  return thing.admin_state_up || byStatus.state === 'ERROR' ? byStatus : { state: 'STOPPED' };
}
