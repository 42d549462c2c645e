import type { Value, Values } from '../model/values';
import type { Found } from './resource-handler';
import { shown } from '../model/shown';

/** A disk that a configuration asks for: capacity in kB. */
export interface WantedDisk {
  capacity: number;
  /** Format of a disk; absent: unformatted. */
  format?: string;
  initialLocation?: string;
}

/** Format of a disk without a file system. */
const RAW = 'raw';

/** A value that is a number, or undefined. */
export function number(value: Value | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Disks of a configuration, in order. */
export function wantedDisks(values: Values): WantedDisk[] {
  const disks = Array.isArray(values.disks) ? (values.disks as readonly Values[]) : [];
  return disks.map(({ capacity, format, initialLocation }) => ({
    capacity: number(capacity) ?? 0,
    ...(typeof format === 'string' && format !== '' && format.toLowerCase() !== RAW ? { format } : {}),
    ...(typeof initialLocation === 'string' ? { initialLocation } : {}),
  }));
}

/** Capacities of the disks of a configuration in their order, in kB. */
export function capacities(values: Values): number[] {
  return wantedDisks(values).map(({ capacity }) => capacity);
}

/** Figures in words: `cpu 2, memory 4194304 KiB`. */
export function describe(values: Values): string {
  const parts: string[] = [];
  if (number(values.cpu) !== undefined) parts.push(`cpu ${String(values.cpu)}`);
  if (number(values.memory) !== undefined) parts.push(`memory ${String(values.memory)} KiB`);
  if (number(values.cpuSpeed) !== undefined) parts.push(`cpuSpeed ${String(values.cpuSpeed)} MHz`);
  if (typeof values.cpuArch === 'string') parts.push(`cpuArch ${shown(values.cpuArch)}`);
  const disks = capacities(values);
  if (disks.length > 0) parts.push(`${disks.length === 1 ? 'a disk' : 'disks'} of ${disks.join(', ')} kB`);
  return parts.join(', ') || 'nothing in particular';
}

/** A size with its id, its name and its figures. */
export function sizeName({ path, values }: Pick<Found, 'path' | 'values'>): string {
  return `${path} (${shown(String(values.name))}: ${describe(values)})`;
}

/**
 * The choice of a size in words, for the statusMessage of its Job: what was asked for, what the size has, and why this one.
 * @param beside what becomes of disks that the size does not have, in words
 */
export function sizeMessage(asked: Values, size: Pick<Found, 'path' | 'values' | 'item'>, beside: string | undefined): string {
  const { disks, ...figures } = asked;
  const given: Values = {};
  for (const name of Object.keys(figures)) given[name] = size.values[name];
  const exact = Object.entries(figures).every(
    ([name, value]) => given[name] === value || (name === 'cpuArch' && given[name] === undefined),
  );
  const kind = size.item?.choice?.kind;
  const name = `${size.path} (${shown(String(size.values.name))}${kind === undefined ? '' : `, ${kind}`})`;
  const unasked: Values = { ...(figures.cpu === undefined ? { cpu: size.values.cpu } : {}) };
  if (figures.memory === undefined) unasked.memory = size.values.memory;
  const more = Object.keys(unasked).length === 0 ? '' : `, with ${describe(unasked)}`;
  const first = exact
    ? `${describe(figures)} as asked for: ${name}${more}`
    : `${describe(figures)} was asked for; ${name} has ${describe(given)}${more}; chosen because it is the nearest that has no less`;
  return `${first}${disks === undefined ? '' : `; ${diskWords(disks, size.values, beside)}`}`;
}

function diskWords(asked: Value, has: Values, beside: string | undefined): string {
  const own = capacities(has);
  const words = [
    `${describe({ disks: asked })} asked for`,
    own.length === 0 ? 'the size has none of its own' : `the size has ${describe({ disks: has.disks })}`,
  ];
  return [...words, ...(beside === undefined ? [] : [beside])].join(', ');
}

/** A Job's statusMessage with more to tell. */
export const withDetail = (message: string, words: string | undefined): string => (words === undefined ? message : `${message}: ${words}`);
