import type { Context } from './context';
import { JsonValue } from './json';
import { shortName, type Value } from './value';
import type { Answer } from './wire';
import { type Element, XmlValue } from './xml';

/**
 * Attributes that are no links to follow: an image may come from outside the provider, types are DMTF's (D055), an Event outlives what
 * it tells of (5.17.13); properties and operations hold no references.
 */
const ELSEWHERE = ['imageLocation', 'associatedTo', 'content', 'about', 'job', 'operations', 'operation', 'properties', 'property'];

/** References inside a representation to other resources of the provider. */
export function linksOf(value: Value): string[] {
  if (value instanceof JsonValue) return jsonLinks(value.raw);
  return value instanceof XmlValue ? xmlLinks(value.element) : [];
}

function jsonLinks(raw: unknown): string[] {
  if (Array.isArray(raw)) return raw.flatMap(jsonLinks);
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw).flatMap(([name, inner]) => {
    if (ELSEWHERE.includes(name)) return [];
    return name === 'href' && typeof inner === 'string' ? [inner] : jsonLinks(inner);
  });
}

function xmlLinks(element: Element): string[] {
  if (ELSEWHERE.includes(element.name)) return [];
  const own = element.attributes.href === undefined ? [] : [element.attributes.href];
  return [...own, ...element.children.flatMap(xmlLinks)];
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
