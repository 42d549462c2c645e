import type { Fit } from '../clouds/driver';
import { placeIn } from '../model/place';
import type { Value, Values } from '../model/values';
import { Refusal, type Found } from './resource-handler';
import { capacities, describe, sizeName, number, wantedDisks, type WantedDisk } from './size-messages';

/** Choice of one of a cloud's fixed sizes by figures (docs/decisions/0025-sizes-by-figures.md). */

/** Figures that a size is chosen by; `cpuArch` must fit exactly. */
export const FIGURES = ['cpu', 'memory', 'cpuSpeed'] as const;
/** Architecture of what does not say one: nobody gets another by chance. */
const USUAL = 'x86_64';
/** Largest number of sizes that a refusal names. */
const NAMED = 3;

/** Demands on a size. */
export interface Wish {
  /** memory in KiB, disks' capacity in kB. */
  figures: Values;
  /** A chosen size has at most so many times of each figure that was asked. */
  atMost: number;
  /** Architecture that the image or the machine needs. */
  cpuArch?: string | undefined;
  /** Needs of the image or the machine, and what it has beside the figures. */
  fit?: Fit | undefined;
  /** Features that the request itself needs. */
  needs?: readonly string[] | undefined;
  zone?: string | undefined;
  /** Family that goes before others. */
  family?: string | undefined;
  /** True where disks beyond a size's own can be had. */
  moreDisks: boolean;
  /** The cloud, for words. */
  cloud: string;
}

/** A size, and which of the disks asked for it does not have itself. */
export interface Chosen {
  found: Found;
  more: WantedDisk[];
}

/**
 * @param at place of the configuration
 * @throws Refusal 400 for a figure that nothing could have (the standard gives none a range)
 */
export function checkFigures(asked: Values, at = ''): void {
  for (const figure of FIGURES) {
    const value = number(asked[figure]);
    if (value !== undefined && value < 1) throw new Refusal(400, `must be at least 1, not ${value}`, { at: placeIn(at, figure) });
  }
  const smallest = Math.min(...capacities(asked));
  if (smallest < 1) throw new Refusal(400, `a capacity must be at least 1, not ${smallest}`, { at: placeIn(at, 'disks') });
}

/**
 * The offered size that is nearest to what is wanted: none of its figures smaller, none more than the bound; of those
 * that are equally near the one that the cloud puts first. Nothing of it is left to chance.
 * @throws Refusal 400 naming the nearest sizes with their ids where none is near enough.
 */
export function chooseSize(wish: Wish, offered: readonly Found[]): Chosen {
  const able = offered.filter((found) => unfit(found, wish) === undefined);
  const near = able.filter(({ values }) => isNear(values, wish)).map((found) => ({ found, more: beyondOwn(wish.figures, found.values) }));
  const possible = near.filter(({ more }) => wish.moreDisks || more.length === 0);
  const [first] = possible.sort((a, b) => compare(orderOf(a, wish), orderOf(b, wish)));
  if (first) return first;
  if (near.length > 0) throw new Refusal(400, noDisks(wish));
  throw new Refusal(400, noSize(wish, offered, able));
}

/** Returns the reason why a size is not for this wish, whatever its figures, in words that go after its name. */
function unfit(found: Found, wish: Wish): string | undefined {
  return found.item?.choice?.excluded ?? wrongArchitecture(found, wish) ?? wrongPlace(found, wish) ?? wrongForImage(found, wish);
}

function wrongArchitecture({ values, item }: Found, { figures, cpuArch }: Wish): string | undefined {
  const known = item?.choice?.architectures ?? (typeof values.cpuArch === 'string' ? [values.cpuArch] : undefined);
  const arch = figures.cpuArch ?? cpuArch;
  if (typeof arch !== 'string') return !known || known.includes(USUAL) ? undefined : `is for ${known.join(', ')}, which nothing asks for`;
  // A cloud that tells no architecture of its sizes goes by the image's.
  const right = known ? known.includes(arch) : arch === cpuArch;
  return right ? undefined : `is not for cpuArch ${arch}`;
}

function wrongPlace({ item }: Found, { zone }: Wish): string | undefined {
  const { zones, elsewhere } = item?.choice ?? {};
  if (zone !== undefined) return zones?.includes(zone) === false ? `is not offered in ${zone}` : undefined;
  return elsewhere === 'impossible' ? 'is not offered where machines of this cloud go' : undefined;
}

