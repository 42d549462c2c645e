import { createHash } from 'node:crypto';
import type { Marks, Naming } from '../../src/clouds/driver';
import type { Typed } from './types';
import { isXmlText } from './xml';

/** vCenter takes names of up to 80 characters, counted with its escapes. */
const MAX_NAME = 80;
const MAX_DESCRIPTION = 2000;
/** Longest JSON of all properties together, in characters. */
const MAX_PROPERTIES = 8000;
const SUFFIX_LENGTH = 12;

/** Our own keys in a machine's extraConfig. */
export const EXTRA = {
  id: 'cimi.id',
  token: 'cimi.token',
  properties: 'cimi.properties',
  /** Mark of machines made from nothing: they are to be started once, which their create cannot say. */
  start: 'cimi.start',
  /** Tag of an image that was uploaded: what is no template yet is not all there. A copy has it too, beside another id. */
  upload: 'cimi.upload',
  userData: 'guestinfo.userdata',
  userDataEncoding: 'guestinfo.userdata.encoding',
  metadata: 'guestinfo.metadata',
  metadataEncoding: 'guestinfo.metadata.encoding',
} as const;

/** A machine's extraConfig as far as it is texts. */
export type Extra = ReadonlyMap<string, string>;

/** Reads what the property collector gave for `config.extraConfig`. */
export function extraOf(value: unknown): Extra {
  const list = Array.isArray(value) ? (value as readonly Typed<'OptionValue'>[]) : [];
  return new Map(list.flatMap(({ key, value: text }) => (key !== undefined && typeof text === 'string' ? [[key, text] as const] : [])));
}

/** extraConfig for a request; an empty text takes a key away. */
export function extraList(values: Readonly<Record<string, string>>): Typed<'OptionValue'>[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Returns what makes an inventory name unique: from the tag alone, so that a second create of it is refused as a duplicate. */
export function suffixOf(tag: string): string {
  return [...digest(tag).subarray(0, SUFFIX_LENGTH)].map((byte) => ALPHABET[byte & 31]).join('');
}

/** The instance UUID that a create asks for: the index by which `find` looks first. vCenter may change it. */
export function uuidOf(tag: string): string {
  const bytes = digest(`uuid ${tag}`).subarray(0, 16);
  // Version 8 (made by a rule of one's own), the usual variant.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const ESCAPED: readonly (readonly [string, string])[] = [
  ['%', '%25'],
  ['/', '%2f'],
  ['\\', '%5c'],
];

/** vCenter keeps three characters of names escaped. */
export function escapeName(name: string): string {
  return ESCAPED.reduce((text, [character, escaped]) => text.replaceAll(character, escaped), name);
}

export function unescapeName(name: string): string {
  return name.replace(/%(?:25|2f|5c)/gi, (escaped) => ESCAPED.find(([, other]) => other === escaped.toLowerCase())?.[0] ?? escaped);
}

/** Inventory name of what the gateway makes: the readable name and the suffix. */
export function inventoryName(name: string | undefined, tag: string): string {
  return `${name === undefined ? 'cimi' : escapeName(name)}-${suffixOf(tag)}`;
}

/** The readable name again; undefined where there is none beside the suffix. Without a tag of ours: the name as it is. */
export function readableName(inventory: string | undefined, tag: string | undefined): string | undefined {
  if (inventory === undefined) return undefined;
  const suffix = tag === undefined ? undefined : `-${suffixOf(tag)}`;
  if (suffix === undefined || !inventory.endsWith(suffix)) return unescapeName(inventory);
  const own = inventory.slice(0, -suffix.length);
  return own === 'cimi' ? undefined : unescapeName(own);
}

function nameFits(name: string): boolean {
  const plain = isXmlText(name) && !/\p{Cc}/u.test(name) && name.trim() === name;
  return plain && name !== '' && name !== 'cimi' && escapeName(name).length <= MAX_NAME - SUFFIX_LENGTH - 1;
}

function descriptionFits(text: string): boolean {
  return isXmlText(text) && text !== '' && text.trim() === text && text.length <= MAX_DESCRIPTION && !text.includes(TRAILER);
}

/** The part of name and description that vSphere can hold. */
export function holdsTexts(naming: Naming): Naming {
  return {
    ...(naming.name !== undefined && nameFits(naming.name) ? { name: naming.name } : {}),
    ...(naming.description !== undefined && descriptionFits(naming.description) ? { description: naming.description } : {}),
  };
}

/** The same with properties. */
export function holds(naming: Naming): Naming {
  return { ...holdsTexts(naming), ...heldProperties(naming, MAX_PROPERTIES) };
}

/** Properties in the order of their keys, as long as their text has room. */
export function heldProperties({ properties }: Naming, room: number): Pick<Naming, 'properties'> {
  if (!properties) return {};
  const held: [string, string][] = [];
  for (const [key, value] of Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const more = [...held, [key, value] as [string, string]];
    if (propertiesText(Object.fromEntries(more)).length <= room) held.push([key, value]);
  }
  return { properties: Object.fromEntries(held) };
}

/** Properties as one text of ASCII characters; empty for none. */
export function propertiesText(properties: { [key: string]: string } | undefined): string {
  if (!properties || Object.keys(properties).length === 0) return '';
  return asciiJson(properties);
}

/** JSON of ASCII characters alone. */
export function asciiJson(value: object): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Properties from such a text; none where somebody else wrote it. */
export function propertiesOf(text: string | undefined): { [key: string]: string } | undefined {
  const read = objectOf(text);
  if (!read) return undefined;
  const entries = Object.entries(read).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The object that a text of ours is the JSON of; undefined where it is none. */
export function objectOf(text: string | undefined): { readonly [member: string]: unknown } | undefined {
  if (text === undefined || text === '') return undefined;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return typeof read === 'object' && read !== null && !Array.isArray(read) ? { ...read } : undefined;
}

/** Separator of our own lines at the end of a snapshot's description, the only place there for them. */
const TRAILER = '\n[cimi] ';

/** Description of a snapshot: the consumer's, then identity and token. */
export function snapshotDescription(description: string | undefined, marks: Marks): string {
  return `${description ?? ''}${TRAILER}${marks.tag} ${marks.token}`;
}

/** Takes it apart again. */
export function readSnapshotDescription(text: string | undefined): { description?: string; tag?: string; token?: string } {
  const at = text?.lastIndexOf(TRAILER) ?? -1;
  if (text === undefined || at < 0) return text === undefined || text === '' ? {} : { description: text };
  const [tag, token] = text.slice(at + TRAILER.length).split(' ');
  return { ...(at === 0 ? {} : { description: text.slice(0, at) }), ...(tag ? { tag } : {}), ...(token ? { token } : {}) };
}
