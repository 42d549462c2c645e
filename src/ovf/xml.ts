import { SaxesParser } from 'saxes';
import type { SaxesTagPlain } from 'saxes';
import { OvfError, quoted } from './error';
import { shown } from '../model/shown';

/** Element of a descriptor, its namespaces resolved. */
export interface Element {
  /** Local name; where 0.9 writes a general element with `xsi:type`, the name of that type without `_Type`. */
  readonly name: string;
  /** Namespace; empty where there is none. */
  readonly uri: string;
  /** Attributes by local name, of OVF's namespaces or of none; `xml:lang` by that name. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Attributes of VMware's namespace, by local name. */
  readonly vmware: ReadonlyMap<string, string>;
  readonly children: Element[];
  /** All character data directly inside. */
  text: string;
  readonly line: number;
}

const OVF09 = 'http://www.vmware.com/schema/ovf/1/envelope';
const OVF1 = 'http://schemas.dmtf.org/ovf/envelope/1';
const OVF2 = 'http://schemas.dmtf.org/ovf/envelope/2';
export const VMWARE = 'http://www.vmware.com/schema/ovf';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const XML = 'http://www.w3.org/XML/1998/namespace';

/** Versions of OVF by the namespace of their envelopes. Some writers give none, and mean 1. */
export const VERSIONS: ReadonlyMap<string, '0.9' | '1' | '2'> = new Map([
  [OVF09, '0.9'],
  [OVF1, '1'],
  [OVF2, '2'],
  ['', '1'],
]);

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 32;
const MAX_ELEMENTS = 50_000;
const MAX_VALUE_BYTES = 64 * 1024;
const MAX_ATTRIBUTES = 64;

/** Tells whether an element is OVF's own. Writers of 0.9 leave most of them in no namespace. */
export const isOvf = ({ uri }: Element): boolean => VERSIONS.has(uri);

/** Place of an element for an error. */
export const placeOf = ({ name, line }: Element): string => `<${shown(name)}> in line ${line}`;

/** Refuses an element. @throws OvfError */
export function refuse(element: Element, words: string): never {
  throw new OvfError(placeOf(element), words);
}

/** Children of OVF's own with this name. */
export const childrenOf = (element: Element, name: string): Element[] =>
  element.children.filter((each) => each.name === name && isOvf(each));

/** The first of them. */
export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  element?.children.find((each) => each.name === name && isOvf(each));

/**
 * Reads a descriptor's XML: UTF-8, at most 4 MiB, 32 levels, 50,000 elements, 64 KiB for the value of an attribute. Nothing is fetched
 * or expanded. A prefix that nothing declares is borne on attributes, which are then of no meaning here.
 * @throws OvfError for more than that, a document type, and what is not well-formed
 */
export function parseXml(bytes: Uint8Array): Element {
  if (bytes.length > MAX_BYTES) throw new OvfError('the descriptor', `is longer than ${MAX_BYTES} bytes`);
  const tree = new Tree();
  const parser = new SaxesParser({ xmlns: false, position: true, defaultXMLVersion: '1.0', forceXMLVersion: true });
  parser.on('error', (error) => {
    throw new OvfError('the descriptor', `is not well-formed XML: ${shown(error.message, 200)}`);
  });
  parser.on('doctype', () => {
    throw new OvfError(`line ${parser.line}`, 'a document type declaration is refused');
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(encoding))
      throw new OvfError('the descriptor', `is encoded as ${quoted(encoding)}; only UTF-8 is read`);
  });
  let line = 1;
  let attributes = 0;
  parser.on('opentagstart', () => {
    ({ line } = parser);
    attributes = 0;
  });
  parser.on('attribute', ({ name, value }) => {
    if (++attributes > MAX_ATTRIBUTES) throw new OvfError(`line ${parser.line}`, `an element has more than ${MAX_ATTRIBUTES} attributes`);
    if (value.length > MAX_VALUE_BYTES || Buffer.byteLength(value) > MAX_VALUE_BYTES)
      throw new OvfError(`line ${parser.line}`, `the value of ${quoted(name)} is longer than ${MAX_VALUE_BYTES} bytes`);
  });
  parser.on('opentag', (tag) => tree.open(tag, line));
  parser.on('closetag', () => tree.close());
  parser.on('text', (text) => tree.text(text));
  parser.on('cdata', (text) => tree.text(text));
  parser.write(decoded(bytes)).close();
  return tree.root();
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new OvfError('the descriptor', 'is not UTF-8');
  }
}

