import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Extent } from '../../src/disks/disk';
import { openOnce } from '../../src/disks/open';
import { govmomiAvailable, govmomiFolder } from '../backends/govmomi';
import { describeWith } from '../backends/need';

/** Beginning of a disk that VMware's own tool exported, as govmomi keeps it for its tests: cut after 1 MiB. */
const FILE = 'vapi/library/testdata/ttylinux-pc_i486-16.1-disk1.vmdk';

describeWith('govmomi', govmomiAvailable(), () => {
  test('a disk that VMware wrote is read as far as it goes, and not taken for whole', async () => {
    const disk = await openOnce(createReadStream(join(await govmomiFolder(), FILE)), { format: 'vmdk', limit: 2 ** 30 });
    // As its OVF descriptor says: 30 MiB.
    expect(disk.size).toBe(30 * 2 ** 20);
    const extents: Extent[] = [];
    const reading = async () => {
      for await (const extent of disk.extents(0)) extents.push(extent);
    };
    await expect(reading()).rejects.toMatchObject({ name: 'DiskError', reason: 'cut' });
    const [first] = extents;
    if (!first || !('data' in first)) throw new Error('no data came');
    // A master boot record (its signature), of grains of 64 KiB.
    expect(Buffer.from(first.data).readUInt16LE(510)).toBe(0xaa55);
    expect(extents.length).toBeGreaterThan(10);
    expect(extents.every((each) => each.offset % 65_536 === 0)).toBe(true);
  });
});
