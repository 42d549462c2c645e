import type { VcsimSize } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { Client } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import type { World } from './world';

/** Key of the cloud in the gateway's configuration. */
export const CLOUD = 'vc';

/** The gateway in front of a vCenter of the test's own. */
export interface VsphereWorld extends World {
  account: VsphereAccount;
  gateway: TestGateway;
}

/** Starts the simulator, the proxy and a gateway. Without sizes: nothing in it but a template. */
export async function startVsphereWorld(
  size: VcsimSize = { machines: 1, templates: 1 },
  options: Record<string, unknown> = {},
): Promise<VsphereWorld> {
  const account = await startVsphere(size);
  const config = {
    secrets: { key: Buffer.alloc(32, 7).toString('base64') },
    worker: { sweepMs: 200, leaseMs: 1000 },
    clouds: { [CLOUD]: { driver: 'vsphere', guard: { cacheMs: 200 }, options: { ...account.options, settleMs: 500, ...options } } },
  };
  const gateway = await startTestGateway({ config });
  return {
    account,
    gateway,
    client: new Client(gateway.base),
    config: 'small',
    image: 'template-0',
    keepsKeys: false,
    restoresImages: false,
    instances: async () => (await account.machines()).filter(({ template }) => !template).map(({ key }) => key),
    leftovers: () => account.leftovers(),
    stop: async () => {
      await gateway.stop();
      await account.stop();
    },
  };
}
