import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import { Client } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import type { World } from './world';

/** Key of the cloud in the gateway's configuration. */
export const CLOUD = 'private';

/** The gateway in front of an OpenStack project of the test's own. */
export interface OpenstackWorld extends World {
  account: OpenstackAccount;
  gateway: TestGateway;
}

/** Makes a project and starts a gateway in front of it. @param others other clouds of the same gateway */
export async function startOpenstackWorld(
  options: Record<string, unknown> = {},
  others: Record<string, unknown> = {},
): Promise<OpenstackWorld> {
  const account = await startOpenstackAccount();
  const config = {
    secrets: { key: Buffer.alloc(32, 7).toString('base64') },
    worker: { sweepMs: 500 },
    clouds: {
      [CLOUD]: {
        driver: 'openstack',
        guard: { cacheMs: 300 },
        options: { ...account.options, settleMs: 1000, ...options },
      },
      ...others,
    },
  };
  const gateway = await startTestGateway({ config });
  return {
    account,
    gateway,
    client: new Client(gateway.base),
    // The next one up is twice as large.
    config: 'm1.small',
    image: 'cirros',
    instances: () => account.servers(),
    leftovers: () => account.leftovers(),
    stop: async () => {
      await gateway.stop();
      await account.stop();
    },
  };
}
