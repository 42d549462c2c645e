import type { CreateMachine, Item, ListedGroup } from '../../src/clouds/driver';
import type { CreateInterface, CreateNetwork } from '../../src/clouds/infrastructure';
import { portgroupsOf } from '../backends/vsphere-networks';
import type { Counterpart } from './counterpart';
import { connect, type Started } from './vsphere-kit';
import { context, dropMachine, machinesMethod, marks, pagesOf, read, endedDriver } from './counterpart';

/** The standard port group that the simulator begins with. */
export const STANDARD = 'VM Network';

/** Expects a refusal of the kind with such words, and nothing done; of what is not there, the proof of that. */
export async function refused(promise: Promise<unknown>, kind: string, words: RegExp): Promise<void> {
  const message = expect.stringMatching(words) as string;
  const name = kind === 'notFound' ? 'Gone' : 'ProviderError';
  await expect(promise).rejects.toMatchObject({ name, kind, message, maybeDone: false });
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
      (await endedDriver(of).networks!.create!({ ...marks('net'), networkType: 'PRIVATE', ...more }, context())).key,
    dropNetwork: (key: string) => vc.ended.networks!.delete!(key, context()),
    machine: async (more: Partial<CreateMachine> = {}): Promise<string> => {
      const { driver, template } = vc;
      return (await machinesMethod(driver, 'create')({ ...marks(), config: 'c1-m1024', image: template, ...more }, context())).key;
    },
    dropped: (key: string) => dropMachine({ driver: vc.driver } as Counterpart, key),
    add: async (request: Omit<CreateInterface, 'tag' | 'token'>, own = marks('nic')): Promise<string> =>
      (await vc.ended.interfaces!.create!({ ...own, ...request }, context())).key,
    update: (key: string, to: object) => vc.ended.interfaces!.update!(key, to, context()),
    nicsOf: async (owner: string): Promise<Item[]> => (await all('interfaces')).filter((item) => item.owner === owner),
    keyOf: async (name: string): Promise<string> =>
      (await portgroupsOf((body) => vc.account.call(body))).find((each) => each.name === name)?.key ?? '',
  };
}
