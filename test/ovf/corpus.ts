import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { govmomiFolder } from '../backends/govmomi';
import { OvfError } from '../../src/ovf/error';
import type { Package } from '../../src/ovf/package';
import { readDescriptor } from '../../src/ovf/reader';

/** Descriptor of the corpus: its path below govmomi's fixtures, and its bytes. */
export interface Sample {
  path: string;
  bytes: Buffer;
}

/** govmomi's 958 descriptors of many products, those of VMware's conformance set among them. */
export async function corpus(): Promise<Sample[]> {
  const folder = join(await govmomiFolder(), 'ovf', 'fixtures');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ovf'));
  return paths.sort().map((path) => ({ path, bytes: readFileSync(join(folder, path)) }));
}

/**
 * The same with each file beside its descriptor: the set's own folders put them into others (`../../../vmdk/disk.vmdk`), where no
 * package may point. Neither URLs nor Windows' paths are changed.
 */
export const besides = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(/(href\s*=\s*")(?!https?:)[^"]*\/([^"/]*")/g, '$1$2'), 'latin1');

/** Largest capacity of a disk in these tests, bytes. */
export const MAX_DISK_BYTES = 2 ** 41;

/** Reads a descriptor; what is refused comes out as its error, anything else is thrown. */
export function tryReading(bytes: Buffer): Package | OvfError {
  try {
    return readDescriptor(bytes, { maxDiskBytes: MAX_DISK_BYTES });
  } catch (error) {
    if (error instanceof OvfError) return error;
    throw error;
  }
}
