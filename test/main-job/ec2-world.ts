import { DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import { type Ec2Account, startEc2, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { Client } from '../harness/client';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../harness/gateway';
import type { World } from './world';

/** Key of the cloud in the gateway's configuration. */
export const CLOUD = 'aws';
export const SETTLE_MS = 1500;

/** The gateway in front of an EC2 account of the test's own. */
export interface Ec2World extends World {
  account: Ec2Account;
  gateway: TestGateway;
  /** Instances that are not terminated, by EC2 itself. */
  alive(): Promise<Instance[]>;
  /** Stops the gateway (keeping its data unless `fresh`) and starts one again, on the same key for secrets. */
  restart(options?: { fresh?: boolean } & Pick<TestGatewayOptions, 'onBoundary'>): Promise<void>;
}

/** Configuration of the one cloud. */
export function ec2Config(
  account: Ec2Account,
  options: Record<string, unknown> = {},
  guard: Record<string, unknown> = {},
  cloud: Record<string, unknown> = {},
) {
  return {
    secrets: { key: Buffer.alloc(32, 7).toString('base64') },
    worker: { sweepMs: 200, leaseMs: 1000 },
    clouds: {
      [CLOUD]: {
        driver: 'ec2',
        ...cloud,
        guard: { cacheMs: 200, ...guard },
        options: {
          region: TEST_REGION,
          endpoint: account.url,
          cloudWatchEndpoint: account.url,
          ...TEST_KEYS,
          imageOwners: ['self', 'amazon', '099720109477', '801119661308'],
          settleMs: SETTLE_MS,
          ...options,
        },
      },
    },
  };
}

/** Starts moto, the proxy and a gateway. */
export async function startEc2World(
  more: { fullImages?: boolean; options?: Record<string, unknown>; guard?: Record<string, unknown>; cloud?: Record<string, unknown> } = {},
): Promise<Ec2World> {
  const account = await startEc2(more.fullImages === undefined ? {} : { fullImages: more.fullImages });
  const config = ec2Config(account, more.options, more.guard, more.cloud);
  let gateway = await startTestGateway({ config });
  const alive = async (): Promise<Instance[]> => {
    const answer = await account.direct.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
    const all = (answer.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
    return all.filter((instance) => instance.State?.Name !== 'terminated');
  };
  return {
    account,
    get gateway() {
      return gateway;
    },
    get client() {
      return new Client(gateway.base);
    },
    config: 't3.micro',
    image: 'debian-12-amd64',
    alive,
    instances: async () => (await alive()).flatMap((instance) => instance.InstanceId ?? []),
    leftovers: () => account.leftovers(),
    restart: async ({ fresh = false, ...options } = {}) => {
      await gateway.stop({ keepData: !fresh });
      gateway = await startTestGateway({ config, ...(fresh ? {} : { dataDir: gateway.dataDir }), ...options });
    },
    stop: async () => {
      await gateway.stop();
      await account.stop();
    },
  };
}
