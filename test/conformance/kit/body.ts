import type { Format } from './value';

export const CIMI = 'http://schemas.dmtf.org/cimi/1';

/**
 * Content of a request in the words of JSON. `href` becomes an XML attribute, `properties` a map; what XML writes in a
 * way of its own is said by `list` and `attributes`. The order given is the order written: keep to the standard's.
 */
export interface Content {
  [name: string]: Part;
}
export type Part = string | number | boolean | null | undefined | Content | ItemList | XmlAttributes;

class ItemList {
  constructor(
    readonly item: string,
    readonly values: Part[],
  ) {}
}

class XmlAttributes {
  constructor(readonly fields: Record<string, string | number | boolean>) {}
}

/** An array: in XML each value is an element `item`. */
export const list = (item: string, values: Part[]): Part => new ItemList(item, values);

/** A structure whose fields are XML attributes. */
export const attributes = (fields: Record<string, string | number | boolean>): Part => new XmlAttributes(fields);

const isContent = (part: Part): part is Content =>
  typeof part === 'object' && part !== null && !(part instanceof ItemList) && !(part instanceof XmlAttributes);

function asJson(part: Part): unknown {
  if (part instanceof ItemList) return part.values.map(asJson);
  if (part instanceof XmlAttributes) return part.fields;
  if (isContent(part)) return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, asJson(value)]));
  return part;
}

const escape = (text: string): string => text.replace(/[&<>"\r\n\t]/g, (letter) => `&#${letter.codePointAt(0)};`);

function element(name: string, part: Part, namespace = ''): string {
  if (part === undefined) return '';
  if (part === null || part === '') return `<${name}${namespace}/>`;
  if (part instanceof ItemList) return part.values.map((value) => element(part.item, value)).join('');
  if (part instanceof XmlAttributes) {
    const written = Object.entries(part.fields).map(([field, value]) => ` ${field}="${escape(String(value))}"`);
    return `<${name}${namespace}${written.join('')}/>`;
  }
  if (!isContent(part)) return `<${name}${namespace}>${escape(String(part))}</${name}>`;
  const href = typeof part.href === 'string' ? ` href="${escape(part.href)}"` : '';
  return `<${name}${namespace}${href}>${inside(part)}</${name}>`;
}

function inside(content: Content): string {
  return Object.entries(content)
    .filter(([name]) => name !== 'href')
    .map(([name, part]) => (name === 'properties' && isContent(part) ? properties(part) : element(name, part)))
    .join('');
}

const properties = (map: Content): string =>
  Object.entries(map)
    .map(([key, value]) => `<property key="${escape(key)}">${escape(String(value))}</property>`)
    .join('');

/** The text of a request. `type`: name of the resource or envelope (`Machine`, `MachineCreate`, `Action`). */
export function writeBody(format: Format, type: string, content: Content): string {
  if (format === 'xml') return `<?xml version="1.0" encoding="UTF-8"?>${element(type, content, ` xmlns="${CIMI}"`)}`;
  return JSON.stringify({ resourceURI: `${CIMI}/${type}`, ...(asJson(content) as object) });
}
