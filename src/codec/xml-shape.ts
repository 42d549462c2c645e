import { EXTENSION } from '../model/define';
import { BodyError } from './codec';
import type { Content, MemberPlan, Node, RefNode, StructNode } from './plan';
import { isByValue, isIgnored } from './plan';
import { unknownAttribute } from './decode';
import { trimLines, trimSpace } from './text';
import type { XmlElement } from './xml-text';
import { placeIn } from '../model/place';
import { shown } from '../model/shown';

/**
 * Brings elements into the form that JSON has, so that both are checked by the same code. Scalars stay text: trimmed but for
 * the blanks of free text, unless `xml:space="preserve"` says otherwise; empty elements become null (4.2.1.1).
 */

/** An object as JSON would give it. */
export type Shaped = Record<string, unknown>;

/** Elements that may stand among any resource's attributes, and are never read. */
const SKIPPED = new Set(['operation', 'id', 'count']);
const SCHEMA_INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';

/**
 * The attributes of a resource, an envelope or an Action body as JSON would have them.
 * @throws BodyError for what the content has no place for.
 */
export function shapeContent(element: XmlElement, content: Content, at: string, creating: boolean): Shaped {
  const shaped = object();
  for (const { name, value } of plainAttributes(element, content, at)) {
    // Clients send it on any root (interoperability notes); the standard has it on collections only (4.1.4).
    if (name !== 'resourceURI') shapeAttribute(shaped, content, name, value, at);
  }
  shapeChildren(shaped, element, content, at, creating, true);
  return shaped;
}

const object = (): Shaped => Object.create(null) as Shaped;

/** Attributes without those that are XML's own. @throws BodyError for those of foreign namespaces (5.2). */
function plainAttributes({ name, attributes }: XmlElement, content: { name: string }, at: string): XmlElement['attributes'] {
  const plain = attributes.filter(({ uri }) => uri !== SCHEMA_INSTANCE);
  const strange = plain.find(({ uri }) => uri !== '');
  if (strange)
    throw new BodyError(`the attribute '${shown(strange.name)}' on <${name}> is in a namespace that ${content.name} does not have`, at);
  return plain;
}

function shapeAttribute(shaped: Shaped, content: Content, name: string, value: string, at: string): void {
  const member = content.byAttribute.get(name);
  if (!member) throw unknownAttribute(name, content, at, content.byAttribute.keys());
  shaped[member.name] = value;
}

function shapeChildren(shaped: Shaped, element: XmlElement, content: Content, at: string, creating: boolean, isResource: boolean): void {
  const text = trimSpace(element.text);
  if (text !== '') {
    if (!content.text || element.children.length > 0) throw new BodyError(`holds text where elements are expected: '${shown(text)}'`, at);
    shaped[content.text.name] = text;
  }
  for (const child of element.children) {
    if (content.parents.has(child.name)) {
      for (const { name, value } of plainAttributes(child, content, at)) shapeAttribute(shaped, content, name, value, at);
      continue;
    }
    const member = memberOf(child, content, at);
    if (!member) {
      if (isResource && SKIPPED.has(child.name)) continue;
      throw unknownAttribute(child.name, content, at, content.byElement.keys());
    }
    if (isIgnored(member, creating)) continue;
    // Fields of a structure are never erased: an empty one that may be given by value says nothing by value.
    if (!isResource && isByValue(member.node) && isEmpty(child)) shaped[member.name] = object();
    else add(shaped, member, child, placeIn(at, member.name), creating);
  }
}

/** @throws BodyError for elements of foreign namespaces (5.2), and of another one of those that are known here. */
function memberOf({ name, uri }: XmlElement, content: Content, at: string): MemberPlan | undefined {
  const member = content.byElement.get(name);
  if (uri === '' || uri === member?.namespace) return member;
  if (!isKnown(uri, content))
    throw new BodyError(
      `<${shown(name)}> is in the namespace ${shown(uri)}, which ${content.name} does not have`,
      placeIn(at, shown(name)),
    );
  if (member) throw new BodyError(`<${name}> of ${content.name} is in the namespace ${member.namespace}, not in ${uri}`, placeIn(at, name));
  return undefined;
}

/** Tells whether elements of a namespace may stand in a content: its own, the gateway's, those of what was added to it. */
function isKnown(namespace: string, { namespace: own, byElement }: Content): boolean {
  return namespace === own || namespace === EXTENSION || [...byElement.values()].some((member) => member.namespace === namespace);
}

function add(shaped: Shaped, { name, node }: MemberPlan, child: XmlElement, at: string, creating: boolean): void {
  const before = shaped[name];
  if (node.kind === 'array') {
    const items = Array.isArray(before) ? (before as unknown[]) : [];
    const item = isEmpty(child) ? null : shape(node.item, child, placeIn(at, items.length), creating, node.itemName);
    // One empty element erases the array; among others it says nothing.
    if (item !== null) items.push(item);
    shaped[name] = items.length > 0 ? items : null;
  } else if (node.kind === 'map') {
    shaped[name] = isEmpty(child) ? (before ?? null) : entry(node.keyName, child, before, at);
  } else {
    if (Object.hasOwn(shaped, name)) throw new BodyError(`<${child.name}> is given twice`, at);
    shaped[name] = isEmpty(child) ? null : shape(node, child, at, creating);
  }
}

