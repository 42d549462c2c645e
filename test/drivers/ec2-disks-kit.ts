import type { UploadSource } from '../../src/clouds/driver';
import type { Disk } from '../../src/disks/disk';
import { context } from './counterpart';
import type { Ec2Bench } from './ec2-kit';

/** Disks in and out of EC2 by the EBS direct APIs. */

/** Bytes of a block of EBS. */
export const BLOCK = 524_288;
export const GIB = 2 ** 30;
export type Group = 'machineImages' | 'volumeImages';

/** Source that has the disk, and not its bytes alone. */
export const sourceOfDisk = (disk: Disk): UploadSource => ({
  withinMs: 60_000,
  open: () => {
    throw new Error('there is a disk to read');
  },
  disk,
});

/** Reads the data of a disk, with their offsets. */
export async function read(disk: Disk, from = 0): Promise<[number, Buffer][]> {
  const found: [number, Buffer][] = [];
  for await (const extent of disk.extents(from)) if ('data' in extent) found.push([extent.offset, Buffer.from(extent.data)]);
  return found;
}

type Proxy = Ec2Bench['account']['proxy'];

export class DisksKit {
  private readonly takeBack: (() => void)[] = [];

  constructor(private readonly bench: Ec2Bench) {}

  /** Lets something befall calls until `asBefore`. */
  rule(...given: Parameters<Proxy['add']>): void {
    this.takeBack.push(this.bench.account.proxy.add(...given));
  }

  asBefore(): void {
    this.takeBack.splice(0).forEach((back) => back());
  }

  async drop(group: Group, key: string): Promise<void> {
    await this.bench.driver[group]?.delete?.(key, context());
  }

  async open(group: Group, key: string): Promise<Disk> {
    const opened = await this.bench.driver[group]?.download?.(key, context());
    if (!opened) throw new Error('not offered');
    return opened.disk;
  }

  /** Expects nothing at the account, nor under way. */
  async nothingLeft(): Promise<void> {
    this.asBefore();
    expect(await this.bench.account.leftovers()).toEqual([]);
    expect(this.bench.account.proxy.blocks.pending).toEqual([]);
  }
}
