import { z } from 'zod';
import type { Choice, DriverExtension } from './driver';

/** How many times of what was asked a chosen size may have of anything, where nobody says. */
export const AT_MOST = 2;
/** Operators' own order goes before every order that a driver knows. */
const FIRST = -1_000_000;

const patterns = z.array(z.string().min(1).max(255)).max(1000);

/** The option `sizes` of a cloud with fixed sizes: how figures choose among them. */
export const sizesOption = z
  .strictObject({
    prefer: patterns
      .default([])
      .describe('Names of sizes that are chosen before others that give the same, in this order; * and ? stand for any characters'),
    exclude: patterns.default([]).describe('Names of sizes that figures never choose; a reference still can'),
    atMost: z
      .number()
      .min(1)
      .max(1000)
      .default(AT_MOST)
      .describe('A chosen size has at most so many times of the cpu and memory asked for'),
  })
  .refine((o) => !o.prefer.some((pattern) => o.exclude.includes(pattern)), {
    message: 'a pattern cannot be preferred and excluded',
    path: ['prefer'],
  })
  .prefault({})
  .describe('How a size is chosen where cpu and memory are asked for by value');

export type SizesOption = z.infer<typeof sizesOption>;

/** How a create says that a larger size will do: at most so many times of what it asks. For every cloud with fixed sizes. */
export const SIZES_EXTENSION: DriverExtension = { name: 'sizeAtMost', types: ['Machine'], kind: 'integer', choosing: 'atMost' };

/**
 * What an operator makes of a driver's own view of a size: excluded patterns are never chosen; preferred ones come first,
 * in their order, and whatever kind of size the driver leaves aside by itself.
 * @param names by which patterns may mean it
 */
export function weighed({ prefer, exclude }: SizesOption, names: readonly string[], own: Choice): Choice {
  const means = (pattern: string): boolean => names.some((name) => matches(pattern, name));
  if (exclude.some(means)) return { ...own, excluded: 'is excluded by the operator' };
  const place = prefer.findIndex(means);
  if (place === -1) return own;
  const { excluded: _lifted, ...rest } = own;
  return { ...rest, rank: FIRST + place, kind: `preferred by the operator (${prefer[place] ?? ''})` };
}

/** Whether a whole name is what a pattern means: * any characters, ? one. Without backtracking over more than one *. */
function matches(pattern: string, name: string): boolean {
  let [at, star, mark] = [0, -1, 0];
  for (let i = 0; i < name.length;) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] === name[i] && pattern[at] !== '*'))) {
      at += 1;
      i += 1;
    } else if (pattern[at] === '*') {
      star = at;
      mark = i;
      at += 1;
    } else if (star >= 0) {
      at = star + 1;
      mark += 1;
      i = mark;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
