import { z } from 'zod';
import type { Choice, DriverExtension } from './driver';
import { matches } from './pattern';

/** Factor by which a chosen size may exceed what was asked, where nobody says another. */
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

/** Extension by which a create accepts a larger size: at most so many times of what it asks. For every cloud with fixed sizes. */
export const SIZES_EXTENSION: DriverExtension = { name: 'sizeAtMost', types: ['Machine'], kind: 'integer', choosing: 'atMost' };

/**
 * Applies an operator's preferences to a driver's own view of a size: excluded patterns are never chosen; preferred ones come
 * first, in their order, and whatever kind of size the driver leaves aside by itself.
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
