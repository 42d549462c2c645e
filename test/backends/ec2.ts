import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
  type Image,
  RegisterImageCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  DeregisterImageCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CLOUDWATCH, measure, type Measured } from './cloudwatch';
import { networkLeftovers } from './ec2-network-left';
import { type FaultProxy, startFaultProxy } from './fault-proxy';
import { type Moto, startMoto } from './moto';
import { type RootVolumeTasks, rootVolumeTasks } from './root-volume-tasks';

/** An EC2 account for tests: moto, the fault proxy in front of it, and a client of the test's own that goes past the proxy. */
export interface Ec2Account {
  /** URL for the driver: that of the proxy. */
  url: string;
  /** The moto server itself. */
  moto: Moto;
  proxy: FaultProxy;
  tasks: RootVolumeTasks;
  direct: EC2Client;
  /** Words for each thing left in the account that a gateway could have made. */
  leftovers(): Promise<string[]>;
  /** Launches instances past the proxy; answers their ids. */
  launch(count: number, more?: Partial<RunInstancesCommandInput>): Promise<string[]>;
  terminate(ids: readonly string[]): Promise<void>;
  register(count: number): Promise<string[]>;
  /** Leaves points that AWS would have measured by itself. */
  measure(...all: Measured[]): Promise<void>;
  deregister(ids: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Image of images.json that the tests use. */
export const TEST_IMAGE = 'ami-0c1a1f00000000001';
export const TEST_REGION = 'us-east-1';
export const TEST_KEYS = Object.freeze({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'test-secret' });

export interface Ec2AccountOptions {
  /** Moto's own list of some 1,200 images instead of our three (DescribeImages then takes a second). */
  fullImages?: boolean;
  /** AWS's own list of 1,400 instance types instead of forty (DescribeInstanceTypes then takes four seconds). */
  fullTypes?: boolean;
}

/** Starts moto and the proxy, set to behave as AWS does where moto does not: tokens, wrong states, pages, root volume tasks. */
export async function startEc2(options: Ec2AccountOptions = {}): Promise<Ec2Account> {
  const { fullTypes = false, ...more } = options;
  const moto = await startMoto(more);
  const proxy = await startFaultProxy(moto.url);
  const metrics = { ...CLOUDWATCH };
  Object.assign(proxy.manners, { clientTokens: true, strictStates: true, storage: true, networks: true, pages: true, metrics });
  proxy.manners.fewTypes = !fullTypes;
  const direct = new EC2Client({ region: TEST_REGION, endpoint: moto.url, credentials: { ...TEST_KEYS } });
  return {
    url: proxy.url,
    moto,
    proxy,
    tasks: rootVolumeTasks(proxy),
    direct,
    leftovers: () => leftovers(direct),
    launch: async (count, more = {}) => {
      const input = { ImageId: TEST_IMAGE, InstanceType: 't3.micro' as const, MinCount: 1, MaxCount: 1, ...more };
      const made = await Promise.all(Array.from({ length: count }, () => direct.send(new RunInstancesCommand(input))));
      return made.flatMap((answer) => answer.Instances?.[0]?.InstanceId ?? []);
    },
    terminate: async (ids) => {
      await direct.send(new TerminateInstancesCommand({ InstanceIds: [...ids] }));
    },
    register: async (count) => {
      const names = Array.from({ length: count }, (_, n) => `registered-${Date.now()}-${n}`);
      const made = await Promise.all(names.map((Name) => direct.send(new RegisterImageCommand({ Name }))));
      return made.flatMap((answer) => answer.ImageId ?? []);
    },
    measure: (...all) => measure(moto.url, { region: TEST_REGION, credentials: { ...TEST_KEYS } }, all),
    deregister: async (ids) => {
      await Promise.all(ids.map((ImageId) => direct.send(new DeregisterImageCommand({ ImageId }))));
    },
    stop: async () => {
      direct.destroy();
      await proxy.stop();
      await moto.stop();
    },
  };
}

async function leftovers(direct: EC2Client): Promise<string[]> {
  const instances = (await direct.send(new DescribeInstancesCommand({ MaxResults: 1000 }))).Reservations ?? [];
  const alive = instances.flatMap((r) => r.Instances ?? []).filter((instance) => instance.State?.Name !== 'terminated');
  const images: Image[] = (await direct.send(new DescribeImagesCommand({ Owners: ['self'] }))).Images ?? [];
  const keys = (await direct.send(new DescribeKeyPairsCommand({}))).KeyPairs ?? [];
  const snapshots = (await direct.send(new DescribeSnapshotsCommand({}))).Snapshots ?? [];
  const volumes = (await direct.send(new DescribeVolumesCommand({}))).Volumes ?? [];
  return [
    ...alive.map((instance) => `instance ${instance.InstanceId}`),
    ...images.map((image) => `image ${image.ImageId}`),
    ...keys.map((key) => `key pair ${key.KeyName}`),
    // Moto makes a snapshot for each image that it has or that is registered, and keeps it.
    ...snapshots.filter((s) => s.Description?.startsWith('Auto-created') !== true).map((s) => `snapshot ${s.SnapshotId}`),
    // What is attached is named by its instance.
    ...volumes.filter((volume) => volume.Attachments?.length === 0).map((volume) => `volume ${volume.VolumeId}`),
    ...(await networkLeftovers(direct)),
  ];
}