function wrongForImage({ values, item }: Found, { fit, needs }: Wish): string | undefined {
  const own = item?.fit;
  const lacking = missing([...(fit?.needs ?? []), ...(needs ?? [])], own?.has) ?? missing(own?.needs, fit?.has);
  if (lacking !== undefined) return `does not go together with the image or the request: ${lacking}`;
  if (fit?.memory !== undefined && (number(values.memory) ?? 0) < fit.memory) return 'has less memory than the image needs';
  const [root] = capacities(values);
  return fit?.disk !== undefined && root !== undefined && root < fit.disk ? 'has a smaller disk than the image needs' : undefined;
}

const missing = (needs: readonly string[] = [], has: readonly string[] | undefined): string | undefined =>
  has && needs.find((need) => !has.includes(need));

function isNear(has: Values, { figures, atMost }: Wish): boolean {
  return FIGURES.every((figure) => {
    const want = number(figures[figure]);
    const own = number(has[figure]);
    return want === undefined || (own !== undefined && own >= want && own <= want * atMost);
  });
}

/**
 * Returns the criteria of the choice, in this order: as little as possible of what was asked (the product of cpu and memory), where
 * machines go by themselves, the machine's own family, the cloud's order, few disks to be added, little of what was not asked.
 */
function orderOf({ found, more }: Chosen, { figures, zone, family }: Wish): (number | string)[] {
  const { values, item } = found;
  const [cpu, memory] = [number(values.cpu) ?? 0, number(values.memory) ?? 0];
  const asked = (figures.cpu === undefined ? 1 : cpu) * (figures.memory === undefined ? 1 : memory);
  return [
    asked,
    zone === undefined && item?.choice?.elsewhere !== undefined ? 1 : 0,
    family !== undefined && item?.choice?.family === family ? 0 : 1,
    item?.choice?.rank ?? 0,
    more.length,
    cpu * memory,
    capacities(values).reduce((sum, capacity) => sum + capacity, 0),
    found.key ?? found.path,
  ];
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right !== undefined && left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** Disks asked for that are not among a size's own; each takes the smallest own one that is large enough and of its format. */
function beyondOwn(asked: Values, has: Values): WantedDisk[] {
  const own = wantedDisks(has).sort((a, b) => a.capacity - b.capacity);
  const more: WantedDisk[] = [];
  for (const disk of wantedDisks(asked)) {
    const place = own.findIndex(
      ({ capacity, format }) => capacity >= disk.capacity && (disk.format === undefined || disk.format === format),
    );
    if (place === -1) more.push(disk);
    else own.splice(place, 1);
  }
  return more;
}

function noDisks({ figures, cloud }: Wish): string {
  const message = `no size of cloud '${cloud}' has ${describe({ disks: figures.disks })}`;
  return `${message}, and it makes no disks beside those of its sizes: ask for less, or refer to a machine configuration`;
}

function noSize({ figures, atMost, cloud, ...wish }: Wish, offered: readonly Found[], able: readonly Found[]): string {
  const near = (candidates: readonly Found[]) =>
    [...candidates].sort((a, b) => compare([distance(a.values, figures), a.path], [distance(b.values, figures), b.path])).slice(0, NAMED);
  const whole = { ...wish, figures, atMost, cloud };
  const others = offered.filter((found) => !able.includes(found) && isNear(found.values, whole));
  const nearest = near(able).map(sizeName);
  const aside = near(others).map((found) => `${sizeName(found)} ${unfit(found, whole) ?? ''}`);
  const { disks: _disks, ...sized } = figures;
  return [
    `no machine configuration of cloud '${cloud}' is as asked for, or nearly so (${describe(sized)}; at most ${atMost} times of each)`,
    nearest.length === 0 ? `; none is for such a machine` : `; the nearest are ${nearest.join(', ')}`,
    aside.length === 0 ? '' : `; not chosen by figures: ${aside.join(', ')}`,
    ': refer to one of them, or ask for other figures',
  ].join('');
}

/** Measures the distance of a size from the figures: the sum of the logarithms of what is too much or too little. */
function distance(has: Values, asked: Values): number {
  let sum = 0;
  for (const figure of FIGURES) {
    const want = number(asked[figure]);
    if (want !== undefined) sum += Math.abs(Math.log(Math.max(number(has[figure]) ?? 0, 0.001) / want));
  }
  return Math.round(sum * 1e9);
}

/** A value of a figure as it is asked for; what is erased (null) is not asked. */
export function figuresOf(values: Values): Values {
  const figures: Values = {};
  for (const name of [...FIGURES, 'cpuArch', 'disks'] as const) {
    const value: Value | undefined = values[name];
    if (value !== undefined && value !== null) figures[name] = value;
  }
  return figures;
}
