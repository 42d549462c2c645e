import type { Value, Values } from '../model/values';
import type { Item } from './contract';
import { matches } from './pattern';

/**
 * Portable names: what the configuration of a cloud calls one of its images or sizes, so that the same name means the same on
 * every cloud (docs/decisions/0033-portable-names.md).
 */

/** The way in which a cloud's image is found: by its key, or as the newest of those that are like this. */
export interface ImageChoice {
  /** Provider key of the very image. */
  id?: string | undefined;
  /** Pattern of the image's name at the provider; * and ? stand for any characters. */
  name?: string | undefined;
  /** Account that made it, where a driver looks beyond what it lists. */
  owner?: string | undefined;
  /** Architecture in the words of Machine.cpuArch; absent: x86_64. Images that do not say theirs always count. */
  architecture?: string | undefined;
  /** Properties that it has at the provider (`Item.labels`). */
  properties?: Readonly<Record<string, string>> | undefined;
}

/** The way in which a size is found: by key or name of the provider's, or by figures (memory in KiB, disk in kB). */
export type SizeChoice = { size: string } | { cpu?: number | undefined; memory: number; disk?: number | undefined };

/** Portable names of one cloud. */
export interface PortableNames {
  images: Readonly<Record<string, ImageChoice>>;
  sizes: Readonly<Record<string, SizeChoice>>;
}

/** Part of the names that stands for resources of a type. */
const PART = { MachineImage: 'images', MachineConfiguration: 'sizes' } as const;

/** A type that names may stand for. */
export type PortableType = keyof typeof PART;

export function isPortableType(type: string): type is PortableType {
  return Object.hasOwn(PART, type);
}

/** Cloud, as far as it has portable names. */
interface Naming {
  names?: PortableNames | undefined;
}

/** Names for resources of a type that any of these clouds has, each with the clouds that have it. */
export function namesIn<C extends Naming>(clouds: readonly C[], type: string): ReadonlyMap<string, readonly C[]> {
  const found = new Map<string, C[]>();
  if (!isPortableType(type)) return found;
  for (const cloud of clouds) {
    for (const name of Object.keys(cloud.names?.[PART[type]] ?? {})) found.set(name, [...(found.get(name) ?? []), cloud]);
  }
  return found;
}

/** Those of the clouds that have a name for resources of the type. */
export function cloudsNaming<C extends Naming>(clouds: readonly C[], type: string, name: string): readonly C[] {
  return isPortableType(type) ? clouds.filter(({ names }) => Object.hasOwn(names?.[PART[type]] ?? {}, name)) : [];
}

/** Architecture of what does not ask for one, as where sizes are chosen by figures (0025). */
const USUAL = 'x86_64';

/** Tells whether a name may stand for an image: a finished one, no snapshot, and like the choice says. */
export function suits({ values, cpuArch, labels = {} }: Item, choice: ImageChoice): boolean {
  if (values.state !== 'AVAILABLE' || values.type === 'SNAPSHOT') return false;
  if (cpuArch !== undefined && cpuArch !== (choice.architecture ?? USUAL)) return false;
  if (choice.name !== undefined && !(typeof values.name === 'string' && matches(choice.name, values.name))) return false;
  return Object.entries(choice.properties ?? {}).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
}

/** The newest of several, those without a date last; of one age the one with the least key, so that every process takes the same. */
export function newest<T extends { item: Item }>(candidates: readonly T[]): T | undefined {
  return [...candidates].sort((a, b) => timeOf(b.item) - timeOf(a.item) || (a.item.key < b.item.key ? -1 : 1))[0];
}

function timeOf({ created }: Item): number {
  const time = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}

/** Figures of a size as a MachineConfiguration has them; undefined for one of the provider's. */
export function figuresOfSize(choice: SizeChoice): Values | undefined {
  if ('size' in choice) return undefined;
  const { cpu, memory, disk } = choice;
  const disks = disk === undefined ? undefined : ([{ capacity: disk, format: 'raw' }] as Value);
  return { ...(cpu === undefined ? {} : { cpu }), memory, ...(disks === undefined ? {} : { disks }) };
}

/** A choice in words: `name debian-12-*, os_version 12`. */
export function choiceWords(choice: ImageChoice | SizeChoice): string {
  if ('size' in choice) return choice.size;
  const { properties, ...said } = choice as ImageChoice;
  return Object.entries({ ...said, ...properties })
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${String(value)}`]))
    .join(', ');
}
