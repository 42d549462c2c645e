import type { Ec2Account } from '../backends/ec2';
import { TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { driver as module } from '../../drivers/ec2/index';
import type { Driver, Item } from '../../src/clouds/driver';
import { context, machinesMethod, marks, read, reaches } from './counterpart';
import { type Given, type Maker, method } from './contract/scene';

/** A text in which this is found. */
export const like = (words: RegExp): string => expect.stringMatching(words) as string;

/** A driver in front of the account, and short words for what its groups do. */
export class Networks {
  constructor(
    readonly account: Ec2Account,
    readonly driver: Driver,
  ) {}

  static async connect(account: Ec2Account, more: { [option: string]: unknown } = {}): Promise<Networks> {
    const options = { region: TEST_REGION, endpoint: account.url, ...TEST_KEYS, pageSize: 5, settleMs: 200, patienceMs: 1000, ...more };
    return new Networks(account, await module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined }));
  }

  async create<G extends Maker>(group: G, given: Given<G>, own = marks(group)): Promise<string> {
    const create = method(this.driver, group, 'create') as unknown as (request: object, at: object) => Promise<{ key: string }>;
    return (await create({ ...given, ...own }, context())).key;
  }

  network(networkType: 'PUBLIC' | 'PRIVATE', more: object = {}, own = marks('networks')): Promise<string> {
    return this.create('networks', { networkType, ...more }, own);
  }

  group(more: object = {}): Promise<string> {
    return this.create('forwardingGroups', { networks: [], ...more });
  }

  find(group: Maker, own: { token: string; tag: string }): Promise<Item[]> {
    return (method(this.driver, group, 'find') as (own: object, at: object) => Promise<Item[]>)(own, context());
  }

  delete(group: Maker, key: string): Promise<void> {
    return (method(this.driver, group, 'delete') as (key: string, at: object) => Promise<void>)(key, context());
  }

  async drop(group: Maker, ...keys: string[]): Promise<void> {
    for (const key of keys) await this.delete(group, key);
  }

  async item(group: Maker | 'machines', key: string): Promise<Item> {
    const found = await read(this.driver, group, key);
    if (!found) throw new Error(`${group} ${key} is gone`);
    return found;
  }

  async machine(more: object = {}): Promise<string> {
    const request = { ...marks(), config: 't3.micro', image: TEST_IMAGE, ...more };
    const { key } = await machinesMethod(this.driver, 'create')(request, context());
    await reaches(this.driver, key, 'STARTED');
    return key;
  }

  async end(machine: string): Promise<void> {
    await machinesMethod(this.driver, 'delete')(machine, context());
  }

  /** Interfaces of a machine. */
  async interfacesOf(machine: string): Promise<Item[]> {
    const all: Item[] = [];
    for await (const page of this.driver.interfaces?.list(context()) ?? []) all.push(...page);
    return all.filter(({ owner }) => owner === machine);
  }

  /** Runs and tells which calls it took. */
  async calls(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = this.account.proxy.counts();
    await work();
    const after = Object.entries(this.account.proxy.counts());
    return Object.fromEntries(after.map(([name, n]) => [name, n - (before[name] ?? 0)] as const).filter(([, n]) => n > 0));
  }
}
