import { createHash } from 'node:crypto';
import type { Marks, Naming } from '../../src/clouds/driver';

/** Limits of server metadata; image properties take more, but Nova writes them from a server's metadata on a capture. */
const MAX_KEY = 255;
const MAX_VALUE = 255;
/** Nova's default quota is 128 items of metadata, less our own and some left to others. */
export const MAX_PROPERTIES = 100;

const PREFIX = 'cimi:';
/** Prefix of a property's encoded key. */
const PROPERTY = 'cimi:p:';

/** Metadata of servers and properties of images that are ours, by their meaning. */
export const TAG = {
  id: 'cimi:id',
  token: 'cimi:token',
  restore: 'cimi:restore',
  /** Key of the description of servers on a Nova that has none (before 2.19). */
  description: 'cimi:description',
  type: 'cimi:type',
  machine: 'cimi:machine',
  related: 'cimi:related',
} as const;

/** Metadata of a server or volume, or the string properties of an image. */
export type Metadata = Readonly<Record<string, string>>;

/** Metadata keys as Nova takes them. */
const PLAIN = /^[a-zA-Z0-9\-_:. ]+$/;
const ENCODED = /[^a-zA-Z0-9\-_: ]/gu;

/**
 * Metadata key of a property: itself where Nova takes it; else behind a prefix, with a point and two hexadecimal digits for
 * each byte (UTF-8) that Nova does not take, the point included.
 */
export function encodeKey(key: string): string {
  return PLAIN.test(key) && !key.startsWith(PREFIX) ? key : encodeImageKey(key);
}

/** Name of an image's property for a consumer's: always behind the prefix, since images have many properties of others. */
export function encodeImageKey(key: string): string {
  const bytes = (c: string) => [...Buffer.from(c, 'utf8')].map((b) => `.${b.toString(16).padStart(2, '0')}`).join('');
  return PROPERTY + key.replace(ENCODED, bytes);
}

/** Tells whether an image's property is a consumer's. */
export const isImageKey = (name: string): boolean => name.startsWith(PROPERTY);

/** The property's key again; undefined for metadata of our own that is no property. */
export function decodeKey(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return key;
  if (!key.startsWith(PROPERTY)) return undefined;
  return key
    .slice(PROPERTY.length)
    .replace(/(?:\.[0-9a-f]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('.', ''), 'hex').toString('utf8'));
}

/** The services' tables hold three bytes a character, and their checks no control characters. */
const STORABLE = /^(?:[^\p{C}\p{Zl}\p{Zp}\u{10000}-\u{10FFFF}])*$/u;

/** Tells whether the service keeps a name or description unchanged. */
function fits(text: string): boolean {
  return text !== '' && text.length <= MAX_VALUE && STORABLE.test(text) && text.trim() === text;
}

function propertyFits(key: string, value: string, encode: (key: string) => string): boolean {
  return key !== '' && !/\p{Cs}/u.test(key) && encode(key).length <= MAX_KEY && value.length <= MAX_VALUE && STORABLE.test(value);
}

/** The part of a naming that servers and images can hold; properties beyond the limit are left out from the end of their order. */
export function holds(naming: Naming, encode: (key: string) => string = encodeKey): Naming {
  const held = Object.entries(naming.properties ?? {}).filter(([key, value]) => propertyFits(key, value, encode));
  return {
    ...(naming.name !== undefined && fits(naming.name) ? { name: naming.name } : {}),
    ...(naming.description !== undefined && fits(naming.description) ? { description: naming.description } : {}),
    ...(naming.properties ? { properties: Object.fromEntries(held.sort(byKey).slice(0, MAX_PROPERTIES)) } : {}),
  };
}

const byKey = (a: readonly [string, string], b: readonly [string, string]): number => (a[0] < b[0] ? -1 : 1);

/** Properties as metadata. */
export function propertyMetadata(naming: Naming): Metadata {
  return Object.fromEntries(Object.entries(naming.properties ?? {}).map(([key, value]) => [encodeKey(key), value]));
}

/** Properties that the metadata tells; undefined where it tells none. */
export function propertiesOf(metadata: Metadata): { [key: string]: string } | undefined {
  const properties = Object.entries(metadata).flatMap(([key, value]) => {
    const own = decodeKey(key);
    return own === undefined ? [] : [[own, value] as const];
  });
  return properties.length === 0 ? undefined : Object.fromEntries(properties);
}

/** Returns the gateway's own metadata that holds no name: kept by every change of names. */
export function marksIn(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => decodeKey(key) === undefined && key !== TAG.description));
}

/** Metadata that a create writes. @param described the service takes the description itself */
export function createMetadata(request: Marks & Naming, described = true): Metadata {
  const naming = holds(request);
  return { ...propertyMetadata(naming), ...descriptionMetadata(naming, described), [TAG.id]: request.tag, [TAG.token]: request.token };
}

/** The description as metadata, where Nova has no other place for it. */
export function descriptionMetadata({ description }: Naming, described: boolean): Metadata {
  return description === undefined || described ? {} : { [TAG.description]: description };
}

const digest = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length);

/** Server tag by which a machine is looked up: Nova's tags are too short for ours, and take no comma or slash. */
export const serverTag = (tag: string): string => `cimi-${digest(tag, 40)}`;

/** Name of a thing whose consumer gave it none; the services want one. @param seed its tag, or its id where it has none */
export const nameless = (seed: string): string => `cimi-${digest(seed, 12)}`;

/** The name to show: none where it only stands in for one. */
export function shownName(name: string | null | undefined, seeds: readonly (string | undefined)[]): string | undefined {
  if (name === null || name === undefined || name === '') return undefined;
  return seeds.some((seed) => seed !== undefined && nameless(seed) === name) ? undefined : name;
}

/** Name of an imported key pair, from its tag alone. */
export const keyPairName = (tag: string): string => `cimi-${digest(tag, 40)}`;
