import { ATTACHING } from '../../../drivers/openstack/attachments';
import { kindOf, TYPES } from '../../../drivers/openstack/errors';
import { PASSING, RESIZING, STARTS } from '../../../drivers/openstack/machine-actions';
import { ACTION_STATUSES } from '../../../drivers/openstack/machine-item';
import { NETWORK, PORT, switchState } from '../../../drivers/openstack/network-states';
import {
  IMAGE,
  imageState,
  MACHINE,
  machineState,
  MOVING,
  POWER,
  reading,
  type ServerState,
  TASK,
} from '../../../drivers/openstack/states';
import { SNAPSHOT, VOLUME } from '../../../drivers/openstack/storage-states';
import { type Expected, listTests, tableTests } from './expectations';

const SERVERS = 'https://docs.openstack.org/api-guide/compute/server_concepts.html';
const CINDER = 'https://docs.openstack.org/api-ref/block-storage/v3/';
const NEUTRON = 'https://docs.openstack.org/api-ref/network/v2/';

/** Nova's numbers: 0 is NOSTATE, which tells nothing. */
const server = (status: string, task: string | null, power: number): ServerState => ({
  status,
  'OS-EXT-STS:task_state': task,
  'OS-EXT-STS:power_state': power,
});

const STATUSES: Readonly<Record<string, string>> = {
  BUILD: 'CREATING',
  ACTIVE: 'STARTED',
  PASSWORD: 'STARTED',
  // It runs, from another image.
  RESCUE: 'STARTED',
  // A restart is a stop and a start (5.14.1); its task says when the second has begun.
  REBOOT: 'STOPPING',
  HARD_REBOOT: 'STOPPING',
  SHUTOFF: 'STOPPED',
  // Not on any host, or about to leave it: off, and to be started.
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
  // Reclaimed after some time; until then only an operator's restore brings it back.
  SOFT_DELETED: 'absent',
};

