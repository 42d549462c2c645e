import { createHash } from 'node:crypto';
import type { Tag } from '@aws-sdk/client-ec2';
import type { Marks, Naming } from '../../src/clouds/driver';

/** EC2's limits on tags. */
const MAX_KEY = 128;
const MAX_VALUE = 256;
/** 50 tags a resource, less our own (Name, cimi:…) and some left to others. */
export const MAX_PROPERTIES = 36;
/** Tags of the option `tags`: at most so many, and so many before they take room from properties. */
export const MAX_OWN_TAGS = 20;
export const MAX_OWN_TAGS_FREE = 7;

const PREFIX = 'cimi:';
const PROPERTY = 'cimi:p:';

/** Tags of our own, by their meaning. */
export const TAG = {
  name: 'Name',
  id: 'cimi:id',
  token: 'cimi:token',
  description: 'cimi:description',
  type: 'cimi:type',
  related: 'cimi:related',
  machine: 'cimi:machine',
  owner: 'cimi:owner',
  image: 'cimi:image',
  restore: 'cimi:restore',
  bootable: 'cimi:bootable',
  /** Identity of the image that a snapshot is written for. */
  upload: 'cimi:upload',
  /** Kind of the guest of an image that was made of a disk from elsewhere. */
  guest: 'cimi:guest',
  /** Identity of an attachment, on its volume, and the instance that it is to. */
  attachment: 'cimi:attachment',
  attached: 'cimi:attached',
  /** Type that a network was asked to be, on it and on route tables made for networks of the type. */
  network: 'cimi:network',
  /** Identity of a machine's interface and its token, on the ENI; `cimi:attached` is its machine. */
  interface: 'cimi:interface',
  interfaceToken: 'cimi:interface-token',
} as const;

/** Tags as a map. */
export type Tags = Readonly<Record<string, string>>;

/** Tags of an answer, as a map. */
export function tagsOf(list: readonly Tag[] | undefined): Tags {
  return Object.fromEntries((list ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}

/** Tags for a request. */
export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/**
 * Tag key of a property. Letters, digits, punctuation, symbols and inner blanks stand for themselves; all else, and
 * `=`, becomes `=` with two hexadecimal digits for each byte in UTF-8.
 */
export function encodeKey(key: string): string {
  return (
    PROPERTY +
    key.replace(/^ | $|=|[^\p{L}\p{N}\p{P}\p{S} ]/gu, (c) =>
      [...Buffer.from(c, 'utf8')].map((b) => `=${b.toString(16).padStart(2, '0')}`).join(''),
    )
  );
}

/** The property's key again; undefined for a tag that is no property. */
export function decodeKey(tag: string): string | undefined {
  if (!tag.startsWith(PROPERTY)) return undefined;
  return tag
    .slice(PROPERTY.length)
    .replace(/(?:=[0-9a-f]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'));
}

/** Tells whether EC2 keeps the text unchanged as a tag's value. */
function fits(text: string): boolean {
  return text.length <= MAX_VALUE && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text) && text.trim() === text;
}

function propertyFits(key: string, value: string): boolean {
  return !/\p{Cs}/u.test(key) && key !== '' && encodeKey(key).length <= MAX_KEY && fits(value);
}

/** The part of a naming that tags can hold; properties beyond the limit are left out from the end of their order. */
export function holds(naming: Naming, maxProperties = MAX_PROPERTIES): Naming {
  const held = Object.entries(naming.properties ?? {}).filter(([key, value]) => propertyFits(key, value));
  return {
    ...(naming.name !== undefined && fits(naming.name) ? { name: naming.name } : {}),
    ...(naming.description !== undefined && fits(naming.description) ? { description: naming.description } : {}),
    ...(naming.properties ? { properties: Object.fromEntries(held.sort(byKey).slice(0, maxProperties)) } : {}),
  };
}

const byKey = (a: readonly [string, string], b: readonly [string, string]): number => (a[0] < b[0] ? -1 : 1);

/** Tags that say a naming. */
export function namingTags(naming: Naming): Tags {
  const properties = Object.entries(naming.properties ?? {}).map(([key, value]) => [encodeKey(key), value]);
  return {
    ...(naming.name === undefined ? {} : { [TAG.name]: naming.name }),
    ...(naming.description === undefined ? {} : { [TAG.description]: naming.description }),
    ...Object.fromEntries(properties),
  };
}

/** Tags that a create writes. */
export function createTags(request: Marks & Naming): Tags {
  return { [TAG.id]: request.tag, [TAG.token]: request.token, ...namingTags(holds(request)) };
}

/** Tells whether a tag holds name, description or a property (and not identity). */
export function isNamingTag(key: string): boolean {
  return key === TAG.name || key === TAG.description || key.startsWith(PROPERTY);
}

/** Tells whether the gateway made the thing. */
export function isOurs(tags: Tags): boolean {
  return Object.keys(tags).some((key) => key.startsWith(PREFIX) && key === TAG.id);
}

/** Name, description and properties that the tags tell. */
export function namingOf(tags: Tags): { name?: string; description?: string; properties?: { [key: string]: string } } {
  const properties: [string, string][] = [];
  for (const [tag, value] of Object.entries(tags)) {
    const key = decodeKey(tag);
    if (key !== undefined) properties.push([key, value]);
  }
  return {
    ...(tags[TAG.name] === undefined ? {} : { name: tags[TAG.name] }),
    ...(tags[TAG.description] === undefined ? {} : { description: tags[TAG.description] }),
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
  };
}

const digest = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length);

/** Name of an image: unique in the account by a part of the token, the same on every attempt. */
export function imageName(request: Marks & Naming): string {
  const readable = (request.name ?? 'image').replace(/[^A-Za-z0-9()[\] ./'@_-]/g, '_').slice(0, 90);
  return `${readable.padEnd(3, '_')}-${digest(request.token, 16)}`;
}

/** Name of an imported key pair, from its tag alone. */
export function keyPairName(tag: string): string {
  return `cimi-${digest(tag, 40)}`;
}

/** Filter values know wildcards; these are meant as they stand. */
export const literal = (value: string): string => value.replace(/[\\*?]/g, '\\$&');
