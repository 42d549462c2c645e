import type { Context } from './context';
import { JsonValue } from './json';
import { shortName, type Value } from './value';
import type { Answer } from './wire';
import { type Element, XmlValue } from './xml';

/** Where an image comes from may lie outside the provider; properties and operations hold no references. */
const ELSEWHERE = ['imageLocation', 'operations', 'operation', 'properties', 'property'];

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

/** Whether a representation is a Collection. */
export const isCollection = (value: Value): boolean => value.resourceURI?.endsWith('Collection') ?? false;

const ITEMS_PER_COLLECTION = 4;

/** What a visit leads to: of Collections their first and last items; Jobs may name what is gone, so nothing. */
function onwards({ value }: Visit): string[] {
  if (shortName(value.resourceURI ?? '') === 'Job') return [];
  if (!isCollection(value)) return linksOf(value);
  const items = value.items();
  const some =
    items.length <= ITEMS_PER_COLLECTION ? items : [...items.slice(0, ITEMS_PER_COLLECTION / 2), ...items.slice(-ITEMS_PER_COLLECTION / 2)];
  return some.map((item) => item.text('id') ?? '').filter((id) => id !== '');
}

/** Everything that links lead to from the Cloud Entry Point, some items of each Collection; in this check's format. */
export async function crawl(c: Context): Promise<Visit[]> {
  const visits = new Map<string, Visit>();
  const waiting = [c.session.absolute(c.session.url)];
  for (let uri = waiting.shift(); uri !== undefined; uri = waiting.shift()) {
    if (visits.has(uri)) continue;
    const answer = (await c.get(uri)).is(200);
    const visit = { uri, answer, value: answer.body };
    visits.set(uri, visit);
    waiting.push(...onwards(visit).map((href) => c.session.absolute(href)));
  }
  return [...visits.values()];
}
