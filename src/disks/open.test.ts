import { gzipSync } from 'node:zlib';
import { all, chunks, diskOf, noise, randomAccess, read } from '../../test/disks/layout';
import { openAt, openOnce, type Told } from './open';
import { vmdkBytes } from './vmdk-writer';

const RAW = noise(100_352, 1);
const ODD = noise(100_001, 2);
const LIMIT = { limit: 2 ** 20 };
const vmdk = async () => Buffer.concat(await all(vmdkBytes(diskOf(RAW))));
const start = (bytes: string) => Buffer.concat([Buffer.from(bytes, 'latin1'), noise(40_000, 3)]);

test.each<[string, () => Promise<Buffer>, Partial<Told>]>([
  ['raw', () => Promise.resolve(RAW), {}],
  ['raw of a known size', () => Promise.resolve(RAW), { size: RAW.length, format: 'raw' }],
  ['raw in gzip', () => Promise.resolve(gzipSync(RAW)), { format: 'raw' }],
  ['VMDK', vmdk, {}],
  ['VMDK in gzip', async () => gzipSync(await vmdk()), { format: 'vmdk' }],
])('%s that comes once is the disk', async (_, bytes, told) => {
  expect((await read(await openOnce(chunks(await bytes(), 100, 1), { ...LIMIT, ...told }))).equals(RAW)).toBe(true);
});

test.each<[string, () => Promise<Buffer>]>([
  ['raw', () => Promise.resolve(RAW)],
  ['VMDK', vmdk],
])('%s that can be read anywhere is the disk', async (_, bytes) => {
  expect((await read(await openAt(randomAccess(await bytes()), LIMIT))).equals(RAW)).toBe(true);
});

const qcow2 = Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), noise(1_000, 5)]);

test.each<[string, Buffer | (() => Promise<Buffer>), Partial<Told>, string, string]>([
  ['qcow2 that is told as raw', qcow2, { format: 'raw' }, 'malformed', 'are qcow2, not raw'],
  ['VMDK that is told as raw', vmdk, { format: 'raw' }, 'malformed', 'VMDK, not raw'],
  ['raw that is told as VMDK', RAW, { format: 'vmdk' }, 'malformed', 'not vmdk'],
  ['qcow2 in gzip that is told as raw', gzipSync(qcow2), { format: 'raw' }, 'malformed', 'are qcow2'],
  ['qcow2 that comes once', qcow2, {}, 'unsupported', 'at a place'],
  ['gzip in gzip', gzipSync(gzipSync(RAW)), {}, 'unsupported', 'gzip'],
  ['a sparse VMDK', start('KDMV\x01\0\0\0\x03\0\0\0'), {}, 'unsupported', 'sparse VMDK'],
  ['a descriptor', start('# Disk DescriptorFile\n'), { format: 'vmdk' }, 'unsupported', 'other files'],
  ['VHD', start('conectix'), {}, 'unsupported', 'VHD'],
  ['xz', start('\xfd7zXZ\0'), {}, 'unsupported', 'xz'],
  ['a page', start('<!DOCTYPE html>'), {}, 'unsupported', 'HTML'],
  ['nothing', Buffer.alloc(0), {}, 'cut', 'no bytes'],
  ['more than the limit', noise(2 ** 20 + 512, 1), {}, 'malformed', '1048576'],
  ['more than the limit in gzip', gzipSync(Buffer.alloc(2 ** 24)), {}, 'malformed', '1048576'],
  ['a size beyond the limit', RAW, { size: 2 ** 21 }, 'malformed', '1048576'],
  ['a VMDK beyond the limit', vmdk, { limit: 65_536 }, 'malformed', '65536'],
])('%s is refused in words', async (_, bytes, told, reason, words) => {
  const given = typeof bytes === 'function' ? await bytes() : bytes;
  const message = expect.stringContaining(words) as string;
  await expect(openOnce(chunks(given, 1_000), { ...LIMIT, ...told }).then(read)).rejects.toMatchObject({
    name: 'DiskError',
    reason,
    message,
  });
});

test.each<[string, Buffer, Partial<Told>, string, string]>([
  ['qcow2 that is told as raw', qcow2, { format: 'raw' }, 'malformed', 'are qcow2'],
  [
    'a VHD of fixed size',
    Buffer.concat([noise(4_096, 1), Buffer.from('conectix'), Buffer.alloc(504)]),
    { format: 'raw' },
    'unsupported',
    'VHD',
  ],
  ['gzip', gzipSync(RAW), {}, 'unsupported', 'gzip'],
  ['another size than was said', ODD, { size: 100_000 }, 'malformed', '100001'],
  ['more than the limit', noise(2 ** 20 + 512, 1), {}, 'malformed', '1048576'],
  ['nothing', Buffer.alloc(0), {}, 'cut', 'no bytes'],
])('%s at a place is refused in words', async (_, bytes, told, reason, words) => {
  const message = expect.stringContaining(words) as string;
  await expect(openAt(randomAccess(bytes), { ...LIMIT, ...told })).rejects.toMatchObject({ name: 'DiskError', reason, message });
});

test('what is refused is not read on', async () => {
  let ended = false;
  async function* source() {
    try {
      for (;;) yield await Promise.resolve(start('conectix'));
    } finally {
      ended = true;
    }
  }
  await expect(openOnce(source(), LIMIT)).rejects.toThrow('VHD');
  expect(ended).toBe(true);
});
