import type { Context } from './context';
import { typeFacts } from './facts';
import { JsonValue } from './json';
import { shortName, type Value } from './value';
import type { Answer } from './wire';
import { type Element, XmlValue } from './xml';

/**
 * Attributes that are no links to follow: an image may come from outside the provider, types are DMTF's (D055), an Event outlives what
 * it tells of (5.17.13); properties and operations hold no references.
 */
const ELSEWHERE = ['imageLocation', 'associatedTo', 'content', 'about', 'job', 'operations', 'operation', 'properties', 'property'];

const ENTRY_POINT = 'CloudEntryPoint';
/** Tells the standard's: what a provider adds to its entry point leads to types that the standard says nothing of. */
const standardCollections = (name: string): boolean => typeFacts(ENTRY_POINT).attributes.some((fact) => fact.name === name);

/** References inside a representation to other resources of the provider. @param follow chooses among its attributes */
export function linksOf(value: Value, follow: (name: string) => boolean = () => true): string[] {
  if (value instanceof JsonValue) return jsonLinks(value.raw, follow);
  return value instanceof XmlValue ? xmlLinks(value.element, follow) : [];
}

function jsonLinks(raw: unknown, follow: (name: string) => boolean = () => true): string[] {
  if (Array.isArray(raw)) return raw.flatMap((one) => jsonLinks(one));
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw).flatMap(([name, inner]) => {
    if (ELSEWHERE.includes(name) || !follow(name)) return [];
    return name === 'href' && typeof inner === 'string' ? [inner] : jsonLinks(inner);
  });
}

function xmlLinks(element: Element, follow: (name: string) => boolean = () => true): string[] {
  if (ELSEWHERE.includes(element.name)) return [];
  const own = element.attributes.href === undefined ? [] : [element.attributes.href];
  return [...own, ...element.children.filter(({ name }) => follow(name)).flatMap((child) => xmlLinks(child))];
}

export interface Visit {
  uri: string;
  answer: Answer;
  value: Value;
}

/** Tells whether a representation is a Collection. */
export const isCollection = (value: Value): boolean => value.resourceURI?.endsWith('Collection') ?? false;

const ITEMS_PER_COLLECTION = 4;

/** Lists the links that a visit leads to: of Collections their first and last items; none of Jobs, which may name what is gone. */
function onwards({ value }: Visit): string[] {
  if (shortName(value.resourceURI ?? '') === 'Job') return [];
  if (shortName(value.resourceURI ?? '') === ENTRY_POINT) return linksOf(value, standardCollections);
  if (!isCollection(value)) return linksOf(value);
  const items = value.items();
  const some =
    items.length <= ITEMS_PER_COLLECTION ? items : [...items.slice(0, ITEMS_PER_COLLECTION / 2), ...items.slice(-ITEMS_PER_COLLECTION / 2)];
  return some.map((item) => item.text('id') ?? '').filter((id) => id !== '');
}

/** Number of representations that a crawl reads at once. */
const READ_AT_ONCE = 4;

/** Reads everything that links lead to from the Cloud Entry Point, some items of each Collection; in this check's format. */
export async function crawl(c: Context): Promise<Visit[]> {
  const visits = new Map<string, Visit>();
  const visit = async (uri: string): Promise<Visit> => {
    const answer = (await c.get(uri)).is(200);
    return { uri, answer, value: answer.body };
  };
  let waiting = [c.session.absolute(c.session.url)];
  while (waiting.length > 0) {
    const read = await Promise.all(waiting.slice(0, READ_AT_ONCE).map(visit));
    for (const each of read) visits.set(each.uri, each);
    const found = read.flatMap(onwards).map((href) => c.session.absolute(href));
    waiting = [...new Set([...waiting.slice(READ_AT_ONCE), ...found])].filter((uri) => !visits.has(uri));
  }
  return [...visits.values()];
}