const TABLES: readonly Expected[] = [
  {
    name: 'servers, by their status alone',
    source: SERVERS,
    to: 'Machine',
    words: STATUSES,
    table: MACHINE,
    read: (word) => machineState(server(word, null, 0)),
  },
  {
    // What leaves the state as it is has the state of the status, ACTIVE here.
    name: 'servers, by their task',
    source: 'https://github.com/openstack/nova/blob/master/nova/compute/task_states.py',
    to: 'Machine',
    words: {
      scheduling: 'STARTED',
      block_device_mapping: 'STARTED',
      networking: 'STARTED',
      spawning: 'STARTED',
      image_snapshot: 'STARTED',
      image_snapshot_pending: 'STARTED',
      image_pending_upload: 'STARTED',
      image_uploading: 'STARTED',
      image_backup: 'STARTED',
      updating_password: 'STARTED',
      resize_prep: 'STARTED',
      resize_migrating: 'STARTED',
      resize_migrated: 'STARTED',
      resize_finish: 'STARTED',
      resize_reverting: 'STARTED',
      resize_confirming: 'STARTED',
      rebooting: 'STOPPING',
      reboot_pending: 'STOPPING',
      reboot_started: 'STARTING',
      rebooting_hard: 'STOPPING',
      reboot_pending_hard: 'STOPPING',
      reboot_started_hard: 'STARTING',
      pausing: 'PAUSING',
      unpausing: 'STARTING',
      suspending: 'SUSPENDING',
      resuming: 'STARTING',
      'powering-off': 'STOPPING',
      'powering-on': 'STARTING',
      rescuing: 'STARTED',
      unrescuing: 'STARTED',
      rebuilding: 'RESTORING',
      rebuild_block_device_mapping: 'RESTORING',
      rebuild_spawning: 'RESTORING',
      migrating: 'STARTED',
      deleting: 'DELETING',
      'soft-deleting': 'DELETING',
      restoring: 'STARTED',
      shelving: 'STOPPING',
      shelving_image_pending_upload: 'STOPPING',
      shelving_image_uploading: 'STOPPING',
      shelving_offloading: 'STOPPING',
      unshelving: 'STARTING',
    },
    table: TASK,
    read: (word) => machineState(server('ACTIVE', word, 1)),
    unknown: () => ({ state: 'STARTED' }),
  },
  {
    name: 'servers that are moved, by their power',
    source: 'https://docs.openstack.org/api-ref/compute/#show-server-details',
    to: 'Machine',
    words: { 0: 'STARTED', 1: 'STARTED', 3: 'PAUSED', 4: 'STOPPED', 6: 'ERROR', 7: 'SUSPENDED' },
    table: POWER,
    read: (word) => machineState(server('MIGRATING', null, word as unknown as number)),
    unknown: () => ({ state: 'STARTED' }),
  },
  {
    name: 'images',
    source: 'https://docs.openstack.org/glance/latest/user/statuses.html',
    to: 'MachineImage',
    words: {
      queued: 'CREATING',
      saving: 'CREATING',
      uploading: 'CREATING',
      importing: 'CREATING',
      active: 'AVAILABLE',
      // Nobody but an administrator may use its data.
      deactivated: 'ERROR',
      killed: 'ERROR',
      deleted: 'absent',
      pending_delete: 'absent',
    },
    table: IMAGE,
    read: imageState,
  },
  {
    // What works on an existing volume leaves it AVAILABLE, but for what reads it for an image or a backup (5.15.1).
    name: 'volumes',
    source: `${CINDER}#volumes-volumes`,
    to: 'Volume',
    words: {
      creating: 'CREATING',
      downloading: 'CREATING',
      managing: 'CREATING',
      'restoring-backup': 'CREATING',
      available: 'AVAILABLE',
      reserved: 'AVAILABLE',
      attaching: 'AVAILABLE',
      detaching: 'AVAILABLE',
      'in-use': 'AVAILABLE',
      maintenance: 'AVAILABLE',
      'awaiting-transfer': 'AVAILABLE',
      retyping: 'AVAILABLE',
      extending: 'AVAILABLE',
      reverting: 'AVAILABLE',
      // The backup failed, not the volume.
      'error_backing-up': 'AVAILABLE',
      'backing-up': 'CAPTURING',
      uploading: 'CAPTURING',
      deleting: 'DELETING',
      unmanaging: 'DELETING',
      deleted: 'absent',
      error: 'ERROR',
      error_deleting: 'ERROR',
      error_extending: 'ERROR',
      error_restoring: 'ERROR',
      error_managing: 'ERROR',
      error_attaching: 'ERROR',
      error_detaching: 'ERROR',
    },
    table: VOLUME,
    read: (word) => reading(VOLUME, word),
  },
  {
    name: 'snapshots of volumes',
    source: `${CINDER}#volume-snapshots-snapshots`,
    to: 'VolumeImage',
    words: {
      creating: 'CREATING',
      available: 'AVAILABLE',
      updating: 'AVAILABLE',
      'backing-up': 'AVAILABLE',
      restoring: 'AVAILABLE',
      deleting: 'DELETING',
      unmanaging: 'DELETING',
      deleted: 'absent',
      error: 'ERROR',
      error_deleting: 'ERROR',
    },
    table: SNAPSHOT,
    read: (word) => reading(SNAPSHOT, word),
  },
  {
    name: 'networks that are switched on',
    source: `${NEUTRON}#networks`,
    to: 'Network',
    words: { ACTIVE: 'STARTED', BUILD: 'CREATING', DOWN: 'STOPPED', ERROR: 'ERROR' },
    table: NETWORK,
    read: (status) => switchState(NETWORK, { admin_state_up: true, status }),
  },
  {
    // DOWN, BUILD and N/A are said of ports that nothing is plugged into yet: they are there to be used.
    name: 'ports that are switched on',
    source: `${NEUTRON}#ports`,
    to: 'NetworkPort',
    words: { ACTIVE: 'STARTED', DOWN: 'STARTED', BUILD: 'STARTED', 'N/A': 'STARTED', ERROR: 'ERROR' },
    table: PORT,
    read: (status) => switchState(PORT, { admin_state_up: true, status }),
  },
  {
    name: 'names of Neutron’s errors',
    source: 'https://docs.openstack.org/neutron-lib/latest/reference/modules/neutron_lib.exceptions.html',
    to: ['forbidden', 'conflict', 'quota', 'unsupported', 'busy', 'auth', 'invalid', 'unavailable', 'throttled', 'timeout'],
    words: {
      OverQuota: 'quota',
      IpAddressGenerationFailure: 'quota',
      NoMoreNetworksException: 'quota',
      NoNetworkAvailable: 'quota',
      ExternalIpAddressExhausted: 'quota',
      SubnetPoolQuotaExceeded: 'quota',
      // No router leads from the port's network to the floating IP's: make one first.
      ExternalGatewayForFloatingIPNotFound: 'conflict',
      PolicyNotAuthorized: 'forbidden',
      // An extension that is not installed has no such path.
      HTTPNotFound: 'unsupported',
      RouterInterfaceAttachmentConflict: 'busy',
      ConcurrentPortUpdate: 'busy',
    },
    table: TYPES,
    // Statuses that no rule knows, each of another kind where the name does not decide.
    read: (word) => {
      const [kind, other] = [kindOf(418, word, '', undefined), kindOf(500, word, '', undefined)];
      return { state: kind === other ? kind : 'told by the status' };
    },
    unknown: () => ({ state: 'told by the status' }),
  },
];

