import { CIMI } from './body';
import type { Format } from './value';
import { type Element, readXml } from './xml';

/** Representations as they were read, changed a little and sent back: what a client does that knows of nothing but what it got. */

const SINGULAR: Readonly<Record<string, string>> = { properties: 'property', operations: 'operation' };

const escape = (text: string): string => text.replace(/[&<>"\r\n\t]/g, (letter) => `&#${letter.codePointAt(0)};`);

/** @param around namespace of the element that it stands in */
function write(element: Element, around: string): string {
  const { namespace } = element;
  const declared = namespace === around ? '' : ` xmlns="${escape(namespace)}"`;
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}="${escape(value)}"`);
  const inside = element.children.length > 0 ? element.children.map((child) => write(child, namespace)).join('') : escape(element.text);
  return `<${element.name}${declared}${attributes.join('')}>${inside}</${element.name}>`;
}

const document = (element: Element): string => write(element, '');

/** A representation without some of its attributes (names of JSON, or of elements). */
export function without(text: string, names: string[], format: Format): string {
  if (format === 'json') {
    const members = Object.entries(JSON.parse(text) as object).filter(([name]) => !names.includes(name));
    return JSON.stringify(Object.fromEntries(members));
  }
  const elements = names.map((name) => SINGULAR[name] ?? name);
  const root = readXml(text);
  return document({ ...root, children: root.children.filter(({ name }) => !elements.includes(name)) });
}

/**
 * The body of a create (`MachineCreate`) whose template (`machineTemplate`) is a representation that was read, all of it; `href`:
 * it is that of the template itself, and all that it has is an override.
 */
export function inlined(text: string, wrapper: string, member: string, name: string, format: Format, href?: string): string {
  if (format === 'json') {
    const { resourceURI: _type, operations: _operations, ...rest } = JSON.parse(text) as Record<string, unknown>;
    const template = href === undefined ? rest : { href, ...rest };
    return JSON.stringify({ resourceURI: `${CIMI}/${wrapper}`, name, [member]: template });
  }
  const root = readXml(text);
  const children = root.children.filter((child) => child.name !== 'operation');
  const template = { ...root, name: member, attributes: href === undefined ? {} : { href }, children };
  const named = { ...root, name: 'name', attributes: {}, children: [], text: name };
  return document({ ...root, name: wrapper, attributes: {}, children: [named, template] });
}
