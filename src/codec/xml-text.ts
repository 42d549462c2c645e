import { SaxesParser } from 'saxes';
import type { SaxesTagNS } from 'saxes';
import { BodyError } from './codec';
import type { Limits } from './json-text';
import { shown } from '../model/shown';

/** An element as parsed, namespaces resolved. */
export interface XmlElement {
  name: string;
  uri: string;
  /** Attributes without namespace declarations. */
  attributes: { name: string; uri: string; value: string }[];
  children: XmlElement[];
  /** All character data directly inside. */
  text: string;
  /** `xml:space="preserve"` on it or above. */
  preserve: boolean;
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';
const XML = 'http://www.w3.org/XML/1998/namespace';
const MAXIMUM_ATTRIBUTES = 64;

/**
 * Parses XML 1.0 with namespaces. Nothing is fetched or expanded: document types are refused, and with them every entity
 * but the five predefined ones.
 * @throws BodyError for what is not well-formed, a document type, another encoding than UTF-8, and more than the limits allow.
 */
export function parseXml(text: string, limits: Limits): XmlElement {
  const pieces = parsedXml(text, limits);
  for (let piece = pieces.next(); ; piece = pieces.next()) if (piece.done === true) return piece.value;
}

/** Characters that are parsed before others may have their turn. */
const PIECE = 32 * 1024;

/** The same in pieces. @throws BodyError as parseXml */
export function* parsedXml(text: string, limits: Limits): Generator<void, XmlElement> {
  const tree = new Tree(limits);
  const parser = new SaxesParser({ xmlns: true, position: true, defaultXMLVersion: '1.0', forceXMLVersion: true });
  parser.on('error', (error) => {
    throw new BodyError(`the body is not well-formed XML: ${faultOf(error.message)}`, '');
  });
  parser.on('doctype', () => {
    throw new BodyError('the body holds a document type declaration, which is refused', '');
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(encoding))
      throw new BodyError(`the XML declaration names the encoding ${shown(encoding)}; only UTF-8 is read`, '', 415);
  });
  parser.on('attribute', () => tree.attribute());
  parser.on('opentag', (tag) => tree.open(tag));
  parser.on('closetag', () => tree.close());
  parser.on('text', (data) => tree.text(data));
  parser.on('cdata', (data) => tree.text(data));
  for (let from = 0; from < text.length; from += PIECE) {
    if (from > 0) yield;
    parser.write(text.slice(from, from + PIECE));
  }
  parser.close();
  return tree.root();
}

/** Place and kind of an error. What the parser quotes after a colon is the body's, and perhaps a piece of a password. */
function faultOf(message: string): string {
  const [, line, column, words] = /^(\d+):(\d+): ([^:"]*)/.exec(message) ?? [];
  return line === undefined ? 'it cannot be read' : `${words?.trim()} in line ${line}, column ${column}`;
}

class Tree {
  private readonly stack: XmlElement[] = [];
  private top: XmlElement | undefined;
  private count = 0;
  private attributes = 0;

  constructor(private readonly limits: Limits) {}

  /** Called while a tag is still being read, so that a tag of a million attributes is left early. */
  attribute(): void {
    this.counted();
    if (++this.attributes > MAXIMUM_ATTRIBUTES) throw new BodyError(`an element has more than ${MAXIMUM_ATTRIBUTES} attributes`, '', 413);
  }

  open(tag: SaxesTagNS): void {
    this.counted();
    this.attributes = 0;
    const parent = this.stack.at(-1);
    const all = Object.values(tag.attributes);
    const space = all.find(({ uri, local }) => uri === XML && local === 'space')?.value;
    const element: XmlElement = {
      name: tag.local,
      uri: tag.uri,
      attributes: all.filter(({ uri }) => uri !== XMLNS && uri !== XML).map(({ local, uri, value }) => ({ name: local, uri, value })),
      children: [],
      text: '',
      preserve: space === undefined ? (parent?.preserve ?? false) : space === 'preserve',
    };
    if (parent) parent.children.push(element);
    else this.top = element;
    this.stack.push(element);
    if (this.stack.length > this.limits.depth)
      throw new BodyError(`the body is nested more than ${this.limits.depth} levels deep`, '', 413);
  }

  close(): void {
    this.stack.pop();
  }

  text(data: string): void {
    const element = this.stack.at(-1);
    if (element) element.text += data;
  }

  root(): XmlElement {
    if (!this.top) throw new BodyError('the body holds no element', '');
    return this.top;
  }

  private counted(): void {
    const { items } = this.limits;
    if (++this.count > items) throw new BodyError(`the body holds more than ${items} elements and attributes`, '', 413);
  }
}
