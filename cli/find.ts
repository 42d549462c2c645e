import { collectionAt, itemAt, type Context, type Item } from './context.ts';
import type { Place } from './kinds.ts';
import { notFound, usage } from './problem.ts';

/** Writes text as a filter has it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Finds the URI of a resource: a URI is itself; else the one of that name, or with that id in the collection.
 * @throws Problem where there is none, or where there are several, naming them
 */
export async function uriOf({ cimi }: Context, { name: collection, href }: Pick<Place, 'name' | 'href'>, word: string): Promise<string> {
  if (/^https?:/.test(word)) return word;
  const id = word.includes('/') ? word : `${collection}/${word}`;
  const found = await collectionAt(cimi, href).all({ filter: `name=${literal(word)} or id=${literal(id)}`, select: ['name'] });
  const [only, ...others] = found;
  if (!only) throw notFound(`there is nothing in ${collection} with the name or id ${word}`);
  if (others.length > 0)
    throw usage(`${word} is the name of ${found.length} in ${collection}, say which: ${found.map((one) => one.id).join(', ')}`);
  return only.id;
}

/** Reads a resource by name, id or URI. @throws Problem, CimiError */
export async function find(context: Context, place: Place, word: string): Promise<Item> {
  return itemAt(context.cimi, await uriOf(context, place, word));
}
