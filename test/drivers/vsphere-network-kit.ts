import { driver as module } from '../../drivers/vsphere/index';
import type { CreateMachine, Driver, Item, ListedGroup } from '../../src/clouds/driver';
import type { CreateInterface, CreateNetwork } from '../../src/clouds/infrastructure';
import type { VcsimSize } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { portgroupsOf } from '../backends/vsphere-networks';
import type { Counterpart } from './counterpart';
import { context, dropMachine, machinesMethod, marks, pagesOf, read } from './counterpart';

/** How long a machine may take to get from one state to the next, in ms. */
export const PATIENCE_MS = 10_000;
/** The standard port group that the simulator begins with. */
export const STANDARD = 'VM Network';

/** A vCenter of the test's own, a driver connected to it, and the key of a template. */
export interface Started {
  account: VsphereAccount;
  driver: Driver;
  template: string;
}

const connect = (account: VsphereAccount, more: Record<string, unknown> = {}): Promise<Driver> =>
  module.connect(module.options.parse({ ...account.options, ...more }), { dataDir: '', warn: () => undefined });

/** Starts a vCenter for the tests of a describe; each leaves nothing there. */
export function vcenter(size: VcsimSize): Started {
  let account: VsphereAccount;
  let driver: Driver;
  let template: string;
  beforeAll(async () => {
    account = await startVsphere(size);
    driver = await connect(account);
    template = (await account.machines()).find((each) => each.template)?.key ?? '';
  }, 300_000);
  afterEach(async () => {
    account.proxy.reset();
    await account.sim.order({ clear: true });
    expect(await account.leftovers()).toEqual([]);
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
    get template() {
      return template;
    },
  };
}

/** Expects a refusal of the kind with such words, and nothing done. */
export async function refused(promise: Promise<unknown>, kind: string, words: RegExp): Promise<void> {
  const message = expect.stringMatching(words) as string;
  await expect(promise).rejects.toMatchObject({ name: 'ProviderError', kind, message, maybeDone: false });
}

/** Words for what the tests of networks do. */
export function networking(vc: Started) {
  const all = async (group: ListedGroup, of = vc.driver): Promise<Item[]> => (await pagesOf(of, group)).flat();
  return {
    all,
    call: (body: string) => vc.account.call(body),
    connected: (more: Record<string, unknown>) => connect(vc.account, more),
    async values(group: ListedGroup, key: string): Promise<Item['values']> {
      const item = await read(vc.driver, group, key);
      if (!item) throw new Error(`${group} ${key} is gone`);
      return item.values;
    },
    network: async (more: Partial<CreateNetwork> = {}, of = vc.driver): Promise<string> =>
      (await of.networks!.create!({ ...marks('net'), networkType: 'PRIVATE', ...more }, context())).key,
    dropNetwork: (key: string) => vc.driver.networks!.delete!(key, context()),
    machine: async (more: Partial<CreateMachine> = {}): Promise<string> => {
      const { driver, template } = vc;
      return (await machinesMethod(driver, 'create')({ ...marks(), config: 'c1-m1024', image: template, ...more }, context())).key;
    },
    dropped: (key: string) => dropMachine({ driver: vc.driver } as Counterpart, key, PATIENCE_MS),
    add: async (request: Omit<CreateInterface, 'tag' | 'token'>, own = marks('nic')): Promise<string> =>
      (await vc.driver.interfaces!.create!({ ...own, ...request }, context())).key,
    update: (key: string, to: object) => vc.driver.interfaces!.update!(key, to, context()),
    nicsOf: async (owner: string): Promise<Item[]> => (await all('interfaces')).filter((item) => item.owner === owner),
    keyOf: async (name: string): Promise<string> =>
      (await portgroupsOf((body) => vc.account.call(body))).find((each) => each.name === name)?.key ?? '',
  };
}
