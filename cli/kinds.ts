import type { Cimi } from '../sdk/index.ts';
import { usage } from './problem.ts';

/** Attribute of a type, as ResourceMetadata tells it. */
export interface KindAttribute {
  readonly name: string;
  readonly namespace?: string;
  readonly type?: string;
  readonly required?: boolean;
  readonly values?: readonly unknown[];
  readonly ranges?: readonly { low: number; high: number }[];
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** Action of a type, as ResourceMetadata tells it. */
export interface KindAction {
  readonly name: string;
  readonly uri: string;
  readonly description?: string;
}

/** A type of the provider's, as its ResourceMetadata tells it. */
export interface Kind {
  readonly name: string;
  readonly typeURI: string;
  readonly attributes: readonly KindAttribute[];
  readonly actions: readonly KindAction[];
  readonly capabilities: readonly { name: string; description?: string; value?: unknown }[];
}

/** Collection of the entry point, with its type where that is known. */
export interface Place {
  readonly name: string;
  readonly href: string;
  readonly kind: Kind | undefined;
}

/** Reads the types of a provider: all of them by one request, whose answer is kept. @throws CimiError */
export async function asks(cimi: Cimi): Promise<readonly Kind[]> {
  const { values = {} } = await cimi.send({ url: cimi.collection('resourceMetadata').href });
  const lists = Object.entries(values).filter(([name, value]) => name !== 'operations' && Array.isArray(value));
  const kinds = (lists[0]?.[1] ?? []) as Partial<Kind>[];
  return kinds.map(({ name = '', typeURI = '', attributes = [], actions = [], capabilities = [] }) => ({
    name,
    typeURI,
    attributes,
    actions,
    capabilities,
  }));
}

/** Collections by shorter names. */
const SHORT: Readonly<Record<string, string>> = { images: 'machineImages', sizes: 'machineConfigs', configs: 'machineConfigs' };
const lower = (text: string): string => text.toLowerCase();

/** Names of the entry point's collections. */
export function collectionNames(cimi: Cimi): string[] {
  return Object.entries(cimi.entryPoint).flatMap(([name, value]) =>
    typeof (value as { href?: unknown } | null)?.href === 'string' && (value as { href: string }).href.startsWith('http') ? [name] : [],
  );
}

/**
 * Finds a collection by its name, in whatever case, in the singular, or by a beginning that no other has.
 * @throws Problem naming those there are
 */
export function placeOf(cimi: Cimi, word: string, kinds: readonly Kind[]): Place {
  const names = collectionNames(cimi);
  const wanted = lower(SHORT[lower(word)] ?? word);
  const exact = names.find((name) => [lower(name), singular(lower(name))].includes(wanted));
  const begun = names.filter((name) => lower(name).startsWith(wanted));
  const name = exact ?? (begun.length === 1 ? begun[0] : undefined);
  if (name === undefined) throw usage(`there is no collection ${word}; there are: ${names.join(', ')}`);
  return { name, href: cimi.collection(name).href, kind: kindOf(name, kinds) };
}

const singular = (name: string): string => name.replace(/sses$/, 'ss').replace(/([^s])s$/, '$1');

/** Returns the type of a collection's items: what its name says, `machineConfigs` being MachineConfigurations. */
export function kindOf(collection: string, kinds: readonly Kind[]): Kind | undefined {
  const wanted = lower(singular(collection));
  return (
    kinds.find(({ name }) => lower(name) === wanted) ?? kinds.find(({ name }) => lower(name).startsWith(wanted) && /config$/.test(wanted))
  );
}

/** Returns a type by its name, in whatever case, or by that of its collection. */
export function kindNamed(word: string, kinds: readonly Kind[]): Kind | undefined {
  return kinds.find(({ name }) => lower(name) === lower(word)) ?? kindOf(word, kinds);
}
