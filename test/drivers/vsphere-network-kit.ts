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

export async function startNetworks(size: VcsimSize): Promise<Started> {
  const account = await startVsphere(size);
  const template = (await account.machines()).find((each) => each.template)?.key ?? '';
  return { account, driver: await connect(account), template };
}

export async function stopNetworks({ account, driver }: Started): Promise<void> {
  await driver.close();
  await account.stop();
}

/** Expects a refusal of the kind with such words, and nothing done. */
export async function refused(promise: Promise<unknown>, kind: string, words: RegExp): Promise<void> {
  const message = expect.stringMatching(words) as string;
  await expect(promise).rejects.toMatchObject({ name: 'ProviderError', kind, message, maybeDone: false });
}

/** Words for what the tests of networks do. */
export function networking(now: () => Started) {
  const all = async (group: ListedGroup, of = now().driver): Promise<Item[]> => (await pagesOf(of, group)).flat();
  return {
    all,
    call: (body: string) => now().account.call(body),
    connected: (more: Record<string, unknown>) => connect(now().account, more),
    async values(group: ListedGroup, key: string): Promise<Item['values']> {
      const item = await read(now().driver, group, key);
      if (!item) throw new Error(`${group} ${key} is gone`);
      return item.values;
    },
    network: async (more: Partial<CreateNetwork> = {}, of = now().driver): Promise<string> =>
      (await of.networks!.create!({ ...marks('net'), networkType: 'PRIVATE', ...more }, context())).key,
    dropNetwork: (key: string) => now().driver.networks!.delete!(key, context()),
    machine: async (more: Partial<CreateMachine> = {}): Promise<string> => {
      const { driver, template } = now();
      return (await machinesMethod(driver, 'create')({ ...marks(), config: 'c1-m1024', image: template, ...more }, context())).key;
    },
    dropped: (key: string) => dropMachine({ driver: now().driver } as Counterpart, key, PATIENCE_MS),
    add: async (request: Omit<CreateInterface, 'tag' | 'token'>, own = marks('nic')): Promise<string> =>
      (await now().driver.interfaces!.create!({ ...own, ...request }, context())).key,
    update: (key: string, to: object) => now().driver.interfaces!.update!(key, to, context()),
    nicsOf: async (owner: string): Promise<Item[]> => (await all('interfaces')).filter((item) => item.owner === owner),
    keyOf: async (name: string): Promise<string> =>
      (await portgroupsOf((body) => now().account.call(body))).find((each) => each.name === name)?.key ?? '',
  };
}
