import type { Value, Values } from '../model/values';
import { Refusal, type Found } from './family';

/** Figures a machine configuration by value may ask for; each must be met, `cpuArch` exactly. */
const FIGURES = ['cpu', 'memory', 'cpuSpeed'] as const;

/** @throws Refusal 400 for a figure that nothing could have (the standard gives none a range). */
export function checkFigures(asked: Values): void {
  for (const figure of FIGURES) {
    const value = number(asked[figure]);
    if (value !== undefined && value < 1) throw new Refusal(400, `${figure}: must be at least 1, not ${value}`);
  }
  const smallest = capacities(asked).at(-1);
  if (smallest !== undefined && smallest < 1) throw new Refusal(400, `disks: a capacity must be at least 1, not ${smallest}`);
}

/**
 * The smallest offered configuration that satisfies every asked figure (ties by memory, cpu, name).
 * @param asked memory in KiB, disks' capacity in kB.
 * @throws Refusal (400) naming the nearest when none fits.
 */
export function smallestFitting(asked: Values, offered: readonly Found[]): Found {
  checkFigures(asked);
  const fits = offered.filter((candidate) => satisfies(candidate.values, asked)).sort(bySize);
  const best = fits[0];
  if (best) return best;
  const nearest = [...offered].sort((a, b) => distance(a.values, asked) - distance(b.values, asked) || bySize(a, b))[0];
  const hint = nearest ? `; the nearest is ${nearest.path} (${String(nearest.values.name)}: ${describe(nearest.values)})` : '';
  throw new Refusal(400, `no machine configuration of this cloud satisfies ${describe(asked)}${hint}`);
}

function satisfies(has: Values, asked: Values): boolean {
  if (FIGURES.some((figure) => number(asked[figure]) !== undefined && (number(has[figure]) ?? 0) < (number(asked[figure]) ?? 0)))
    return false;
  if (typeof asked.cpuArch === 'string' && asked.cpuArch !== has.cpuArch) return false;
  const wanted = capacities(asked);
  const own = capacities(has);
  return wanted.every((capacity, index) => (own[index] ?? -1) >= capacity);
}

/** Capacities of the disks, largest first, in kB. */
function capacities(values: Values): number[] {
  const disks = Array.isArray(values.disks) ? (values.disks as readonly Values[]) : [];
  return disks.map((disk) => number(disk.capacity) ?? 0).sort((a, b) => b - a);
}

function bySize(a: Found, b: Found): number {
  return (
    (number(a.values.memory) ?? 0) - (number(b.values.memory) ?? 0) ||
    (number(a.values.cpu) ?? 0) - (number(b.values.cpu) ?? 0) ||
    String(a.values.name).localeCompare(String(b.values.name))
  );
}

/** How far a configuration falls short, as a sum of missing shares. */
function distance(has: Values, asked: Values): number {
  let sum = typeof asked.cpuArch === 'string' && asked.cpuArch !== has.cpuArch ? 10 : 0;
  for (const figure of FIGURES) {
    const want = number(asked[figure]);
    if (want) sum += Math.max(0, 1 - (number(has[figure]) ?? 0) / want);
  }
  return sum;
}

function describe(values: Values): string {
  const parts: string[] = [];
  if (number(values.cpu) !== undefined) parts.push(`cpu ${String(values.cpu)}`);
  if (number(values.memory) !== undefined) parts.push(`memory ${String(values.memory)} KiB`);
  if (number(values.cpuSpeed) !== undefined) parts.push(`cpuSpeed ${String(values.cpuSpeed)} MHz`);
  if (typeof values.cpuArch === 'string') parts.push(`cpuArch ${values.cpuArch}`);
  const disks = capacities(values);
  if (disks.length > 0) parts.push(`disks of ${disks.join(', ')} kB`);
  return parts.join(', ') || 'nothing in particular';
}

function number(value: Value | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
