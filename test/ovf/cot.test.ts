import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDescriptor } from '../../src/ovf/reader';
import { writeDescriptor } from '../../src/ovf/writer';
import { cotAvailable, installCot, toldByCot } from '../backends/cot';
import { describeWith } from '../backends/need';

/** Descriptors of ours, as Cisco's COT reads them: it takes a package of one machine. */
const PACKAGE = join(__dirname, '../conformance/package');

describeWith('COT', cotAvailable(), () => {
  let folder: string;
  beforeAll(async () => {
    await installCot();
    folder = mkdtempSync(join(tmpdir(), 'cot-'));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('it finds the same disks, processors, memory and networks', async () => {
    const given = readDescriptor(readFileSync(join(PACKAGE, 'package.ovf')), { maxDiskBytes: 2 ** 40 });
    const [web] = given.content.kind === 'collection' ? given.content.members : [];
    if (!web) throw new Error('the package has no machine');
    writeFileSync(join(folder, 'web.ovf'), writeDescriptor({ ...given, content: web }));
    copyFileSync(join(PACKAGE, 'boot.vmdk'), join(folder, 'boot.vmdk'));
    const told = await toldByCot(join(folder, 'web.ovf'));
    expect(told).toMatch(/boot\.vmdk +128 KiB +1 MiB harddisk @ SCSI 0:0/);
    expect(told).toMatch(/\(disk placeholder\) +-- +2 GiB harddisk @ SCSI 0:1/);
    expect(told).toMatch(/None \(default\) +1 +512 MiB +1 +0 +2 \/ 2\.001 GiB/);
    expect(told).toMatch(/Networks:\s+front {2}"Between the machines of the outer collection"/);
    expect(told).toMatch(/NICs and Associated Networks:\s+\S.*: front/);
  });
});
