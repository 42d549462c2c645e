import type { Account } from './account';
import { phaseAt, type Kind, type Of, type PhaseStart } from './things';

/** Things that the provider measures. */
export type Measured = Extract<Kind, 'instance' | 'volume' | 'net' | 'port'>;

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** Most that a line carries, in bytes per second: 1 Gbit/s. */
const LINE = 125_000_000;
const DAY_MS = 86_400_000;

/** Phases in which a thing has values; in all others there is a gap. */
const MEASURED_IN: Readonly<Record<Measured, readonly string[]>> = {
  instance: ['running'],
  volume: ['ready', 'capturing'],
  net: ['up'],
  port: ['up'],
};

/** Quantities that are measured of each kind of thing. */
export const QUANTITIES: Readonly<Record<Measured, readonly string[]>> = {
  instance: ['cpu', 'memory', 'disk', 'received', 'sent'],
  volume: ['disk', 'read', 'written'],
  net: ['traffic'],
  port: ['received', 'sent'],
};

/** Amount of a quantity at full use. */
function fullUse(account: Account, thing: Of<Measured>, quantity: string): number {
  if (quantity === 'cpu') return 100;
  if (quantity === 'memory' && thing.kind === 'instance') return thing.memoryMiB * MIB;
  if (quantity !== 'disk') return LINE;
  if (thing.kind === 'volume') return thing.sizeGiB * GIB;
  return account.related('disk', 'instance', thing.id).reduce((sum, { sizeGiB }) => sum + sizeGiB * GIB, 0);
}

/** FNV-1a with a last stir, as a share of 1. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * Share of full use (0 to 1) at a time: a pure function of id, quantity and time, so that every process sees the same. A wave over
 * the day at a level of the thing's own, and a flicker.
 */
export function shareAt(id: string, quantity: string, at: number): number {
  const own = hashed(`${id} ${quantity}`);
  const wave = Math.sin(2 * Math.PI * (at / DAY_MS + own));
  const flicker = hashed(`${id} ${quantity} ${at}`) - 0.5;
  return 0.45 + 0.2 * (own - 0.5) + 0.25 * wave + 0.1 * flicker;
}

/**
 * The values of a quantity by time, in percent, bytes or bytes per second; undefined where the thing had none then. Everything but the
 * time is looked up once.
 */
export function valuesOf(account: Account, thing: Of<Measured>, quantity: string): (at: number) => number | undefined {
  const since = thing.kind === 'instance' ? thing.launchedAt : thing.madeAt;
  const phases: readonly PhaseStart[] = [...(thing.past ?? []), ...thing.timeline];
  const full = fullUse(account, thing, quantity);
  return (at) => {
    if (at < since || !MEASURED_IN[thing.kind].includes(phaseAt(phases, at))) return undefined;
    const value = shareAt(thing.id, quantity, at) * full;
    return quantity === 'cpu' ? Number(value.toFixed(2)) : Math.round(value);
  };
}
