import type { Value, Values } from '../model/values';
import { BodyError } from './codec';
import { shortened } from './json-text';
import { nearest } from './lexical';
import type { Content, Node, RefNode, StructNode } from './plan';
import { isIgnored } from './plan';
import { carried, scalarOf } from './scalars';
import type { Taking } from './taking';
import { internalHref } from './uris';

type Raw = Readonly<Record<string, unknown>>;

/** Tolerated wherever a resource's attributes stand, and never read. */
const ENVELOPE = new Set(['resourceURI', 'id', 'count', 'operations']);

/** `a`, `b` → `a.b`. */
export const below = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`);

/**
 * The attributes of a resource, an envelope or an Action body, checked and translated; null where one is erased (4.2.1.1).
 * @throws BodyError naming what is unknown or wrong, and where.
 */
export function takeContent(content: Content, raw: unknown, at: string, taking: Taking): Values {
  return takeMembers(content, objectOf(raw, at), at, taking, true);
}

function takeMembers(content: Content, raw: Raw, at: string, taking: Taking, isResource: boolean): Values {
  const values: Values = {};
  for (const name of Object.keys(raw)) {
    const member = content.byName.get(name);
    if (isResource && ENVELOPE.has(name) && (!member || isIgnored(member, taking.creating))) continue;
    if (!member) throw unknown(name, content, at);
    if (isIgnored(member, taking.creating)) continue;
    const value = take(member.node, raw[name], below(at, name), taking);
    // Fields of a structure are not attributes that could be erased: nothing there is nothing said.
    if (value !== undefined && (value !== null || isResource)) values[name] = value;
  }
  return values;
}

/** The error for an attribute that is not known (5.2), with the nearest name that is. */
export function unknown(name: string, content: Content, at: string, names: Iterable<string> = content.byName.keys()): BodyError {
  const near = nearest(name, names);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  return new BodyError(`'${shortened(name)}' is no attribute of ${content.name}${hint}`, below(at, shortened(name)));
}

function objectOf(raw: unknown, at: string): Raw {
  if (!isRaw(raw)) throw new BodyError('must be an object', at);
  return raw;
}

function isRaw(raw: unknown): raw is Raw {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** @returns null for what is empty or null (5.5.14), undefined for what is left out. */
function take(node: Node, raw: unknown, at: string, taking: Taking): Value | undefined {
  if (raw === null || raw === undefined) return null;
  switch (node.kind) {
    case 'scalar':
      return raw === '' ? null : scalarOf(node, raw, at, taking);
    case 'any':
      return takeAny(raw, at);
    case 'ref':
      return raw === '' ? null : takeRef(node, raw, at, taking);
    case 'collection':
      // Membership changes through the collection itself (D001).
      return undefined;
    case 'array':
      return takeArray(node, raw, at, taking);
    case 'struct':
      return takeStruct(node, raw, at, taking);
    case 'map':
      return takeMap(raw, at);
  }
}

function takeArray({ item, itemName }: Extract<Node, { kind: 'array' }>, raw: unknown, at: string, taking: Taking): Value {
  if (!Array.isArray(raw)) throw new BodyError('must be an array', at);
  const items: unknown[] = raw;
  if (items.length === 0) return null;
  return items.map((one, index) => {
    const place = `${at}[${index}]`;
    const value = take(item, item.kind === 'ref' ? unwrapped(one, itemName) : one, place, taking);
    if (value === null || value === undefined) throw new BodyError('is empty; an array holds no empty items', place);
    return value;
  });
}

/** `{ "address": { "href" } }` in an array of references is `{ "href" }` (D006). */
function unwrapped(raw: unknown, itemName: string): unknown {
  return isRaw(raw) && Object.keys(raw).length === 1 && isRaw(raw[itemName]) ? raw[itemName] : raw;
}

function takeMap(raw: unknown, at: string): Value {
  const entries = Object.entries(objectOf(raw, at));
  if (entries.length === 0) return null;
  const map = Object.create(null) as Record<string, string>;
  for (const [key, value] of entries) {
    const place = below(at, shortened(key));
    if (typeof value !== 'string') throw new BodyError('must be a string', place);
    map[carried(key, place)] = carried(value, place);
  }
  return map;
}

function takeStruct({ content, flattened, describes }: StructNode, raw: unknown, at: string, taking: Taking): Value {
  const all = objectOf(raw, at);
  const inner = describes ? { ...taking, components: true } : taking;
  if (!flattened) return takeMembers(content, all, at, inner, false);
  const { member, ref } = flattened;
  const own: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const referred: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(all)) (content.byName.has(name) ? own : referred)[name] = value;
  if (Object.keys(referred).length > 0) {
    if (own[member.name] !== undefined) throw new BodyError(`gives both ${member.name} and what belongs inside it`, at);
    own[member.name] = referred;
    const values = takeMembers(content, { ...own, [member.name]: null }, at, inner, false);
    // Its href stands in the item itself, and so does what is wrong with it.
    return { ...values, [member.name]: takeRef(ref, referred, at, inner) };
  }
  return takeMembers(content, own, at, inner, false);
}

function takeRef(node: RefNode, raw: unknown, at: string, taking: Taking): Value {
  if (typeof raw === 'string') return { href: takeHref(node, raw, at, taking) };
  const { href, ...others } = objectOf(raw, at);
  const inline = node.inline
    ? takeMembers(node.inline, others, at, { ...taking, creating: true }, true)
    : expanded(node, others, at, href !== undefined && href !== null);
  if (href === undefined || href === null) return inline;
  if (typeof href !== 'string') throw new BodyError('must be a string', below(at, 'href'));
  return { href: takeHref(node, href, below(at, 'href'), taking), ...inline };
}

/** What stands beside the href of a reference that takes nothing by value: a client's echo of `$expand`, of known names at least. */
function expanded({ open, target }: RefNode, others: Raw, at: string, referred: boolean): Values {
  const names = Object.keys(others);
  const strange = names.find((name) => !ENVELOPE.has(name) && !(target?.byName.has(name) ?? open));
  if (strange !== undefined && target) throw unknown(strange, target, at);
  if (!referred) throw new BodyError('must be a reference: href is missing', at);
  return {};
}

function takeHref({ open }: RefNode, raw: string, at: string, { base, components }: Taking): string {
  const answer = internalHref(raw, base, open);
  if ('fault' in answer) throw new BodyError(`the reference '${shortened(raw)}' ${answer.fault}`, at);
  if (answer.href.startsWith('#') && !components) throw new BodyError(`the reference '${shortened(raw)}' holds a fragment only`, at);
  return answer.href;
}

function takeAny(raw: unknown, at: string): Value {
  if (typeof raw === 'string') return carried(raw, at);
  if (typeof raw === 'number' || typeof raw === 'boolean' || raw === null) return raw;
  if (Array.isArray(raw)) return raw.map((one: unknown, index) => takeAny(one, `${at}[${index}]`));
  const values = Object.create(null) as Record<string, Value>;
  for (const [name, value] of Object.entries(objectOf(raw, at))) values[carried(name, at)] = takeAny(value, below(at, shortened(name)));
  return values;
}
