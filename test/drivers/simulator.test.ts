import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatorControl } from '../../drivers/simulator/control';
import { foreignInstance, openControl } from '../../drivers/simulator/control';
import { driver as simulator } from '../../drivers/simulator/index';
import { QUESTIONS } from '../../drivers/simulator/meters';
import { optionsSchema } from '../../drivers/simulator/options';
import { BLOCK_VOLUME } from '../../src/model/volume';
import type { Thing } from '../../drivers/simulator/things';
import type { DriverModule, ListedGroup } from '../../src/clouds/driver';
import { GROUPS } from '../../src/clouds/driver';
import { gibToKb, kbToGib } from '../../src/model/units';
import { driverContract } from './contract';
import { type Counterpart, shapeOf } from './counterpart';

const QUICK = { create: 40, start: 30, stop: 30, pause: 20, suspend: 20, restart: 30, restore: 30, delete: 30, capture: 30 };
const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIq0e8kB1x6mHqGd0e7w5t1cM3o0vDgOa3ZyRr3nJ7Xk contract';
const PAGE = 3;
const HOUR = 3_600_000;
const OFFERED = Object.keys(GROUPS) as ListedGroup[];
const OWN_KINDS = ['disk', 'volume', 'copy', 'attachment', 'net', 'port', 'nic', 'address', 'router'] as const;
/** Things made elsewhere, to fill pages with. */
function filler(group: ListedGroup, index: number): Thing {
  const id = `filler-${group}-${index}`;
  const madeAt = Date.now();
  const marks = { madeAt, tag: null, token: null };
  const named = { id, label: id, note: null, labels: {}, ...marks };
  const instance = 'vm-elsewhere';
  const within = (phase: string) => ({ timeline: [{ phase, from: madeAt }] });
  const things: { [G in ListedGroup]: () => Thing } = {
    machines: () => foreignInstance(id),
    machineConfigs: () => ({ kind: 'shape', id, label: id, vcpus: 1, memoryMiB: 512, disksGiB: [1], arch: 'x86_64' }),
    machineImages: () => ({
      ...{ kind: 'snapshot', ...named, holds: 'disk', builtin: false, arch: 'x86_64', parent: null, power: null },
      ...within('ready'),
    }),
    disks: () => ({ kind: 'disk', id, instance, sizeGiB: 1, path: '/dev/vdz', boot: false, ...marks }),
    attachments: () => ({ kind: 'attachment', id, instance, volume: 'vol-elsewhere', path: '/dev/vdy', ...marks }),
    interfaces: () => ({
      kind: 'nic',
      id,
      instance,
      net: 'net-dmz',
      port: null,
      mode: 'active',
      mac: '02:00:00:00:00:01',
      mtu: 1500,
      ...marks,
    }),
    volumes: () => ({
      ...{ kind: 'volume', ...named, sizeGiB: 1, grade: BLOCK_VOLUME, format: null, bootable: false, copy: null, holder: null },
      ...within('ready'),
    }),
    volumeConfigs: () => ({ kind: 'volumePlan', id, label: id, note: id, sizeGiB: 1, grade: BLOCK_VOLUME, format: null }),
    volumeImages: () => ({ kind: 'copy', ...named, sizeGiB: 1, grade: BLOCK_VOLUME, bootable: false, ...within('ready') }),
    networks: () => ({
      ...{ kind: 'net', ...named, builtin: false, reach: 'private', block: 99, mtu: 1500, quality: null, router: null },
      ...within('up'),
    }),
    networkConfigs: () => ({ kind: 'netPlan', id, label: id, note: id, reach: 'private', mtu: 1500, quality: 'GOLD' }),
    networkPorts: () => ({ kind: 'port', ...named, net: 'net-dmz', mode: 'access', quality: 'GOLD', ...within('up') }),
    addresses: () => ({
      ...{ kind: 'address', ...named, ip: `10.1.200.${index}`, family: 4, net: 'net-dmz', fixed: true, host: null, mask: '255.255.0.0' },
      ...{ gateway: '10.1.0.1', resolvers: [], nic: null, instance: null },
    }),
    forwardingGroups: () => ({ kind: 'router', ...named, builtin: false }),
  };
  return things[group]();
}

function populate(control: SimulatorControl, group: ListedGroup, count: number): () => Promise<void> {
  const things = Array.from({ length: count }, (_, index) => filler(group, index));
  control.add(things);
  return async () => control.remove(things);
}

async function start(settings: { [option: string]: unknown } = {}): Promise<Counterpart> {
  const dataDir = mkdtempSync(join(tmpdir(), 'simulator-'));
  const options = { delays: QUICK, pageSize: PAGE, ...settings };
  const driver = await simulator.connect(optionsSchema.parse(options), { dataDir, warn: () => undefined });
  const control = openControl(join(dataDir, 'simulator.sqlite'));
  return {
    driver,
    module: simulator as DriverModule,
    options,
    fixtures: {
      config: 's1.small',
      otherConfig: 's1.large',
      image: 'img-debian-12',
      missing: { machines: 'vm-000000000000', machineConfigs: 's9.none', machineImages: 'img-none' },
      publicKey: PUBLIC_KEY,
    },
    pageSize: Object.fromEntries(OFFERED.map((group) => [group, PAGE])),
    populate: async (group, count) => populate(control, group, count),
    calls: async () => control.totalCalls(),
    loseAnswer: async (method) => control.fail({ method, kind: 'timeout', message: 'the connection was reset', afterEffect: true }),
    failNextRead: async (kind) => control.fail({ method: 'machines.list', kind, message: `made ${kind}` }),
    provokes: ['auth', 'forbidden', 'conflict', 'quota', 'throttled', 'invalid', 'unavailable', 'timeout', 'unsupported'],
    strangeState: async (machine) => control.setPhase(machine, 'levitating'),
    units: [{ name: 'capacity in GiB', request: kbToGib, report: gibToKb, range: { min: 1, max: 16_384 } }],
    monitoring: {
      async measured(machine) {
        const [instance] = control.things('instance').filter(({ id }) => id === machine);
        const upTo = Date.now();
        if (instance) control.add([{ ...instance, launchedAt: upTo - HOUR, timeline: [{ phase: 'running', from: upTo - HOUR }] }]);
        return { after: upTo - HOUR / 6, upTo };
      },
      calls: (queries) => Math.ceil(queries.length / QUESTIONS),
      async tell(machine) {
        control.tell({ kind: 'alarm', code: 'HostDegraded', thing: { kind: 'instance', id: machine }, severity: 'high' });
        return { code: 'HostDegraded' };
      },
    },
    async leftovers() {
      const things = [...control.instances(), ...control.snapshots()].map(({ id, phase }) => `${id} (${phase})`);
      const others = OWN_KINDS.flatMap((kind): (Thing & { builtin?: boolean })[] => control.things(kind)).filter(({ builtin }) => !builtin);
      return [...things, ...control.keyPairs(), ...others.map(({ kind, id }) => `${kind} ${id}`)];
    },
    async stop() {
      control.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

describe.each([
  ['simulator', {}],
  ['simulator, new things showing late', { visibilityDelayMs: 60, lingerMs: 0 }],
  ['simulator, with events of one thing alone', { eventsOfOne: true, meterResolution: 20, meterDelay: 40 }],
  ['simulator, answering with tasks', { tasks: true, visibilityDelayMs: 60 }],
])('%s', (name, settings) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'simulator-shape-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));
  driverContract(name, { start: () => start(settings), shape: shapeOf(simulator, settings, dataDir) });
});
