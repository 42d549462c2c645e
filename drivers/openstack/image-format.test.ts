import { diskFormat, HEAD_BYTES } from './image-format';

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
