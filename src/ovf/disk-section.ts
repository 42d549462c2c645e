import { quoted } from './error';
import { ours } from './hardware';
import { MOST_DISKS, MOST_NETWORKS } from './limits';
import type { DiskDescription, NetworkDescription, PackageFile, ReadOptions } from './package';
import { entriesOf } from './sections';
import { bytesOfUnit } from './units';
import { attribute, childText, count, neededAttribute, once, wholeNumber } from './values';
import type { Messages } from './values';
import { refuse } from './xml';
import type { Element } from './xml';

/** Context in which a disk section is read. */
export interface DiskContext {
  readonly files: readonly PackageFile[];
  readonly options: ReadOptions;
  /** Value of a property by its whole key, or by its key within a product. */
  property(key: string): string | undefined;
}

/** Reads the disks of the disk sections. @throws OvfError */
export function readDisks(sections: readonly Element[], context: DiskContext): DiskDescription[] {
  const ids = new Set<string>();
  const files = new Set<string>();
  return entriesOf(sections, 'Disk', MOST_DISKS).map((element) => {
    const disk = readDisk(element, context);
    once(ids, element, disk.id, 'the disk');
    if (disk.file !== undefined) once(files, element, disk.file, 'a disk of the file');
    return disk;
  });
}

function readDisk(element: Element, { files, options, property }: DiskContext): DiskDescription {
  const id = neededAttribute(element, 'diskId');
  const parent = attribute(element, 'parentRef');
  if (parent !== undefined)
    refuse(element, `is the difference to the disk ${quoted(parent)}; export the package with whole disks, differences are not read`);
  const file = attribute(element, 'fileRef');
  if (file !== undefined && !files.some((each) => each.id === file))
    refuse(element, `names the file ${quoted(file)}, which is not in References`);
  const capacity = capacityOf(element, neededAttribute(element, 'capacity'), property);
  if (capacity > options.maxDiskBytes) refuse(element, `has ${capacity} bytes; at most ${options.maxDiskBytes} are taken`);
  return { id, capacity, file, format: attribute(element, 'format'), populatedSize: count(element, 'populatedSize') };
}

function capacityOf(element: Element, written: string, property: DiskContext['property']): number {
  const key = /^\$\{(.+)\}$/.exec(written)?.[1];
  const text = key === undefined ? written : property(key)?.trim();
  if (text === undefined || text === '')
    refuse(element, `has the capacity ${quoted(written)}, and no property ${quoted(key ?? '')} has a value`);
  const units = attribute(element, 'capacityAllocationUnits') ?? 'byte';
  const unit = bytesOfUnit(units);
  if (unit === undefined) refuse(element, `has the capacity in ${quoted(units)}, which is no unit of bytes`);
  const bytes = BigInt(wholeNumber(element, text, 'the capacity')) * unit;
  if (bytes === 0n) refuse(element, 'has no capacity');
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER))
    refuse(element, `has a capacity of ${text} times ${quoted(units)}, which is more than any disk`);
  return Number(bytes);
}

/** Reads the networks of the network sections. @throws OvfError */
export function readNetworks(sections: readonly Element[], messages: Messages): NetworkDescription[] {
  const names = new Set<string>();
  const blocks = new Map(
    sections.flatMap((section) => ours(section, 'block').map((each) => [attribute(each, 'network') ?? '', each.text.trim()] as const)),
  );
  return entriesOf(sections, 'Network', MOST_NETWORKS).map((element) => {
    const name = neededAttribute(element, 'name');
    once(names, element, name, 'the network');
    const cidr = blocks.get(name);
    return { name, description: childText(element, 'Description', messages), ...(cidr === undefined ? {} : { cidr }) };
  });
}
