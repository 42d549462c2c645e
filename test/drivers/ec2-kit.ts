import { driver as module } from '../../drivers/ec2/index';
import type { Driver } from '../../src/clouds/driver';
import { type Ec2Account, type Ec2AccountOptions, startEc2, TEST_IMAGE, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { context, machinesMethod, marks, until } from './counterpart';
import { method } from './contract/scene';

/** An EC2 account with a driver connected to it, for what EC2 alone does. */
export class Ec2Bench {
  private constructor(
    readonly account: Ec2Account,
    readonly driver: Driver,
  ) {}

  static async start(options: Ec2AccountOptions = {}): Promise<Ec2Bench> {
    const account = await startEc2(options);
    return new Ec2Bench(account, await connect(account));
  }

  connect(more: { [option: string]: unknown }): Promise<Driver> {
    return connect(this.account, more);
  }

  /** A machine that runs. */
  async machine(more: object = {}, driver = this.driver): Promise<string> {
    const request = { ...marks(), config: 't3.micro', image: TEST_IMAGE, ...more };
    const { key } = await machinesMethod(driver, 'create')(request, context());
    await until(driver, 'machines', key, (item) => item?.values.state === 'STARTED');
    return key;
  }

  async drop(...machines: string[]): Promise<void> {
    for (const key of machines) await machinesMethod(this.driver, 'delete')(key, context());
  }

  async volume(more: object = {}, driver = this.driver): Promise<string> {
    return (await method(driver, 'volumes', 'create')({ ...marks('volume'), capacity: 1_000_000, ...more }, context())).key;
  }

  async attach(machine: string, volume: string, initialLocation?: string): Promise<string> {
    const request = { ...marks('attachment'), machine, volume, initialLocation };
    return (await method(this.driver, 'attachments', 'create')(request, context())).key;
  }

  async dropVolumes(...volumes: string[]): Promise<void> {
    for (const key of volumes) await method(this.driver, 'volumes', 'delete')(key, context());
  }

  async detach(key: string): Promise<void> {
    await method(this.driver, 'attachments', 'delete')(key, context());
  }

  async stop(): Promise<void> {
    await this.driver.close();
    await this.account.stop();
  }
}

function connect(account: Ec2Account, more: { [option: string]: unknown } = {}): Promise<Driver> {
  const place = { region: TEST_REGION, endpoint: account.url, cloudWatchEndpoint: account.url, ebsEndpoint: account.url };
  const options = { ...place, ...TEST_KEYS, pageSize: 5, settleMs: 200, patienceMs: 1000, ...more };
  return Promise.resolve(module.connect(module.options.parse(options), { dataDir: '', warn: () => undefined }));
}
