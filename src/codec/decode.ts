import { missingFrom } from '../model/required';
import type { Value, Values } from '../model/values';
import { BodyError, BoundError } from './codec';
import { nearest } from '../model/nearest';
import type { Content, MapNode, MemberPlan, Node, RefNode, StructNode } from './plan';
import { isIgnored } from './plan';
import { carried, fitting, mustBePlain, scalarOf } from './scalars';
import type { DecodeContext } from './decode-context';
import { internalHref } from './uris';
import { placeIn } from '../model/place';
import { shown } from '../model/shown';

type Raw = Readonly<Record<string, unknown>>;

/** Tolerated wherever a resource's attributes stand, and never read. */
const ENVELOPE = new Set(['resourceURI', 'id', 'count', 'operations']);

/**
 * The attributes of a resource, an envelope or an Action body, checked and translated; null where one is erased (4.2.1.1).
 * @throws BodyError naming what is unknown or wrong, and where.
 */
export function decodeContent(content: Content, raw: unknown, at: string, context: DecodeContext): Values {
  return decodeMembers(content, objectOf(raw, at), at, context, true);
}

function decodeMembers(content: Content, raw: Raw, at: string, context: DecodeContext, isResource: boolean): Values {
  const values: Values = {};
  for (const name of Object.keys(raw)) {
    const member = content.byName.get(name);
    if (isResource && ENVELOPE.has(name) && (!member || isIgnored(member, context.creating))) continue;
    if (!member) throw unknownAttribute(name, content, at);
    if (isIgnored(member, context.creating)) continue;
    const value = at === '' ? decodeOrKeep(member, raw[name], context) : decodeNode(member.node, raw[name], placeIn(at, name), context);
    // null erases a resource's attribute; inside a structure it is ignored.
    if (value !== undefined && (value !== null || isResource)) values[name] = value;
  }
  return values;
}

/** Values that were stored or discovered with more than is taken today stay as they are while a client sends them back unchanged. */
function decodeOrKeep({ name, node }: MemberPlan, raw: unknown, context: DecodeContext): Value | undefined {
  try {
    return decodeNode(node, raw, name, context);
  } catch (error) {
    const former = context.former?.[name];
    if (!(error instanceof BoundError) || former === undefined || textOf(raw) !== textOf(former)) throw error;
    return former;
  }
}

const textOf = (value: unknown): string => JSON.stringify(isRaw(value) ? Object.entries(value).sort() : value);

/** The error for an attribute that is not known (5.2), with the nearest name that is. */
export function unknownAttribute(name: string, content: Content, at: string, names: Iterable<string> = content.byName.keys()): BodyError {
  const near = nearest(name, names);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  return new BodyError(`'${shown(name)}' is no attribute of ${content.name}${hint}`, placeIn(at, shown(name)));
}

function objectOf(raw: unknown, at: string): Raw {
  if (!isRaw(raw)) throw new BodyError('must be an object', at);
  return raw;
}

