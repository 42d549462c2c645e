import type { AttributeOf, PageOptions } from '../sdk/index.ts';
import { cimi } from './state.ts';

/** Resource as the console shows any: its attributes by name. */
export interface Item {
  id: string;
  operations?: readonly { rel: string; href: string }[];
  [name: string]: unknown;
}

export interface Window {
  items: readonly Item[];
  count: number | undefined;
  unavailable: readonly string[];
  etag: string | undefined;
  /** True where something can be made in it. */
  canAdd: boolean;
  /** True where a package can be made something of it. */
  canImport: boolean;
}

interface Asked {
  first?: number | undefined;
  last?: number | undefined;
  filter?: string | undefined;
  orderBy?: string | undefined;
  unless?: string | undefined;
  signal: AbortSignal;
}

/**
 * Reads a window of a collection by its path below the base.
 * @returns undefined where it is still what `unless` knows
 */
export async function pageOf(path: string, { filter, orderBy, ...asked }: Asked): Promise<Window | undefined> {
  const client = cimi.value;
  if (!client) return undefined;
  const options = {
    ...asked,
    ...(filter !== undefined && filter !== '' && { filter }),
    ...(orderBy !== undefined && { orderBy: [orderBy as AttributeOf<'Machine'>] }),
  } as PageOptions<'Machine'>;
  const page = await client.collection<'Machine', 'machines'>({ href: client.entryPoint.baseURI + path }).page(options);
  if (!page) return undefined;
  const items = page.items.map((item) => (item as unknown as { toJSON(): Item }).toJSON());
  return {
    items,
    count: page.count,
    unavailable: page.unavailableClouds,
    etag: page.etag,
    canAdd: page.can('add'),
    canImport: page.can('import' as 'add'),
  };
}

/** Makes a filter of what somebody typed: a CIMI filter as it is, a word as a part of the name. */
export function filterOf(typed: string): string {
  const text = typed.trim();
  if (text === '' || /[=<>]/.test(text)) return text;
  return `name='${text.replaceAll("'", '')}'`;
}

/** Writes a request for a resource as a command. */
export function curlOf(url: string): string {
  return `curl -H 'Accept: application/json' -u USER '${url.replaceAll("'", '%27')}'`;
}
