import type { Fcd } from '../../../drivers/vsphere/fcd';
import { FCD_STATES, volumeImageItem, volumeItem } from '../../../drivers/vsphere/fcd-item';
import {
  CONNECTION,
  connectionWords,
  GUEST,
  imageState,
  machineState,
  NETWORK_STATES,
  networkState,
  POWER,
} from '../../../drivers/vsphere/states';
import type { Item } from '../../../src/clouds/driver';
import { type Expected, type Reading, tableTests } from './expectations';

const API = 'https://developer.broadcom.com/xapis/vsphere-web-services-api/latest';

const machine = (more: Partial<Parameters<typeof machineState>[0]>): Reading => {
  const { state, unmapped } = machineState({ power: 'poweredOn', connection: 'connected', guest: undefined, configured: true, ...more });
  return { state, unmapped };
};

const disk = (error?: string): Fcd => ({
  ...({ id: 'disk-1', name: 'disk', capacity: 1, metadata: new Map() } as unknown as Fcd),
  ...(error === undefined ? {} : { error }),
});
const told = (item: (fcd: Fcd) => Item) => (word: string) => ({
  state: String(item(disk(word === 'fault' ? 'the datastore is not accessible' : undefined)).values['state']),
});

const TABLES: readonly Expected[] = [
  {
    name: 'the power of machines',
    source: `${API}/vim.VirtualMachine.PowerState.html`,
    to: 'Machine',
    words: { poweredOn: 'STARTED', poweredOff: 'STOPPED', suspended: 'SUSPENDED' },
    table: POWER,
    read: (power) => machine({ power }),
  },
  {
    // A hint of the guest's own: only that it shuts down says more than that the machine is on.
    name: 'what guests of running machines say',
    source: `${API}/vim.vm.GuestInfo.GuestState.html`,
    to: 'Machine',
    words: {
      running: 'STARTED',
      shuttingDown: 'STOPPING',
      resetting: 'STARTED',
      standby: 'STARTED',
      notRunning: 'STARTED',
      unknown: 'STARTED',
    },
    table: GUEST,
    read: (guest) => machine({ guest }),
    unknown: () => ({ state: 'STARTED' }),
  },
  {
    name: 'the connection of machines',
    source: `${API}/vim.VirtualMachine.ConnectionState.html`,
    to: 'Machine',
    words: { connected: 'STARTED', disconnected: 'ERROR', inaccessible: 'ERROR', invalid: 'ERROR', orphaned: 'ERROR' },
    table: CONNECTION,
    read: (connection) => machine({ connection }),
  },
  {
    name: 'the connection of templates',
    source: `${API}/vim.VirtualMachine.ConnectionState.html`,
    to: 'MachineImage',
    words: { connected: 'AVAILABLE', disconnected: 'ERROR', inaccessible: 'ERROR', invalid: 'ERROR', orphaned: 'ERROR' },
    table: CONNECTION,
    read: (connection) => {
      const { state, unmapped } = imageState({ connection, runs: false });
      return { state, unmapped };
    },
  },
  {
    // NetworkSummary.accessible: whether at least one host provides the network.
    name: 'networks',
    source: `${API}/vim.Network.Summary.html`,
    to: 'Network',
    words: { true: 'STARTED', false: 'ERROR' },
    table: NETWORK_STATES,
    read: networkState,
  },
  ...(['Volume', 'VolumeImage'] as const).map((to): Expected => ({
    // A first-class disk has no states: vCenter tells of it, or answers with a fault in its place.
    name: `first-class disks as a ${to}`,
    source: `${API}/vim.vslm.VStorageObject.html`,
    to,
    words: { told: 'AVAILABLE', fault: 'ERROR' },
    table: FCD_STATES,
    read: told(to === 'Volume' ? (fcd) => volumeItem(fcd, false) : (fcd) => volumeImageItem(fcd, 'vcenter.example.org')),
    unknown: () => ({ state: 'AVAILABLE' }),
  })),
];

tableTests('vsphere', TABLES);

test('vsphere: a machine without a configuration is being made, unless vCenter has lost it', () => {
  for (const power of ['poweredOn', 'poweredOff', 'suspended']) {
    expect(machine({ power, configured: false })).toEqual({ state: 'CREATING' });
    for (const connection of Object.keys(CONNECTION)) expect(machine({ power, connection, configured: false })).toEqual({ state: 'ERROR' });
  }
});

test('vsphere: a guest counts only while its machine is on', () => {
  expect(machine({ power: 'poweredOff', guest: 'shuttingDown' })).toEqual({ state: 'STOPPED' });
  expect(machine({ power: 'suspended', guest: 'shuttingDown' })).toEqual({ state: 'SUSPENDED' });
});

test.each(['disconnected', 'inaccessible', 'invalid', 'orphaned'])('vsphere: that a machine is %s is said in words', (connection) => {
  const words = connectionWords(connection);
  expect(words).toContain(`(${connection})`);
  expect(words?.length).toBeGreaterThan(connection.length + 20);
});
