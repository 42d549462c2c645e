import * as fc from 'fast-check';
import { OvfError } from '../../src/ovf/error';
import { openOva } from '../../src/ovf/ova';
import { readDescriptor } from '../../src/ovf/reader';
import { TarReader, type ArchiveBytes } from '../../src/ovf/tar';
import { archive, resized, type Made } from './archive';

const NAMESPACE = 'http://schemas.dmtf.org/ovf/envelope/1';
const descriptor = (references: string): string =>
  `<Envelope xmlns="${NAMESPACE}" xmlns:ovf="${NAMESPACE}"><References>${references}</References>` +
  '<VirtualSystem ovf:id="a"><Info/><VirtualHardwareSection><Info/></VirtualHardwareSection></VirtualSystem></Envelope>';
const ONE: Made = { name: 'p.ovf', bytes: descriptor('<File ovf:id="f" ovf:href="disk.vmdk" ovf:size="5"/>') };
const DISK: Made = { name: 'disk.vmdk', bytes: 'bytes' };
const MANIFEST: Made = { name: 'p.mf', bytes: `SHA1(p.ovf)= ${'0'.repeat(40)}\nSHA1(notes.txt)= ${'0'.repeat(40)}\n` };

/** An archive in memory; `passed` are the bytes that were passed over. */
function memory(bytes: Buffer): ArchiveBytes & { passed: number } {
  let position = 0;
  const taken = (length: number): Buffer => bytes.subarray(position, (position = Math.min(bytes.length, position + length)));
  return {
    passed: 0,
    get position() {
      return position;
    },
    take: (length) => Promise.resolve(taken(length)),
    skip(length) {
      const { length: there } = taken(length);
      this.passed += there;
      return Promise.resolve(there);
    },
  };
}

/** Finds what is in an archive: names, and the contents of files by their places. */
async function readAll(bytes: Buffer): Promise<string[]> {
  const ova = await openOva(memory(bytes));
  const { manifest, certificate, files } = await ova.parts(readDescriptor(ova.descriptor, { maxDiskBytes: 2 ** 40 }));
  return [
    `descriptor ${ova.name}`,
    ...(manifest ? [`manifest ${manifest.name}`] : []),
    ...(certificate ? [`certificate ${certificate.name}`] : []),
    ...[...files].map(([name, { offset, size }]) => `file ${name} ${bytes.toString('utf8', offset, offset + size)}`),
  ];
}

/** Words of a refusal; anything but a refusal is thrown. */
async function refusal(bytes: Buffer): Promise<string> {
  try {
    await readAll(bytes);
  } catch (error) {
    if (error instanceof OvfError) return error.message;
    throw error;
  }
  throw new Error('it was read');
}

test('what lies in an archive is found', async () => {
  const bytes = await archive(ONE, MANIFEST, DISK, { name: 'p.cert', bytes: 'x' });
  expect(await readAll(bytes)).toEqual(['descriptor p.ovf', 'manifest p.mf', 'certificate p.cert', 'file disk.vmdk bytes']);
});

test('names that tar wrote from a folder are those of its files', async () => {
  const inFolder = [ONE, DISK].map((entry) => ({ ...entry, name: `./${entry.name}` }));
  expect(await readAll(await archive(...inFolder))).toEqual(['descriptor p.ovf', 'file disk.vmdk bytes']);
});

test('a file in chunks comes part by part', async () => {
  const chunked = { name: 'p.ovf', bytes: descriptor('<File ovf:id="f" ovf:href="d" ovf:size="5" ovf:chunkSize="3"/>') };
  const bytes = await archive(chunked, { name: 'd.000000000', bytes: 'abc' }, { name: 'd.000000001', bytes: 'de' });
  expect(await readAll(bytes)).toEqual(['descriptor p.ovf', 'file d.000000000 abc', 'file d.000000001 de']);
  const wrong = await archive(chunked, { name: 'd.000000000', bytes: 'abcd' }, { name: 'd.000000001', bytes: 'e' });
  expect(await refusal(wrong)).toMatch(/'d\.000000000': has 4 bytes; the descriptor says 3/);
});

test('contents are passed over', async () => {
  const big = { name: 'p.ovf', bytes: descriptor('<File ovf:id="f" ovf:href="a"/><File ovf:id="g" ovf:href="b"/>') };
  const bytes = memory(await archive(big, { name: 'a', bytes: Buffer.alloc(3_000_000) }, { name: 'b', bytes: Buffer.alloc(3_000_000) }));
  const ova = await openOva(bytes);
  const { files } = await ova.parts(readDescriptor(ova.descriptor, { maxDiskBytes: 2 ** 40 }));
  expect([...files.keys()]).toEqual(['a', 'b']);
  expect(bytes.passed).toBeGreaterThanOrEqual(6_000_000);
});

