import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Thing } from '../../drivers/simulator/things';
import type { SimulatorControl } from '../../drivers/simulator/control';
import { foreignInstance, openControl } from '../../drivers/simulator/control';
import { driver as simulator } from '../../drivers/simulator/index';
import { optionsSchema } from '../../drivers/simulator/options';
import { MACHINE_STATES } from '../../drivers/simulator/states';
import type { DriverModule, ListedGroup } from '../../src/clouds/driver';
import { driverContract } from './contract';
import type { Counterpart } from './counterpart';

const QUICK = { create: 40, start: 30, stop: 30, pause: 20, suspend: 20, restart: 30, restore: 30, delete: 30, capture: 30 };
const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIq0e8kB1x6mHqGd0e7w5t1cM3o0vDgOa3ZyRr3nJ7Xk contract';
const PAGE = 3;
const PHASES = [
  ...['pending', 'booting', 'running', 'stopping', 'stopped', 'pausing', 'paused'],
  ...['suspending', 'suspended', 'restoring', 'terminating', 'failed', 'gone'],
];

/** Things made elsewhere, to fill pages with. */
function filler(group: ListedGroup, index: number): Thing {
  const id = `filler-${group}-${index}`;
  const madeAt = Date.now();
  if (group === 'machines') return foreignInstance(id);
  if (group === 'networks') return { kind: 'net', id, label: id, reach: 'private' };
  if (group === 'machineConfigs') return { kind: 'shape', id, label: id, vcpus: 1, memoryMiB: 512, disksGiB: [1], arch: 'x86_64' };
  return {
    ...{ kind: 'snapshot', id, label: id, note: null, labels: {}, holds: 'disk', builtin: false, arch: 'x86_64', parent: null },
    ...{ power: null, timeline: [{ phase: 'ready', from: madeAt }], madeAt, tag: null, token: null },
  };
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
      missing: { machines: 'vm-000000000000', machineConfigs: 's9.none', machineImages: 'img-none', networks: 'net-none' },
      publicKey: PUBLIC_KEY,
    },
    pageSize: { machines: PAGE, machineConfigs: PAGE, machineImages: PAGE, networks: PAGE },
    populate: async (group, count) => populate(control, group, count),
    calls: async () => control.totalCalls(),
    loseAnswer: async (method) => control.fail({ method, kind: 'timeout', message: 'the connection was reset', afterEffect: true }),
    failNextRead: async (kind) => control.fail({ method: 'machines.list', kind, message: `made ${kind}` }),
    provokes: ['auth', 'forbidden', 'notFound', 'conflict', 'quota', 'throttled', 'invalid', 'unavailable', 'timeout', 'unsupported'],
    strangeState: async (machine) => control.setPhase(machine, 'levitating'),
    machineStates: Object.fromEntries(PHASES.map((phase) => [phase, MACHINE_STATES[phase]])),
    units: [],
    async leftovers() {
      const things = [...control.instances(), ...control.snapshots()].map(({ id, phase }) => `${id} (${phase})`);
      return [...things, ...control.keyPairs()];
    },
    async stop() {
      control.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

const NO_UNITS = {
  test: 'units: a request is never rounded down, and putting back what was reported changes nothing',
  reason: 'sizes are asked for by the key of a configuration only, so none is ever converted on the way in',
};

driverContract('simulator', { start, skips: [NO_UNITS] });
driverContract('simulator, new things showing late', { start: () => start({ visibilityDelayMs: 60, lingerMs: 0 }), skips: [NO_UNITS] });
