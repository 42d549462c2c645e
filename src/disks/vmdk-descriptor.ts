import { DiskError } from './error';

/** The text within a VMDK that names its parts; here there is one part, the file itself. */

const refuse = (words: string): never => {
  throw new DiskError('unsupported', `The VMDK's descriptor ${words}`);
};

const EXTENT = /^(?:RW|RDONLY|NOACCESS)\s+(\d+)\s+(\S+)(?:\s+"([^"]*)")?/;

/**
 * Checks that a descriptor speaks of nothing but the file that it lies in: no other file, device or parent.
 * @param capacity of the header, in sectors
 * @throws DiskError where it does
 */
export function checkDescriptor(text: string, capacity: number): void {
  const lines = text.split(/[\r\n]+/).map((each) => each.trim());
  const value = (name: string) => lines.map((each) => /^([\w.]+)\s*=\s*"?([^"]*)"?$/.exec(each)).find((found) => found?.[1] === name)?.[2];
  const type = value('createType');
  if (type !== 'streamOptimized') refuse(`says ${type ?? 'no type'}, not streamOptimized`);
  const parent = value('parentCID');
  if (value('parentFileNameHint') !== undefined || (parent !== undefined && parent.toLowerCase() !== 'ffffffff')) {
    refuse('names a parent: it holds only what differs from another disk');
  }
  const extents = lines.filter((each) => /^(?:RW|RDONLY|NOACCESS)\s/.test(each));
  const [, sectors, kind, name = ''] = EXTENT.exec(extents[0] ?? '') ?? [];
  if (extents.length !== 1 || kind !== 'SPARSE')
    refuse(`has ${extents.length} extents${kind ? `, of type ${kind}` : ''}; one of type SPARSE is read`);
  if (/[/\\\0]|^\.\.$/.test(name)) refuse(`names another path, ${JSON.stringify(name.slice(0, 60))}`);
  if (Number(sectors) !== capacity) refuse(`says ${sectors} sectors, the header ${capacity}`);
}

/** Text of a descriptor. It is the same for the same size, so that a disk that is written again has the same bytes. */
export function descriptorText(capacity: number): string {
  const cylinders = Math.min(65_535, Math.max(1, Math.floor(capacity / (255 * 63))));
  return [
    '# Disk DescriptorFile',
    'version=1',
    'CID=fffffffe',
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    '',
    '# Extent description',
    `RW ${capacity} SPARSE "disk.vmdk"`,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.adapterType = "lsilogic"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    'ddb.geometry.heads = "255"',
    'ddb.geometry.sectors = "63"',
    'ddb.virtualHWVersion = "10"',
    '',
  ].join('\n');
}
