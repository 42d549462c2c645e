import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeImagesCommand, DescribeInstancesCommand, DescribeVolumesCommand } from '@aws-sdk/client-ec2';
import { openControl } from '../../drivers/simulator/control';
import type { SimulatorOptions } from '../../drivers/simulator/options';
import { startEc2 } from '../backends/ec2';
import { startVsphere } from '../backends/vsphere';
import { CLOUD, ec2Config } from '../main-job/ec2-world';
import type { Random } from './random';

/** Clouds of a world of chaos, each with what may befall it and a view past every gateway. */

export type MachineState = 'STARTED' | 'STOPPED';

/** Things at a provider. */
export interface There {
  machines: MachineState[];
  images: number;
  /** Volumes that no machine came with. */
  volumes: number;
}

export interface ChaosCloud {
  readonly key: string;
  /** Entry of the configuration, without the guard. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the size and the image of machines. */
  readonly machineConfig: string;
  readonly machineImage: string;
  /** True where a snapshot of a machine goes with it: none are taken there. */
  readonly snapshotsGo?: true;
  /** Folder of its data, which all processes share; undefined for a cloud of its own process. */
  readonly folder?: string;
  /** Lets the next call of a change take effect and loses its answer. */
  loseAnswer(random: Random): void;
  slow(): void;
  away(): void;
  /** Ends what befalls it. */
  calm(): void;
  there(): Promise<There>;
  stop(): Promise<void>;
}

type Start = (key: string, folder: string) => Promise<ChaosCloud>;

const DELAYS = { create: 200, start: 60, stop: 60, pause: 30, suspend: 30, restart: 60, restore: 60, delete: 60, capture: 100 };
const CHANGES = ['machines.create', 'machines.stop', 'machines.delete', 'machineImages.capture', 'volumes.create', 'volumes.delete'];

function simulator(options: Partial<SimulatorOptions>): Start {
  return (key, path) => {
    const folder = join(path, 'clouds', key);
    mkdirSync(folder, { recursive: true });
    const control = openControl(join(folder, 'simulator.sqlite'));
    return Promise.resolve({
      key,
      folder,
      config: { driver: 'simulator', options: { delays: DELAYS, ...options } },
      machineConfig: 'Small',
      machineImage: 'Debian 12',
      loseAnswer: (random) => control.fail({ method: random.of(CHANGES), kind: 'timeout', afterEffect: true }),
      slow: () => control.fail({ method: '*', delayMs: 2_000, times: 3 }),
      away: () => control.fail({ method: '*', kind: 'unavailable', message: 'maintenance', times: 6 }),
      calm: () => control.clearFailures(),
      there: () =>
        Promise.resolve({
          machines: control.instances().map(({ phase }) => (phase === 'running' ? 'STARTED' : 'STOPPED')),
          images: control.snapshots().length,
          volumes: control.things('volume').filter(({ holder }) => holder === null).length,
        }),
      stop: () => Promise.resolve(control.close()),
    });
  };
}

/** Names by which tests find what they launch (test/backends/images.json). */
const EC2_IMAGE = 'debian-12-amd64';
const EC2_CHANGES = [
  'RunInstances',
  'StartInstances',
  'StopInstances',
  'TerminateInstances',
  'CreateImage',
  'CreateVolume',
  'DeleteVolume',
];

/** EC2 by moto, which shows new instances late. */
const ec2: Start = async (key) => {
  const account = await startEc2();
  const { proxy, direct } = account;
  proxy.manners.hiddenMs = 300;
  const rules: (() => void)[] = [];
  return {
    key,
    config: ec2Config(account).clouds[CLOUD],
    machineConfig: 't3.micro',
    machineImage: EC2_IMAGE,
    loseAnswer: (random) => void rules.push(proxy.add({ action: random.of(EC2_CHANGES), drop: 'after', times: 1 })),
    slow: () => void rules.push(proxy.add({ delayMs: 2_000, times: 3 })),
    away: () => void rules.push(proxy.add({ fail: { code: 'Unavailable', status: 503 }, times: 6 })),
    calm: () => rules.splice(0).forEach((takeBack) => takeBack()),
    async there() {
      const { Reservations = [] } = await direct.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
      const states = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ State }) => State?.Name);
      const { Images = [] } = await direct.send(new DescribeImagesCommand({ Owners: ['self'] }));
      const { Volumes = [] } = await direct.send(new DescribeVolumesCommand({}));
      return {
        machines: states.filter((state) => state !== 'terminated').map((state) => (state === 'running' ? 'STARTED' : 'STOPPED')),
        images: Images.length,
        volumes: Volumes.filter(({ Attachments = [] }) => Attachments.length === 0).length,
      };
    },
    stop: () => account.stop(),
  };
};

const VSPHERE_CHANGES = [
  'CloneVM_Task',
  'PowerOnVM_Task',
  'PowerOffVM_Task',
  'Destroy_Task',
  'CreateDisk_Task',
  'DeleteVStorageObject_Task',
];

/** A vCenter by vcsim, with nothing in it but a template. */
const vsphere: Start = async (key) => {
  const account = await startVsphere({ machines: 1, templates: 1 });
  const { proxy } = account;
  const rules: (() => void)[] = [];
  const begun = (await account.machines()).filter(({ template }) => template).length;
  return {
    key,
    config: { driver: 'vsphere', options: { ...account.options, settleMs: 500 } },
    machineConfig: 'small',
    machineImage: 'template-0',
    snapshotsGo: true,
    loseAnswer: (random) => void rules.push(proxy.add({ method: random.of(VSPHERE_CHANGES), drop: 'after', times: 1 })),
    slow: () => void rules.push(proxy.add({ delayMs: 2_000, times: 3 })),
    away: () => void rules.push(proxy.add({ answer: { status: 503, body: 'maintenance' }, times: 6 })),
    calm: () => rules.splice(0).forEach((takeBack) => takeBack()),
    async there() {
      const machines = await account.read(['config.template', 'runtime.powerState']);
      const own = machines.filter((text) => !/>true<\/val>/.test(text));
      return {
        machines: own.map((text) => (text.includes('poweredOn') ? 'STARTED' : 'STOPPED')),
        images: machines.length - own.length - begun,
        volumes: (await account.fcds()).length,
      };
    },
    stop: () => account.stop(),
  };
};

const STARTS = {
  /** One as it should be. */
  calm: simulator({}),
  /** One that forgets tokens and shows late. */
  worst: simulator({ ignoreTokens: true, visibilityDelayMs: 150 }),
  /** One that answers by tasks. */
  tasks: simulator({ tasks: true, ignoreTokens: true }),
  ec2,
  vsphere,
} as const satisfies Record<string, Start>;

export type CloudKey = keyof typeof STARTS;
export const SIMULATED: readonly CloudKey[] = ['calm', 'worst', 'tasks'];

/** Takes names of clouds. @throws Error in words for one that is not known */
export function cloudKeysOf(names: readonly string[]): CloudKey[] {
  return names.map((name) => {
    if (!Object.hasOwn(STARTS, name)) throw new Error(`there is no cloud ${name} for chaos; there are ${Object.keys(STARTS).join(', ')}`);
    return name as CloudKey;
  });
}

/** Starts a cloud. @param folder of the run, where a simulated one keeps its data */
export const startCloud = (key: CloudKey, folder: string): Promise<ChaosCloud> => STARTS[key](key, folder);
