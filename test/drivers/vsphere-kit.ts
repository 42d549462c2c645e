import { driver as module } from '../../drivers/vsphere/index';
import type { Driver } from '../../src/clouds/driver';
import type { VcsimSize } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { comesTrue } from '../harness/wait';
import { endedDriver, type EndedDriver } from './counterpart';

/** A vCenter of the test's own, a driver connected to it, and the key of a template. */
export interface Started {
  account: VsphereAccount;
  driver: Driver;
  /** The same, each method called to its end, and reads by key as items alone. */
  ended: EndedDriver;
  template: string;
}

/** A driver connected to it. @param more options beside the account's own */
export const connect = (account: VsphereAccount, more: Record<string, unknown> = {}): Promise<Driver> =>
  Promise.resolve(module.connect(module.options.parse({ ...account.options, ...more }), { dataDir: '', warn: () => undefined }));

/** Starts a vCenter for the tests of a describe; each leaves nothing there. @param options of the driver, beside the account's own */
export function vcenter(size: VcsimSize, options: Record<string, unknown> = {}): Started {
  let account: VsphereAccount;
  let driver: Driver;
  let template: string;
  beforeAll(async () => {
    account = await startVsphere(size);
    driver = await connect(account, options);
    template = (await account.machines()).find((each) => each.template)?.key ?? '';
  });
  afterEach(async () => {
    account.proxy.reset();
    await account.sim.order({ clear: true });
    // A lease that was given up before it was ready takes its machine away in its own time.
    await comesTrue(async () => expect(await account.leftovers()).toEqual([]));
  });
  afterAll(async () => {
    await driver.close();
    await account.stop();
  });
  return {
    get account() {
      return account;
    },
    get driver() {
      return driver;
    },
    get ended() {
      return endedDriver(driver);
    },
    get template() {
      return template;
    },
  };
}
