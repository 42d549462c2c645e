import { pack } from 'tar-stream';

/** Entry of an archive that is made here: with another size than its bytes, or of another type. */
export interface Made {
  name: string;
  bytes?: string | Buffer;
  type?: 'file' | 'symlink' | 'link' | 'directory' | 'fifo' | 'block-device';
  linkname?: string;
  pax?: Record<string, string>;
}

/** Packs entries into a tar. */
export async function archive(...entries: Made[]): Promise<Buffer> {
  const tar = pack();
  for (const { bytes = '', type = 'file', ...header } of entries)
    if (type === 'file') tar.entry({ ...header, type }, bytes);
    else tar.entry({ ...header, type });
  tar.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of tar) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The archive with another size field in the header of an entry. */
export function resized(bytes: Buffer, name: string, field: Buffer): Buffer {
  const header = bytes.indexOf(`${name}\u0000`);
  field.copy(bytes, header + 124);
  bytes.write(' '.repeat(8), header + 148, 'latin1');
  const sum = bytes.subarray(header, header + 512).reduce((before, byte) => before + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, header + 148, 'latin1');
  return bytes;
}
