import { diskFormat, formatOf, HEAD_BYTES } from './image-format';

const at = (offset: number, bytes: string) => Buffer.concat([Buffer.alloc(offset), Buffer.from(bytes, 'latin1'), Buffer.alloc(600)]);

test.each([
  ['qcow2', at(0, 'QFI\xfb')],
  ['vmdk', at(0, 'KDMV')],
  ['vhd', at(0, 'conectix')],
  ['vhdx', at(0, 'vhdxfile')],
  ['vdi', at(64, '\x7f\x10\xda\xbe')],
  ['iso', at(32_769, 'CD001')],
  ['raw', at(510, '\x55\xaa')],
])('%s', (format, head) => {
  expect(diskFormat(head.subarray(0, HEAD_BYTES))).toEqual({ format });
});

test.each([
  ['gzip', at(0, '\x1f\x8b')],
  ['xz', at(0, '\xfd7zXZ\x00')],
  ['HTML', at(0, '<!doctype html>')],
  ['no bytes', Buffer.alloc(0)],
])('%s is refused', (words, head) => {
  expect(diskFormat(head)).toEqual({ refused: expect.stringContaining(words) as string });
});

/** The bytes by which each format's own documentation has it recognized. */
test.each([
  ['qcow2', 'disk', at(0, 'QFI\xfb')],
  ['vmdk-stream', 'disk', at(0, 'KDMV\x03\x00\x00\x00\x03\x00\x03\x00')],
  ['vmdk-sparse', 'disk', at(0, 'KDMV\x01\x00\x00\x00\x03\x00\x00\x00')],
  ['vmdk-sparse', 'disk', at(0, 'COWD')],
  ['vmdk-descriptor', 'disk', at(0, '# Disk DescriptorFile\nversion=1')],
  ['vhd', 'disk', at(0, 'conectix')],
  ['vhdx', 'disk', at(0, 'vhdxfile')],
  ['vdi', 'disk', at(64, '\x7f\x10\xda\xbe')],
  ['iso', 'disk', at(32_769, 'CD001')],
  ['raw', 'disk', at(510, '\x55\xaa')],
  ['raw', 'disk', Buffer.alloc(3)],
  ['gzip', 'packed', at(0, '\x1f\x8b')],
  ['xz', 'packed', at(0, '\xfd7zXZ\x00')],
  ['bzip2', 'packed', at(0, 'BZh9')],
  ['zstd', 'packed', at(0, '\x28\xb5\x2f\xfd')],
  ['zip', 'packed', at(0, 'PK\x03\x04')],
  ['html', 'other', at(0, '<!doctype html>')],
  ['html', 'other', at(0, '<HTML>')],
])('%s (%s)', (format, kind, head) => {
  expect(formatOf(head.subarray(0, HEAD_BYTES))).toMatchObject({ format, kind });
});
