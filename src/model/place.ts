import { shown } from './shown';

/**
 * Places in requests, configurations and options of drivers, in one notation: members are joined by dots and positions stand
 * in brackets, `machineTemplate.volumes[0].href`. A name that holds another character than letters, digits, `_`, `-` and `$`
 * stands in brackets and quotes, so that every place can be read back: `properties["a b"]`.
 */

/** Longest place in words and in `errorAt`, in characters. */
const LONGEST = 300;
const PLAIN = /^[\p{L}\p{N}_$-]+$/u;

/** Returns the place of a member (by name) or an item (by position, from 0) inside a place; '' is the whole. */
export function placeIn(place: string, part: PropertyKey): string {
  if (typeof part === 'number') return `${place}[${part}]`;
  const name = String(part);
  if (!PLAIN.test(name)) return `${place}[${JSON.stringify(name)}]`;
  return place === '' ? name : `${place}.${name}`;
}

/** Returns the place that a path of names and positions leads to. */
export function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(placeIn, '');
}

/** Cuts a place to a length that can be repeated to whoever sent it; undefined for the whole. */
export function toldPlace(place: string | undefined): string | undefined {
  return place === undefined || place === '' ? undefined : shown(place, LONGEST);
}

/** Puts the place before the words about it: `capacity: must be at least 1`. */
export function placed(place: string | undefined, words: string): string {
  const told = toldPlace(place);
  return told === undefined ? words : `${told}: ${words}`;
}
