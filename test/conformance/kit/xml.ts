import { SaxesParser } from 'saxes';
import type { Operation, Value } from './value';

/** An element as it was written. */
export interface Element {
  name: string;
  namespace: string;
  /** Attributes without namespace declarations. */
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** Reads a document with namespaces. @throws Error where it is not well-formed or holds a document type. */
export function readXml(text: string): Element {
  const parser = new SaxesParser({ xmlns: true });
  const root: Element = { name: '', namespace: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const last = (): Element => open.at(-1) ?? root;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('the document has a document type');
  });
  parser.on('opentag', (tag) => {
    const attributes = Object.values(tag.attributes).filter(({ prefix, name }) => prefix !== 'xmlns' && name !== 'xmlns');
    const element: Element = {
      name: tag.local,
      namespace: tag.uri,
      attributes: Object.fromEntries(attributes.map(({ local, value }) => [local, value])),
      children: [],
      text: '',
    };
    last().children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  const add = (piece: string): void => {
    last().text += piece;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.write(text).close();
  const [document] = root.children;
  if (!document) throw new Error('the document is empty');
  return document;
}

/** JSON names of what XML writes as repeated elements. */
const PLURALS: Record<string, string> = { operation: 'operations', property: 'properties' };
const singular = (name: string): string => Object.entries(PLURALS).find(([, plural]) => plural === name)?.[0] ?? name;

/** An XML element seen as a Value. */
export class XmlValue implements Value {
  readonly format = 'xml';

  constructor(readonly element: Element) {}

  get resourceURI(): string | undefined {
    const { name, namespace, attributes } = this.element;
    return name === 'Collection' ? attributes.resourceURI : `${namespace}/${name}`;
  }

  names(): string[] {
    const children = this.element.children.map(({ name }) => PLURALS[name] ?? name);
    return [...new Set([...Object.keys(this.element.attributes), ...children])];
  }

  private children(name: string): Element[] {
    return this.element.children.filter((child) => child.name === name);
  }

  has(name: string): boolean {
    return this.names().includes(name) || this.children(singular(name)).length > 0;
  }

  text(name: string): string | undefined {
    const [child] = this.children(name);
    if (child === undefined) return this.element.attributes[name];
    return child.children.length > 0 || child.attributes.href !== undefined ? undefined : child.text;
  }

  inner(name: string): Value | undefined {
    const [child] = this.children(name);
    return child && new XmlValue(child);
  }

  href(name: string): string | undefined {
    return this.children(name)[0]?.attributes.href;
  }

  list(_name: string, item: string): Value[] {
    return this.children(item).map((child) => new XmlValue(child));
  }

  texts(_name: string, item: string): string[] {
    return this.children(item).map(({ text }) => text);
  }

  map(_name = 'properties', item = 'property'): Record<string, string> {
    return Object.fromEntries(this.children(item).map(({ attributes, text }) => [attributes.key ?? '', text]));
  }

  operations(): Operation[] {
    return this.children('operation').map(({ attributes }) => ({ rel: attributes.rel ?? '', href: attributes.href ?? '' }));
  }

  /** Items of a Collection are written as their resources are: with a capital letter. */
  private itemElements(): Element[] {
    return this.element.children.filter(({ name }) => /^[A-Z]/.test(name));
  }

  grouping(): string | undefined {
    return this.itemElements()[0]?.name;
  }

  items(): Value[] {
    return this.itemElements().map((child) => new XmlValue(child));
  }

  own(): string | undefined {
    return this.element.children.length > 0 ? undefined : this.element.text;
  }
}