tableTests('openstack', TABLES);

const statuses = (...those: readonly string[]) =>
  Object.fromEntries(Object.keys(STATUSES).map((status) => [status, those.includes(status)]));
const volumes = TABLES.find(({ name }) => name === 'volumes')?.words ?? {};

listTests('openstack', [
  {
    // VERIFY_RESIZE waits for somebody to confirm it.
    name: 'statuses that Nova leaves by itself',
    source: SERVERS,
    words: statuses('BUILD', 'REBOOT', 'HARD_REBOOT', 'REBUILD', 'RESIZE', 'REVERT_RESIZE', 'MIGRATING', 'PASSWORD'),
    list: PASSING,
  },
  { name: 'statuses of a size that is being changed', source: SERVERS, words: statuses('RESIZE', 'REVERT_RESIZE'), list: RESIZING },
  {
    name: 'statuses from which there is an action that starts a server',
    source: 'https://docs.openstack.org/api-ref/compute/#servers-run-an-action-servers-action',
    words: statuses('SHUTOFF', 'PAUSED', 'SUSPENDED', 'SHELVED', 'SHELVED_OFFLOADED'),
    list: Object.keys(STARTS),
  },
  {
    name: 'statuses of a volume that is about to be in use',
    source: `${CINDER}#volumes-volumes`,
    words: Object.fromEntries(Object.keys(volumes).map((status) => [status, status === 'reserved' || status === 'attaching'])),
    list: ATTACHING,
  },
  // The preconditions of Nova's actions reboot, pause, suspend, rebuild and createImage.
  ...Object.entries({
    restart: ['ACTIVE'],
    pause: ['ACTIVE'],
    suspend: ['ACTIVE'],
    restore: ['ACTIVE', 'SHUTOFF', 'ERROR'],
    capture: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'],
    snapshot: ['ACTIVE', 'SHUTOFF', 'PAUSED', 'SUSPENDED'],
  }).map(([action, those]) => ({
    name: `statuses in which Nova takes ${action}`,
    source: 'https://docs.openstack.org/api-ref/compute/#servers-run-an-action-servers-action',
    words: statuses(...those),
    list: ACTION_STATUSES[action] ?? [],
  })),
]);

test('openstack: no other action depends on the status', () => {
  expect(Object.keys(ACTION_STATUSES).sort()).toEqual(['capture', 'pause', 'restart', 'restore', 'snapshot', 'suspend']);
});

test('openstack: what is switched off is STOPPED, unless it is broken', () => {
  for (const [table, statuses] of [
    [NETWORK, ['ACTIVE', 'BUILD', 'DOWN']],
    [PORT, ['ACTIVE', 'BUILD', 'DOWN', 'N/A']],
  ] as const) {
    for (const status of statuses) expect(switchState(table, { admin_state_up: false, status })).toEqual({ state: 'STOPPED' });
    expect(switchState(table, { admin_state_up: false, status: 'ERROR' })).toEqual({ state: 'ERROR' });
    expect(switchState(table, { admin_state_up: false, status: 'melting' })).toEqual({ state: 'ERROR', unmapped: 'melting' });
  }
});

test('openstack: only of a server that changes its size or host the power tells the state', () => {
  const moving = ['RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'MIGRATING'];
  const off = (status: string) => machineState(server(status, null, 4)).state;
  expect(Object.keys(STATUSES).filter((status) => off(status) !== STATUSES[status])).toEqual(
    Object.keys(STATUSES).filter((status) => moving.includes(status)),
  );
  expect([...MOVING].sort()).toEqual([...moving].sort());
});

test('openstack: a task counts whatever the status, unless the server is gone', () => {
  for (const [status, state] of Object.entries(STATUSES)) {
    expect([status, machineState(server(status, 'deleting', 1)).state]).toEqual([status, state === 'absent' ? 'absent' : 'DELETING']);
  }
});

test('openstack: a server that crashed is in ERROR although Nova calls it ACTIVE', () => {
  expect(machineState(server('ACTIVE', null, 6))).toEqual({ state: 'ERROR' });
  expect(machineState(server('SHUTOFF', null, 6))).toEqual({ state: 'STOPPED' });
});