/** Prefixes that an element declares, and those declared around it. */
interface Scope {
  readonly own: ReadonlyMap<string, string>;
  readonly outer?: Scope | undefined;
}

const OUTERMOST: Scope = { own: new Map([['xml', XML]]) };

class Tree {
  private readonly stack: { element: Element; scope: Scope }[] = [];
  private top: Element | undefined;
  private count = 0;

  open({ name, attributes }: SaxesTagPlain, line: number): void {
    if (++this.count > MAX_ELEMENTS) throw new OvfError(`line ${line}`, `there are more than ${MAX_ELEMENTS} elements`);
    if (this.stack.length >= MAX_DEPTH) throw new OvfError(`line ${line}`, `elements are nested more than ${MAX_DEPTH} levels deep`);
    const parent = this.stack.at(-1);
    const scope = declared(attributes, parent?.scope ?? OUTERMOST);
    const [prefix, local] = parted(name);
    const uri = namespaceOf(scope, prefix) ?? (prefix === '' ? '' : undefined);
    if (uri === undefined) throw new OvfError(`<${shown(name)}> in line ${line}`, `nothing declares the prefix ${quoted(prefix)}`);
    const own = new Map<string, string>();
    const vmware = new Map<string, string>();
    let type: string | undefined;
    for (const [qualified, value] of Object.entries(attributes)) {
      const [before, after] = parted(qualified);
      const space = before === '' ? '' : namespaceOf(scope, before);
      if (space === VMWARE) vmware.set(after, value);
      else if (space === XSI && after === 'type') type = value;
      else if (space === XML && after === 'lang') own.set('xml:lang', value);
      // One with the prefix goes first: `id` beside `ovf:id` is somebody else's.
      else if (space !== undefined && VERSIONS.has(space) && !(before === '' && own.has(after))) own.set(after, value);
    }
    const general = (local === 'Section' || local === 'Content') && type !== undefined;
    const known = general ? parted(type as string)[1].replace(/_Type$/, '') : local;
    const element: Element = { name: known, uri, attributes: own, vmware, children: [], text: '', line };
    if (parent) parent.element.children.push(element);
    else this.top = element;
    this.stack.push({ element, scope });
  }

  close(): void {
    this.stack.pop();
  }

  text(text: string): void {
    const open = this.stack.at(-1);
    if (open) open.element.text += text;
  }

  root(): Element {
    if (!this.top) throw new OvfError('the descriptor', 'holds no element');
    return this.top;
  }
}

function parted(name: string): [prefix: string, local: string] {
  const colon = name.indexOf(':');
  return colon < 0 ? ['', name] : [name.slice(0, colon), name.slice(colon + 1)];
}

function declared(attributes: Readonly<Record<string, string>>, outer: Scope): Scope {
  const own = new Map<string, string>();
  for (const [name, value] of Object.entries(attributes))
    if (name === 'xmlns') own.set('', value.trim());
    else if (name.startsWith('xmlns:')) own.set(name.slice('xmlns:'.length), value.trim());
  return own.size === 0 ? outer : { own, outer };
}

function namespaceOf(innermost: Scope, prefix: string): string | undefined {
  for (let scope: Scope | undefined = innermost; scope; scope = scope.outer) {
    const uri = scope.own.get(prefix);
    if (uri !== undefined) return uri;
  }
  return undefined;
}
