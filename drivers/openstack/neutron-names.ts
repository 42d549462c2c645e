import { createHash } from 'node:crypto';
import type { Item, Naming } from '../../src/clouds/driver';
import type { Thing } from './neutron-things';

/** Tags of ours, by their meaning; Neutron takes 255 characters in each. */
export const TAG = { id: 'cimi:id=', token: 'cimi:token=', name: 'cimi:name=', property: 'cimi:p:' } as const;
const MAX_TEXT = 255;
/** Neutron counts 50 tags of a thing; some are ours, some others'. */
const MAX_PROPERTIES = 32;
/** Begins the description of a thing that is being made; the tag of its create follows. */
const MAKING = 'cimi create ';
/** The same of a port that is being made for an interface; the tag of the interface follows. */
export const MAKING_NIC = 'cimi interface ';
/** Begins the description of what is made where there are no tags; the tag of its create follows, then a description. */
const MADE = 'cimi made ';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);
/** Tag that a thing is looked up by: filters part tags at commas, and identity tags are long. */
export const lookupTag = (tag: string): string => `cimi-${digest(tag)}`;
/** Neutron's tables hold three bytes a character. */
const STORABLE = /^(?:[^\p{C}\p{Zl}\p{Zp}\u{10000}-\u{10FFFF}])*$/u;
const fits = (text: string | undefined): text is string =>
  text !== undefined && text !== '' && text.length <= MAX_TEXT && STORABLE.test(text) && text.trim() === text && !isMark(text);

const isMark = (text: string): boolean => [MAKING, MAKING_NIC, MADE].some((mark) => text.startsWith(mark));
const hasLoneSurrogate = (text: string): boolean => /\p{Cs}/u.test(text);
function propertyTag(key: string, value: string): string | undefined {
  if (key === '' || hasLoneSurrogate(key) || hasLoneSurrogate(value)) return undefined;
  const tag = `${TAG.property}${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
  return tag.length <= MAX_TEXT ? tag : undefined;
}
const nameTag = (name: string): string => TAG.name + encodeURIComponent(name);

/** The part of a naming that a thing of Neutron can hold. */
export function holdsNet(naming: Naming): Naming {
  const properties = Object.entries(naming.properties ?? {})
    .filter(([key, value]) => propertyTag(key, value) !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MAX_PROPERTIES);
  return {
    ...(fits(naming.name) ? { name: naming.name } : {}),
    ...(fits(naming.description) ? { description: naming.description } : {}),
    ...(naming.properties ? { properties: Object.fromEntries(properties) } : {}),
  };
}

/** The same for floating IPs, whose name is a tag. */
export function holdsNameless(naming: Naming): Naming {
  const { name, ...held } = holdsNet(naming);
  return name !== undefined && !hasLoneSurrogate(name) && nameTag(name).length <= MAX_TEXT ? { name, ...held } : held;
}

/**
 * Returns the tags that hold a naming.
 * @param named true where the thing has a name of its own
 */
export function nameTags(named: boolean, naming: Naming): string[] {
  const { name, properties = {} } = naming;
  const own = named || name === undefined || nameTag(name).length > MAX_TEXT ? [] : [nameTag(name)];
  return [...own, ...Object.entries(properties).flatMap(([key, value]) => propertyTag(key, value) ?? [])];
}

export const isNameTag = (tag: string): boolean => tag.startsWith(TAG.property) || tag.startsWith(TAG.name);

/** Names and properties as a thing carries them. */
export function namesOf({ tags, name: own, description }: Thing): Item['values'] {
  const tagged = tags.find((tag) => tag.startsWith(TAG.name));
  const name = tagged === undefined ? own : decoded(tagged.slice(TAG.name.length));
  const properties = tags.flatMap((tag) => (tag.startsWith(TAG.property) ? [propertyOf(tag)] : []));
  const message =
    description === undefined ? undefined : (partsOfMade(description)?.message ?? (isMark(description) ? undefined : description));
  return {
    ...(name ? { name } : {}),
    ...(message ? { description: message } : {}),
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
  };
}

function propertyOf(tag: string): [string, string] {
  const [key = '', value = ''] = tag.slice(TAG.property.length).split('=');
  return [decoded(key), decoded(value)];
}

/** A tag of ours that somebody has changed is shown as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Description of a thing that is being made. */
export const making = (tag: string): string => MAKING + tag;
export const isUnfinished = ({ description }: Pick<Thing, 'description'>): boolean => description?.startsWith(MAKING) === true;

/**
 * Description of a thing that is made, on a Neutron without tags: its mark, and the words that go with it.
 * @returns undefined where both do not go in
 */
export function made(tag: string, message: string): string | undefined {
  const all = `${MADE}${tag}${message === '' ? '' : ` ${message}`}`;
  return all.length <= MAX_TEXT ? all : undefined;
}

function partsOfMade(description: string): { tag: string; message: string } | undefined {
  if (!description.startsWith(MADE)) return undefined;
  const [, tag = '', message = ''] = /^(\S*) ?([\s\S]*)$/.exec(description.slice(MADE.length)) ?? [];
  return { tag, message };
}

/** Marks and age; of a thing that is being made, and where there are no tags, its description tells the tag. */
export function marksOf(thing: Thing): Pick<Item, 'tag' | 'token' | 'created'> {
  const { description = '', tags, created_at: created } = thing;
  const valueOf = (prefix: string) => tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const described = isUnfinished(thing) ? description.slice(MAKING.length) : partsOfMade(description)?.tag;
  const [tag, token] = [described ?? valueOf(TAG.id), valueOf(TAG.token)];
  return {
    ...(tag === undefined ? {} : { tag }),
    ...(token === undefined ? {} : { token }),
    ...(created === undefined ? {} : { created }),
  };
}

/** Tells whether the thing carries this very tag of ours. */
export const hasTag = (thing: Thing, tag: string): boolean => thing.tags.includes(tag);