test('what reading the bytes throws comes out as it is', async () => {
  const broken = new Error('connection lost');
  const bytes = await archive(ONE, DISK);
  for (const upTo of [0, 600, 1_100, 1_538]) {
    const there = memory(bytes);
    const failing: ArchiveBytes = {
      get position() {
        return there.position;
      },
      take: (length) => (there.position + length > upTo ? Promise.reject(broken) : there.take(length)),
      skip: (length) => there.skip(length),
    };
    const reading = async () => (await openOva(failing)).parts(readDescriptor(Buffer.from(String(ONE.bytes)), { maxDiskBytes: 1 }));
    await expect(reading()).rejects.toBe(broken);
  }
});

test.each<[string, Made[], RegExp]>([
  ['a name that climbs', [ONE, { name: '../disk.vmdk', bytes: 'bytes' }], /'\.\.\/disk\.vmdk': .*leads into another folder/],
  ['an absolute name', [ONE, { name: '/etc/passwd', bytes: 'bytes' }], /leads into another folder/],
  ['a name with a backslash', [ONE, { name: '..\\x', bytes: 'bytes' }], /leads into another folder/],
  ['a descriptor that climbs', [{ ...ONE, name: '../../p.ovf' }], /leads into another folder/],
  ['a symbolic link', [ONE, { name: 'disk.vmdk', type: 'symlink', linkname: '/etc/passwd' }], /type symlink/],
  ['a hard link', [ONE, { name: 'disk.vmdk', type: 'link', linkname: 'p.ovf' }], /type link/],
  ['a folder', [ONE, { name: 'disk.vmdk', type: 'directory' }], /type directory/],
  ['a pipe', [ONE, { name: 'disk.vmdk', type: 'fifo' }], /type fifo/],
  ['a device', [ONE, { name: 'disk.vmdk', type: 'block-device' }], /type block-device/],
  ['a link in the descriptor’s place', [{ name: 'p.ovf', type: 'symlink', linkname: '/etc/passwd' }], /type symlink/],
  ['an entry twice', [ONE, DISK, DISK], /'disk\.vmdk': is there twice/],
  ['an entry twice, but for case', [ONE, DISK, { ...DISK, name: 'DISK.VMDK' }], /is there twice/],
  ['the descriptor twice', [ONE, ONE], /'p\.ovf': is there twice/],
  ['an entry that nobody names', [ONE, { name: 'notes.txt', bytes: 'x' }], /'notes\.txt': is no file of the package/],
  ['the manifest of another package', [ONE, { name: 'q.mf', bytes: 'x' }], /'q\.mf': is no file of the package/],
  ['a manifest that is none', [ONE, { name: 'p.mf', bytes: 'x' }], /line 1 of the manifest/],
  ['a manifest above 4 MiB', [ONE, { name: 'p.mf', bytes: Buffer.alloc(4 * 1024 * 1024 + 1) }], /longer than 4194304/],
  ['a descriptor above 4 MiB', [{ name: 'p.ovf', bytes: Buffer.alloc(4 * 1024 * 1024 + 1) }], /longer than 4194304/],
  ['a short file', [ONE, { ...DISK, bytes: 'byte' }], /'disk\.vmdk': has 4 bytes; the descriptor says 5/],
  ['a long file', [ONE, { ...DISK, bytes: 'bytes!' }], /'disk\.vmdk': has 6 bytes; the descriptor says 5/],
  ['a missing file', [ONE], /the file 'disk\.vmdk': is not in the archive/],
  ['a descriptor that is not the first', [DISK, ONE], /begins with 'disk\.vmdk'; the descriptor/],
  ['an empty archive', [], /begins with ''; the descriptor/],
  ['a descriptor that is refused', [{ name: 'p.ovf', bytes: '<html/>' }], /OVF Envelope is expected/],
])('%s is refused', async (_, entries, words) => expect(await refusal(await archive(...entries))).toMatch(words));

test('what a manifest names beside the package is passed over', async () => {
  const bytes = await archive(ONE, MANIFEST, { name: 'notes.txt', bytes: 'x' }, DISK);
  expect(await readAll(bytes)).toEqual(['descriptor p.ovf', 'manifest p.mf', 'file disk.vmdk bytes']);
});

test('an archive that ends anywhere before its end is refused', async () => {
  const bytes = await archive(ONE, DISK);
  // After the last contents there is nothing but padding and zeros.
  const last = bytes.indexOf('bytes', bytes.indexOf('disk.vmdk', 1_024)) + 'bytes'.length;
  expect(last).toBeGreaterThan(1_024);
  for (const length of [0, 1, 511, 512, 513, 700, 1_024, 1_100, last - 5, last - 1])
    expect(await refusal(bytes.subarray(0, length))).toMatch(/ends in the middle|begins with ''|is not in the archive/);
});

const UNSIZED: Made = { name: 'p.ovf', bytes: descriptor('<File ovf:id="f" ovf:href="disk.vmdk"/>') };

test('a header that promises more than comes is refused', async () => {
  const bytes = resized(await archive(UNSIZED, DISK), 'disk.vmdk', Buffer.from('77777777777\u0000'));
  expect(await refusal(bytes)).toMatch(/ends in the middle/);
});

