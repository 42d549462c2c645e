import { ProviderError } from '../../src/clouds/errors';
import { escape, type Node, VIM, XSD } from './xml';

/** Limits, in elements and characters, of an element that is written back as it was read. */
const MAX_ELEMENTS = 5_000;
const MAX_LENGTH = 1_048_576;

/**
 * Writes an element that vCenter told, under another name, with all that is in it. It is written anew from what was parsed
 * (inside an element whose default namespace is the API's), so that what is in its texts stays text.
 * @throws ProviderError `unsupported` where something would be lost, or there is too much of it
 */
export function writeRaw(name: string, node: Node): string {
  const size = { elements: 0 };
  const text = element(name, node, size);
  if (text.length > MAX_LENGTH) throw cannot(`more than ${MAX_LENGTH} characters`);
  return text;
}

function element(name: string, node: Node, size: { elements: number }): string {
  size.elements += 1;
  if (size.elements > MAX_ELEMENTS) throw cannot(`more than ${MAX_ELEMENTS} elements`);
  if (node.strange) throw cannot(`the element ${node.name} has attributes that the API does not know`);
  const inner = node.children.length === 0 ? escape(node.text) : node.children.map((each) => element(each.name, each, size)).join('');
  const type = node.type === undefined ? '' : ` type="${escape(node.type)}"`;
  return `<${name}${type}${typeName(node)}>${inner}</${name}>`;
}

function typeName({ name, xsiType, xsiSpace }: Node): string {
  if (xsiType === undefined) return '';
  if (xsiSpace === VIM) return ` xsi:type="${escape(xsiType)}"`;
  if (xsiSpace === XSD) return ` xsi:type="xsd:${escape(xsiType)}"`;
  throw cannot(`the element ${name} is of the unknown type ${xsiType}`);
}

function cannot(message: string): ProviderError {
  return new ProviderError('unsupported', `what vCenter told cannot be sent back as it is: ${message}`, { maybeDone: false });
}