function isEmpty({ attributes, children, text }: XmlElement): boolean {
  return attributes.every(({ uri }) => uri === SCHEMA_INSTANCE) && children.length === 0 && trimSpace(text) === '';
}

function entry(keyName: string, child: XmlElement, before: unknown, at: string): Shaped {
  const map = typeof before === 'object' && before !== null ? (before as Shaped) : object();
  const [attribute, ...others] = plainAttributes(child, { name: child.name }, at);
  if (attribute?.name !== keyName || others.length > 0)
    throw new BodyError(`<${child.name}> takes the attribute ${keyName} and no other`, at);
  if (Object.hasOwn(map, attribute.value)) throw new BodyError(`the key '${shown(attribute.value)}' is given twice`, at);
  map[attribute.value] = textOnly(child, at, true);
  return map;
}

/** @param free blanks count, but not the line breaks (with what is beside them) that a document is laid out with */
function textOnly(element: XmlElement, at: string, free = false): string {
  if (element.children.length > 0) throw new BodyError(`<${element.name}> takes text, not elements`, at);
  if (element.preserve) return element.text;
  return free ? trimLines(element.text) : trimSpace(element.text);
}

function shape(node: Node, element: XmlElement, at: string, creating: boolean, itemName?: string): unknown {
  switch (node.kind) {
    case 'scalar':
      return shapeScalar(element, at, node.free);
    case 'ref':
      return shapeRef(node, element, at, itemName);
    case 'struct':
      return shapeStruct(node, element, at, creating);
    default:
      return shapeAny(element, at);
  }
}

/** Text, or the href of what may be given either way (D055, D124). */
function shapeScalar(element: XmlElement, at: string, free: boolean): unknown {
  const [attribute, ...others] = plainAttributes(element, { name: element.name }, at);
  if (!attribute) return textOnly(element, at, free);
  const isReference = attribute.name === 'href' && others.length === 0 && trimSpace(element.text) === '' && element.children.length === 0;
  if (!isReference) throw new BodyError(`<${element.name}> takes text and no attribute '${shown(attribute.name)}'`, at);
  return { href: trimSpace(attribute.value) };
}

function shapeRef(node: RefNode, element: XmlElement, at: string, itemName?: string): unknown {
  const attributes = plainAttributes(element, { name: element.name }, at);
  const [only] = element.children;
  // <address><address href="…"/></address>, as the create examples have it (D006).
  if (itemName !== undefined && only?.name === itemName && element.children.length === 1 && attributes.length === 0)
    return shapeRef(node, only, at);
  if (attributes.length === 0 && element.children.length === 0) return trimSpace(element.text);
  const shaped = object();
  const known = node.inline ?? node.target;
  for (const { name, value } of attributes) {
    if (name === 'href') shaped['href'] = trimSpace(value);
    else if (name === 'resourceURI') continue;
    else if (known) shapeAttribute(shaped, known, name, value, at);
    else throw new BodyError(`<${element.name}> takes href and no attribute '${shown(name)}'`, at);
  }
  if (known) shapeChildren(shaped, element, known, at, true, true);
  return shaped;
}

function shapeStruct({ content, flattened }: StructNode, element: XmlElement, at: string, creating: boolean): unknown {
  const shaped = object();
  const plain = plainAttributes(element, content, at);
  if (!flattened) {
    for (const { name, value } of plain) shapeAttribute(shaped, content, name, value, at);
    shapeChildren(shaped, element, content, at, creating, false);
    return shaped;
  }
  const { ref } = flattened;
  const isOwn = (name: string) => content.byElement.has(name) && !ref.inline?.byElement.has(name);
  for (const { name, value } of plain.filter((one) => content.byAttribute.has(one.name))) shapeAttribute(shaped, content, name, value, at);
  shapeChildren(
    shaped,
    { ...element, text: '', children: element.children.filter(({ name }) => isOwn(name)) },
    content,
    at,
    creating,
    false,
  );
  const rest: XmlElement = {
    ...element,
    attributes: plain.filter((one) => !content.byAttribute.has(one.name)),
    children: element.children.filter(({ name }) => !isOwn(name)),
  };
  // The referred resource's attributes stand in the item itself (D005).
  return isEmpty(rest) ? shaped : Object.assign(shaped, shapeRef(ref, rest, at));
}

function shapeAny(element: XmlElement, at: string): unknown {
  if (element.children.length === 0 && element.attributes.length === 0) return textOnly(element, at);
  if (trimSpace(element.text) !== '') throw new BodyError('holds text between elements', at);
  const shaped = object();
  for (const { name, value } of element.attributes) shaped[name] = value;
  for (const child of element.children) {
    const value = shapeAny(child, placeIn(at, shown(child.name)));
    const before = shaped[child.name];
    if (before === undefined) shaped[child.name] = value;
    else if (Array.isArray(before)) before.push(value);
    else shaped[child.name] = [before, value];
  }
  return shaped;
}