test('sizes of base 256 and of PAX are read, and files of nothing', async () => {
  const told = (contents: string): string[] => ['descriptor p.ovf', `file disk.vmdk ${contents}`];
  expect(await readAll(resized(await archive(UNSIZED, DISK), 'disk.vmdk', Buffer.from('80000000000000000000000' + '5', 'hex')))).toEqual(
    told('bytes'),
  );
  expect(await readAll(await archive(UNSIZED, { ...DISK, pax: { size: '5' } }))).toEqual(told('bytes'));
  expect(await readAll(await archive(UNSIZED, { name: 'disk.vmdk' }))).toEqual(told(''));
});

test.each([
  ['noise', Buffer.from(Array.from({ length: 2_048 }, (_, n) => (n * 7 + 1) % 251))],
  ['a descriptor by itself', Buffer.from(String(ONE.bytes).padEnd(1_024))],
  ['a packed archive', Buffer.from('1f8b0800000000000003'.padEnd(2_048, '0'), 'hex')],
])('%s is no tar', async (_, bytes) => expect(await refusal(bytes)).toMatch(/is no tar|ends in the middle/));

/** The archive with a header of this type, and contents, before its second entry. */
async function withHeader(flag: string, contents: Buffer, times = 1): Promise<Buffer> {
  const [whole, meta] = [await archive(ONE, DISK), await archive({ name: 'meta', bytes: contents })];
  const header = meta.subarray(0, 512);
  header.write(flag, 156, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  const sum = header.reduce((before, byte) => before + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  const second = whole.indexOf('disk.vmdk', 1_024);
  const entry = meta.subarray(0, 512 + Math.ceil(contents.length / 512) * 512);
  return Buffer.concat([whole.subarray(0, second), ...Array.from({ length: times }, () => entry), whole.subarray(second)]);
}
const record = (text: string): Buffer => {
  const length = text.length + 3 + (text.length > 6 ? 1 : 0);
  return Buffer.from(`${length} ${text}\n`);
};

test.each<[string, string, Buffer, number, RegExp]>([
  ['a path for every entry', 'g', record('path=disk.vmdk'), 1, /name every entry alike/],
  ['headers for every entry without end', 'g', record('comment=x'), 17, /name every entry alike/],
  ['two sets of records for one entry', 'x', record('path=disk.vmdk'), 2, /two headers of the type x/],
  ['a path that climbs', 'x', record('path=../../etc/passwd'), 1, /leads into another folder/],
  ['a long name that climbs', 'L', Buffer.from('../../etc/passwd\u0000'), 1, /leads into another folder/],
  ['a record that is longer than all of them', 'x', Buffer.from('99 path=a\n'), 1, /a PAX record is none/],
  ['a record without a length', 'x', Buffer.from('path=a\n'), 1, /a PAX record is none/],
  ['a record of length zero', 'x', Buffer.from('0 path=a\n'), 1, /a PAX record is none/],
  ['a size that is no number', 'x', record('size=-5'), 1, /the size '-5' is none/],
  ['a size beyond all numbers', 'x', record('size=9999999999999999'), 1, /the size '9+' is none/],
  ['a sparse file', 'x', record('GNU.sparse.major=1'), 1, /type sparse/],
  ['a name of megabytes', 'L', Buffer.alloc(1024 * 1024 + 1, 'a'), 1, /type L has 1048577 bytes/],
])('%s is refused', async (_, flag, contents, times, words) => {
  expect(await refusal(await withHeader(flag, contents, times))).toMatch(words);
});

test('headers for the whole archive that change nothing are passed over', async () => {
  expect(await readAll(await withHeader('g', record('comment=x')))).toEqual(['descriptor p.ovf', 'file disk.vmdk bytes']);
  expect(await readAll(await withHeader('L', Buffer.from('disk.vmdk\u0000')))).toEqual(['descriptor p.ovf', 'file disk.vmdk bytes']);
});

test('entries are those that were packed, whatever their names and lengths', async () => {
  const entry = fc.record({
    name: fc.stringMatching(/^[a-z0-9äöü ]{1,200}$/),
    bytes: fc.uint8Array({ maxLength: 1_100 }).map((bytes) => Buffer.from(bytes)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 5 }), async (entries) => {
      const bytes = await archive(...entries);
      const tar = new TarReader(memory(bytes));
      const found: Made[] = [];
      for (let next = await tar.next(); next; next = await tar.next())
        found.push({ name: next.name, bytes: Buffer.from(bytes.subarray(next.offset, next.offset + next.size)) });
      expect(found).toEqual(entries);
    }),
    { numRuns: 100 },
  );
});

test('an archive with any byte changed is read or refused in words', async () => {
  const whole = await archive(ONE, MANIFEST, { ...DISK, pax: { size: '5' } });
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      await readAll(changed).catch((error: unknown) => expect(error).toBeInstanceOf(OvfError));
    }),
    { numRuns: 300 },
  );
});
