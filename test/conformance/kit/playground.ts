import type { Content } from './body';
import type { Context } from './context';
import { freshName, idOf } from './ingredients';
import { textOf, type Value } from './value';

/** Made-up MachineConfigurations that queries are tried on: cheap, with strings, integers, dates and properties of ours. */

export const PLAYGROUND = 'machineConfigs';
export const TYPE = 'MachineConfiguration';
/** Needs of a check on the playground. */
export const playground = { adds: [PLAYGROUND] };

/** Text, numbers and property of one configuration. */
interface Row {
  /** End of its name. */
  key: string;
  cpu: number;
  memory: number;
  colour?: string;
}

/** Rows in no order; 10 comes before 2 only as text, and U+1D4B3 before U+FF5E only in UTF-16. */
export const ROWS: readonly Row[] = [
  { key: 'b', cpu: 2, memory: 4194304, colour: 'blue' },
  { key: 'Z', cpu: 10, memory: 8388608, colour: 'red' },
  { key: '\u{1D4B3}', cpu: 8, memory: 1048576 },
  { key: 'é', cpu: 1, memory: 2097152, colour: 'Blue' },
  { key: '\uFF5E', cpu: 2, memory: 1048576, colour: 'blue' },
];

export interface Playground {
  /** Description of every one of them, and of nothing else. */
  mark: string;
  /** URIs, in the order of ROWS. */
  uris: string[];
}

/** The playground's resources, made once. */
export function playgroundOf(c: Context): Promise<Playground> {
  return c.shared('playground', async (s) => {
    const mark = freshName('playground');
    const uris: string[] = [];
    for (const { key, cpu, memory, colour } of ROWS) {
      const properties: Content = colour === undefined ? {} : { properties: { colour, owner: 'conformance' } };
      uris.push(await s.createUri(PLAYGROUND, TYPE, { name: `${mark}-${key}`, description: mark, ...properties, cpu, memory }));
    }
    return { mark, uris };
  });
}

/** Keys of the playground's items among these, in their order. */
export function keysOf(items: Value[], { mark }: Playground): string[] {
  const names = items.map((item) => item.text('name') ?? '').filter((name) => name.startsWith(`${mark}-`));
  return names.map((name) => name.slice(mark.length + 1));
}

/** Keys of the playground's items that a filter finds; `and` with their mark, so that nothing else is among them. */
export async function found(c: Context, filter: string): Promise<string[]> {
  const place = await playgroundOf(c);
  const collection = await c.collection(PLAYGROUND, { $filter: `description='${place.mark}' and (${filter})` });
  const keys = keysOf(collection.items(), place);
  if (keys.length !== collection.items().length)
    throw new Error(`the filter found what it should not: ${collection.items().map(idOf).join(', ')}`);
  return keys.sort();
}

/** Keys of ROWS that fit, sorted as `found` sorts them. */
export const keysWhere = (fits: (row: Row) => boolean): string[] =>
  ROWS.filter(fits)
    .map(({ key }) => key)
    .sort();

/** Number of items that a Collection counts. */
export const countOf = (collection: Value): number => Number(textOf(collection, 'count'));