function isRaw(raw: unknown): raw is Raw {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** @returns null for what is empty or null (5.5.14), undefined for what is left out. */
function decodeNode(node: Node, raw: unknown, at: string, context: DecodeContext): Value | undefined {
  if (raw === null || raw === undefined) return null;
  switch (node.kind) {
    case 'scalar':
      return raw === '' ? null : scalarOf(node, raw, at, context);
    case 'any':
      return takeAnyOf(node.longest, raw, at);
    case 'ref':
      return raw === '' ? null : takeRef(node, raw, at, context);
    case 'collection':
      // Membership changes through the collection itself (D001).
      return undefined;
    case 'array':
      return takeArray(node, raw, at, context);
    case 'struct':
      return takeStruct(node, raw, at, context);
    case 'map':
      return takeMap(node, raw, at);
  }
}

function takeArray({ item, itemName, most }: Extract<Node, { kind: 'array' }>, raw: unknown, at: string, context: DecodeContext): Value {
  if (!Array.isArray(raw)) throw new BodyError('must be an array', at);
  const items: unknown[] = raw;
  if (items.length === 0) return null;
  if (items.length > most) throw new BoundError(`has ${items.length} items; at most ${most} are allowed`, at);
  return items.map((one, index) => {
    const place = placeIn(at, index);
    const value = decodeNode(item, item.kind === 'ref' ? unwrapped(one, itemName) : one, place, context);
    if (value === null || value === undefined) throw new BodyError('is empty: an array cannot have empty items', place);
    return value;
  });
}

/** `{ "address": { "href" } }` in an array of references is `{ "href" }` (D006). */
function unwrapped(raw: unknown, itemName: string): unknown {
  return isRaw(raw) && Object.keys(raw).length === 1 && isRaw(raw[itemName]) ? raw[itemName] : raw;
}

function takeMap({ lengths }: MapNode, raw: unknown, at: string): Value {
  const entries = Object.entries(objectOf(raw, at));
  if (entries.length === 0) return null;
  if (entries.length > lengths.most) throw new BoundError(`has ${entries.length} entries; at most ${lengths.most} are allowed`, at);
  const map = Object.create(null) as Record<string, string>;
  for (const [key, value] of entries) {
    const place = placeIn(at, shown(key));
    if (typeof value !== 'string') throw new BodyError('must be a string', place);
    mustBePlain(carried(key, place), place);
    if (Buffer.byteLength(key) > lengths.key)
      throw new BoundError(`its key has ${Buffer.byteLength(key)} bytes; at most ${lengths.key} are allowed`, place);
    map[key] = fitting(carried(value, place), lengths.value, place);
  }
  return map;
}

function takeStruct({ content, flattened, describes }: StructNode, raw: unknown, at: string, context: DecodeContext): Value {
  const all = objectOf(raw, at);
  const inner = describes ? { ...context, components: true } : context;
  const values = takeFields({ content, flattened }, all, at, inner);
  // A structure is replaced as a whole: what is mandatory in it has to be there (5.4).
  const [missing] = missingFrom(Object.fromEntries(content.members.map(({ name, attribute }) => [name, attribute])), values);
  if (missing !== undefined)
    throw new BodyError('is missing: it is mandatory (5.4, 5.5.14)', placeIn(at, flattened?.member.name === missing ? 'href' : missing));
  return values;
}

function takeFields({ content, flattened }: Pick<StructNode, 'content' | 'flattened'>, all: Raw, at: string, inner: DecodeContext): Values {
  if (!flattened) return decodeMembers(content, all, at, inner, false);
  const { member, ref } = flattened;
  const own: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const referred: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(all)) (content.byName.has(name) ? own : referred)[name] = value;
  if (Object.keys(referred).length > 0) {
    if (own[member.name] !== undefined) throw new BodyError(`gives both ${member.name} and attributes that belong inside it`, at);
    own[member.name] = referred;
    const fields = decodeMembers(content, { ...own, [member.name]: null }, at, inner, false);
    // Its href stands in the item itself, and so does what is wrong with it.
    return { ...fields, [member.name]: takeRef(ref, referred, at, inner) };
  }
  return decodeMembers(content, own, at, inner, false);
}

function takeRef(node: RefNode, raw: unknown, at: string, context: DecodeContext): Value {
  if (typeof raw === 'string') return { href: takeHref(node, raw, at, context) };
  const { href, ...others } = objectOf(raw, at);
  const inline = node.inline
    ? decodeMembers(node.inline, others, at, { ...context, creating: true }, true)
    : expanded(node, others, at, href !== undefined && href !== null);
  if (href === undefined || href === null) return inline;
  if (typeof href !== 'string') throw new BodyError('must be a string', placeIn(at, 'href'));
  return { href: takeHref(node, href, placeIn(at, 'href'), context), ...inline };
}

/** Reads what stands beside the href of a reference that takes nothing by value: a client's echo of `$expand`, of known names at least. */
function expanded({ open, target }: RefNode, others: Raw, at: string, referred: boolean): Values {
  const names = Object.keys(others);
  const strange = names.find((name) => !ENVELOPE.has(name) && !(target?.byName.has(name) ?? open));
  if (strange !== undefined && target) throw unknownAttribute(strange, target, at);
  if (!referred) throw new BodyError('must be a reference: href is missing', at);
  return {};
}

function takeHref({ open, longest }: RefNode, raw: string, at: string, { base, components }: DecodeContext): string {
  const answer = internalHref(fitting(raw, longest, at), base, open);
  if ('fault' in answer) throw new BodyError(`the reference '${shown(raw)}' ${answer.fault}`, at);
  if (answer.href.startsWith('#') && !components)
    throw new BodyError(`the reference '${shown(raw)}' is a fragment only, which is allowed in component descriptors alone`, at);
  return answer.href;
}

/** Reads a value of no declared form: its text as JSON is measured. */
function takeAnyOf(longest: number, raw: unknown, at: string): Value {
  fitting(JSON.stringify(raw), longest, at);
  return takeAny(raw, at);
}

function takeAny(raw: unknown, at: string): Value {
  if (typeof raw === 'string') return carried(raw, at);
  if (typeof raw === 'number' || typeof raw === 'boolean' || raw === null) return raw;
  if (Array.isArray(raw)) return raw.map((one: unknown, index) => takeAny(one, placeIn(at, index)));
  const values = Object.create(null) as Record<string, Value>;
  for (const [name, value] of Object.entries(objectOf(raw, at))) values[carried(name, at)] = takeAny(value, placeIn(at, shown(name)));
  return values;
}
