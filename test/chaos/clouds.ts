import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeAddressesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { openControl } from '../../drivers/simulator/control';
import type { SimulatorOptions } from '../../drivers/simulator/options';
import { startEc2 } from '../backends/ec2';
import { startVsphere } from '../backends/vsphere';
import { portgroupsOf } from '../backends/vsphere-networks';
import { CLOUD, ec2Config } from '../main-job/ec2-world';
import { KINDS, type Kind } from './expected';
import { openstack } from './openstack-cloud';
import type { Random } from './random';

/** Clouds of a world of chaos, each with what may befall it and a view past every gateway. */

export type MachineState = 'STARTED' | 'STOPPED';

/** Things at a provider. */
export interface There {
  /** State of each machine that is no template. */
  states: MachineState[];
  /** Number of each kind; of volumes those that no machine came with. */
  counts: Partial<Record<Kind, number>>;
  /** Number of key pairs; undefined where they are not counted. */
  keys?: number;
}

export interface ChaosCloud {
  readonly key: string;
  /** Entry of the configuration, without the guard. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Time after which a call counts as never answered, ms; 4,000 if absent. */
  readonly deadlineMs?: number;
  /** Names of the size and the image of machines. */
  readonly machineConfig: string;
  readonly machineImage: string;
  /** Kinds that clients make there. */
  readonly makes: readonly Kind[];
  /** Kinds of which machines come with some that are listed, besides addresses. */
  readonly comeWith?: readonly Kind[];
  /** True where it takes images whose bytes are elsewhere. */
  readonly takesUploads?: true;
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

export type Start = (key: string, folder: string) => Promise<ChaosCloud>;

const DELAYS = { create: 200, start: 60, stop: 60, pause: 30, suspend: 30, restart: 60, restore: 60, delete: 60, capture: 100 };
const CHANGES = [
  ...['machines.create', 'machines.stop', 'machines.delete', 'machineImages.capture', 'machineImages.delete'],
  ...['volumes', 'networks', 'networkPorts', 'forwardingGroups', 'addresses'].flatMap((group) => [`${group}.create`, `${group}.delete`]),
];

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
      makes: KINDS,
      takesUploads: true,
      loseAnswer: (random) => control.fail({ method: random.of(CHANGES), kind: 'timeout', afterEffect: true }),
      slow: () => control.fail({ method: '*', delayMs: 2_000, times: 3 }),
      away: () => control.fail({ method: '*', kind: 'unavailable', message: 'maintenance', times: 6 }),
      calm: () => control.clearFailures(),
      there() {
        const instances = control.instances();
        return Promise.resolve({
          keys: control.keyPairs().length,
          states: instances.map(({ phase }): MachineState => (phase === 'running' ? 'STARTED' : 'STOPPED')),
          counts: {
            machines: instances.length,
            machineImages: control.snapshots().length,
            volumes: control.things('volume').filter(({ holder }) => holder === null).length,
            networks: control.things('net').length,
            networkPorts: control.things('port').length,
            forwardingGroups: control.things('router').length,
            addresses: control.things('address').filter(({ fixed }) => fixed).length,
          },
        });
      },
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
  'CreateVpc',
  'DeleteVpc',
  'CreateSubnet',
  'DeleteSubnet',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'AllocateAddress',
  'ReleaseAddress',
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
    makes: KINDS,
    loseAnswer: (random) => void rules.push(proxy.add({ action: random.of(EC2_CHANGES), drop: 'after', times: 1 })),
    slow: () => void rules.push(proxy.add({ delayMs: 2_000, times: 3 })),
    away: () => void rules.push(proxy.add({ fail: { code: 'Unavailable', status: 503 }, times: 6 })),
    calm: () => rules.splice(0).forEach((takeBack) => takeBack()),
    async there() {
      const { Reservations = [] } = await direct.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
      const names = Reservations.flatMap(({ Instances = [] }) => Instances).map(({ State }) => State?.Name);
      const states = names.filter((name) => name !== 'terminated').map((name) => (name === 'running' ? 'STARTED' : 'STOPPED'));
      const { Images = [] } = await direct.send(new DescribeImagesCommand({ Owners: ['self'] }));
      const { Volumes = [] } = await direct.send(new DescribeVolumesCommand({}));
      const { Subnets = [] } = await direct.send(new DescribeSubnetsCommand({}));
      const { Vpcs = [] } = await direct.send(new DescribeVpcsCommand({}));
      const { Addresses = [] } = await direct.send(new DescribeAddressesCommand({}));
      const { NetworkInterfaces = [] } = await direct.send(new DescribeNetworkInterfacesCommand({}));
      return {
        states,
        counts: {
          machines: states.length,
          machineImages: Images.length,
          volumes: Volumes.filter(({ Attachments = [] }) => Attachments.length === 0).length,
          networks: Subnets.length,
          forwardingGroups: Vpcs.length,
          addresses: Addresses.length,
          // Moto keeps the interfaces of instances that have ended; those that are made by themselves have tags.
          networkPorts: NetworkInterfaces.filter(({ Attachment, TagSet = [] }) => !Attachment || TagSet.length > 0).length,
        },
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
  'AddDVPortgroup_Task',
];

/** A vCenter by vcsim, with nothing in it but a template. */
const vsphere: Start = async (key) => {
  const account = await startVsphere({ machines: 1, templates: 1 });
  const { proxy } = account;
  const rules: (() => void)[] = [];
  return {
    key,
    config: { driver: 'vsphere', options: { ...account.options, settleMs: 500 } },
    machineConfig: 'small',
    machineImage: 'template-0',
    // A snapshot of a machine goes with it there.
    makes: ['machines', 'volumes', 'networks'],
    loseAnswer: (random) => void rules.push(proxy.add({ method: random.of(VSPHERE_CHANGES), drop: 'after', times: 1 })),
    slow: () => void rules.push(proxy.add({ delayMs: 2_000, times: 3 })),
    away: () => void rules.push(proxy.add({ answer: { status: 503, body: 'maintenance' }, times: 6 })),
    calm: () => rules.splice(0).forEach((takeBack) => takeBack()),
    async there() {
      const machines = await account.read(['config.template', 'runtime.powerState']);
      const own = machines.filter((text) => !/>true<\/val>/.test(text));
      return {
        states: own.map((text) => (text.includes('poweredOn') ? 'STARTED' : 'STOPPED')),
        counts: {
          machines: own.length,
          machineImages: machines.length - own.length,
          volumes: (await account.fcds()).length,
          networks: (await portgroupsOf((body) => account.call(body))).length,
        },
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
  openstack,
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

/** The same cloud, of whose things only those count that come from now on. */
export async function countedFromNow(cloud: ChaosCloud): Promise<ChaosCloud> {
  const first = await cloud.there();
  const less = ([kind, count]: [string, number]) => [kind, count - (first.counts[kind as Kind] ?? 0)] as const;
  return {
    ...cloud,
    async there() {
      const now = await cloud.there();
      return { ...now, counts: Object.fromEntries(Object.entries(now.counts).map(less)) };
    },
  };
}
