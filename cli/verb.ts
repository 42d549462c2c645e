import type { Given } from './attributes.ts';
import type { Context } from './context.ts';
import type { Place } from './kinds.ts';
import { usage } from './problem.ts';

/** Words of a command behind its collection and its verb. */
export interface Rest {
  words: readonly string[];
  given: readonly Given[];
}

/** A verb of every collection, or of some. */
export type Verb = (context: Context, place: Place, rest: Rest) => Promise<void>;

/** Returns the one name that a verb needs. @throws Problem where there is none, or more */
export function oneOf({ words }: Rest, verb: string, place: Place): string {
  const [word, ...others] = words;
  if (word === undefined || others.length > 0) throw usage(`cimi ${place.name} ${verb} needs one name or id`);
  return word;
}
