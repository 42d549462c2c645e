import { extract } from 'tar-stream';
import { TarReader } from './tar';
import { paddingOf, tarHeader, tarred, TAR_END } from './tar-writer';

/** Bytes of an archive, read from memory. */
function memory(bytes: Buffer) {
  let position = 0;
  return {
    get position() {
      return position;
    },
    take: (length: number) => {
      const taken = bytes.subarray(position, position + length);
      position += taken.length;
      return Promise.resolve(taken);
    },
    skip: (length: number) => {
      position += length;
      return Promise.resolve(length);
    },
  };
}

test.each([0, 1, 511, 512, 513, 100_000])('a file of %i bytes is read again, by tar-stream and by our own reader', async (size) => {
  const contents = Buffer.alloc(size, 'x');
  const bytes = Buffer.concat([tarHeader('package.ovf', size), contents, Buffer.alloc(paddingOf(size)), TAR_END]);
  expect(bytes).toHaveLength(tarred(size) + TAR_END.length);
  const found: [string, number, number][] = [];
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    const parts: Buffer[] = [];
    stream.on('data', (part) => parts.push(part as Buffer));
    stream.on('end', () => {
      found.push([header.name, header.size ?? -1, Buffer.concat(parts).length]);
      next();
    });
  });
  await new Promise<void>((resolve, reject) => {
    reader.on('finish', resolve).on('error', reject);
    reader.end(bytes);
  });
  expect(found).toEqual([['package.ovf', size, size]]);
  expect(await new TarReader(memory(bytes)).next()).toEqual({ name: 'package.ovf', type: 'file', offset: 512, size });
});

test.each([8 ** 11 - 1, 8 ** 11, 2 ** 41])('a size of %i bytes is told', async (size) => {
  expect(await new TarReader(memory(tarHeader('disk1.vmdk', size))).next()).toMatchObject({ name: 'disk1.vmdk', size });
});

test('the same file has the same header, and a name that has no room none', () => {
  expect(tarHeader('a', 5)).toEqual(tarHeader('a', 5));
  expect(() => tarHeader('x'.repeat(101), 5)).toThrow('too long');
});
