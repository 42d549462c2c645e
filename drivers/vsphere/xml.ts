import { SaxesParser } from 'saxes';
import { ProviderError } from '../../src/clouds/errors';

/** XML as the API's answers need it: elements, text, and the two attributes that mean something there. */
export interface Node {
  /** Local name. */
  name: string;
  /** Local name of what xsi:type says. */
  xsiType?: string | undefined;
  /** The namespace of that type. */
  xsiSpace?: string | undefined;
  /** Namespace of the element. */
  space?: string | undefined;
  /** The plain attribute `type` (of a managed object reference). */
  type?: string | undefined;
  /** True where it has a namespace or an attribute that is not kept here: it cannot be written again as it was. */
  strange?: true;
  text: string;
  children: Node[];
}

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const XMLNS = 'http://www.w3.org/2000/xmlns/';
export const XSD = 'http://www.w3.org/2001/XMLSchema';
/** Namespace of the API. */
export const VIM = 'urn:vim25';
const MAX_DEPTH = 200;

/** Control characters and halves of surrogate pairs are no characters of XML 1.0, escaped or not. */
const NO_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

/** The same characters in a document, as they are or as references. */
const FORBIDDEN_IN_DOCUMENT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}|&#(?:x([0-9a-f]{1,8})|(\d{1,10}));/giu;

/**
 * Replaces what is no character of XML 1.0 by the replacement character: some vCenters pass on what somebody once wrote into an
 * annotation, and one such text must not hide everything else.
 */
function lenient(text: string): string {
  return text.replace(FORBIDDEN_IN_DOCUMENT, (found: string, hex: string | undefined, decimal: string | undefined) => {
    if (hex === undefined && decimal === undefined) return '\ufffd';
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0x10ffff || !isXmlText(String.fromCodePoint(code)) ? '\ufffd' : found;
  });
}

/** Tells whether XML 1.0 can carry the text. */
export function isXmlText(text: string): boolean {
  return !NO_XML.test(text);
}

/** Text for an element or an attribute in double quotes. @throws ProviderError `invalid` for what XML cannot carry. */
export function escape(text: string): string {
  if (!isXmlText(text)) throw new ProviderError('invalid', 'a text has characters that vSphere’s API cannot carry');
  return text.replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character);
}

/**
 * Reads a whole document. Strict: namespaces must resolve, document types are refused.
 * @throws Error in words where it is not well-formed
 */
export function parse(text: string): Node {
  const parser = new SaxesParser({ xmlns: true });
  const top: Node = { name: '', text: '', children: [] };
  const open: Node[] = [top];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('document types are refused');
  });
  parser.on('opentag', (tag) => {
    if (open.length > MAX_DEPTH) throw new Error('nested too deeply');
    const node: Node = { name: tag.local, space: tag.uri, text: '', children: [] };
    if (tag.uri !== VIM) node.strange = true;
    for (const { uri, local, value } of Object.values(tag.attributes)) {
      if (uri === XSI && local === 'type') {
        const colon = value.indexOf(':');
        node.xsiType = value.slice(colon + 1);
        node.xsiSpace = parser.resolve(value.slice(0, Math.max(0, colon)));
      } else if (uri === '' && local === 'type') node.type = value;
      else if (uri !== XMLNS) node.strange = true;
    }
    open.at(-1)?.children.push(node);
    open.push(node);
  });
  const addText = (piece: string): void => {
    const node = open.at(-1);
    if (node) node.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => void open.pop());
  parser.write(lenient(text)).close();
  const [root] = top.children;
  if (!root) throw new Error('no element');
  return root;
}

/** The first child of this name. */
export function child(node: Node | undefined, name: string): Node | undefined {
  return node?.children.find((each) => each.name === name);
}
