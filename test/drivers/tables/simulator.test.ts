import { IMAGE_STATES, MACHINE_STATES, NET_STATES, PORT_STATES, stateOf, VOLUME_STATES } from '../../../drivers/simulator/states';
import { type Expected, tableTests } from './expectations';

/** The simulated cloud is its own documentation: its phases are those that timelines are made of. */
const SOURCE = 'drivers/simulator/things.ts';

function phases(name: string, to: string, table: Readonly<Record<string, string>>, words: Readonly<Record<string, string>>): Expected {
  return {
    ...{ name, source: SOURCE, to, words, table },
    read: (word) => {
      const { state, unmappedState } = stateOf(table, word);
      return { state, unmapped: unmappedState };
    },
  };
}

const IMAGES = {
  receiving: 'CREATING',
  copying: 'CREATING',
  ready: 'AVAILABLE',
  removing: 'DELETING',
  broken: 'ERROR',
  gone: 'absent',
};

tableTests('simulator', [
  phases('instances', 'Machine', MACHINE_STATES, {
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
  }),
  phases('snapshots of instances', 'MachineImage', IMAGE_STATES, IMAGES),
  phases('copies of volumes', 'VolumeImage', IMAGE_STATES, IMAGES),
  phases('volumes', 'Volume', VOLUME_STATES, {
    allocating: 'CREATING',
    ready: 'AVAILABLE',
    capturing: 'CAPTURING',
    removing: 'DELETING',
    broken: 'ERROR',
    gone: 'absent',
  }),
  phases('nets', 'Network', NET_STATES, {
    building: 'CREATING',
    starting: 'STARTING',
    up: 'STARTED',
    stopping: 'STOPPING',
    down: 'STOPPED',
    removing: 'DELETING',
    broken: 'ERROR',
    gone: 'absent',
  }),
  phases('ports', 'NetworkPort', PORT_STATES, {
    building: 'CREATING',
    up: 'STARTED',
    down: 'STOPPED',
    removing: 'DELETING',
    broken: 'ERROR',
    gone: 'absent',
  }),
]);
