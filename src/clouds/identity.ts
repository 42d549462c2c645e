import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Crockford's base32 in lower case: no letter that is mistaken for another. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 26;
const MAC_BYTES = 16;
const MAX_TAG = 200;
const CLOUD_KEY = /^[a-z][a-z0-9-]{0,31}$/;
const PLAIN = /^[A-Za-z0-9-]$/;
const PLAIN_KEY = /^[A-Za-z0-9-]+$/;

/** Tells whether a text may be a cloud's key: [a-z][a-z0-9-]{0,31}. */
export function isCloudKey(text: string): boolean {
  return CLOUD_KEY.test(text);
}

/** An id for what the gateway makes: 26 characters of lower-case base32 (130 random bits), never with a dot. */
export function newId(): string {
  let id = '';
  for (const byte of randomBytes(ID_LENGTH)) id += ALPHABET[byte & 31];
  return id;
}

function escapeKey(key: string): string {
  if (PLAIN_KEY.test(key)) return key;
  let escaped = '';
  for (const byte of Buffer.from(key, 'utf8')) {
    const character = String.fromCharCode(byte);
    escaped += PLAIN.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}

/**
 * The id of what was discovered at a provider: `<cloud key>.<escaped provider key>`, the same on every replica and
 * at every time. Bytes outside [A-Za-z0-9-] are written `_xx`.
 * @throws RangeError for a cloud key out of its grammar, an empty provider key, or one that is not well-formed Unicode
 */
export function encodeId(cloudKey: string, providerKey: string): string {
  if (!isCloudKey(cloudKey)) throw new RangeError(`not a cloud key: ${cloudKey}`);
  if (providerKey === '') throw new RangeError('a provider key is never empty');
  if (!PLAIN_KEY.test(providerKey) && Buffer.from(providerKey, 'utf8').toString('utf8') !== providerKey)
    throw new RangeError('the provider key is not well-formed Unicode');
  return `${cloudKey}.${escapeKey(providerKey)}`;
}

/** The other way; undefined for whatever encodeId does not write (a second spelling of an id would be a second resource). */
export function decodeId(id: string): { cloudKey: string; providerKey: string } | undefined {
  const dot = id.indexOf('.');
  if (dot < 0) return undefined;
  const cloudKey = id.slice(0, dot);
  const escaped = id.slice(dot + 1);
  if (!isCloudKey(cloudKey) || !/^(?:[A-Za-z0-9-]|_[0-9a-f]{2})+$/.test(escaped)) return undefined;
  const bytes: number[] = [];
  for (const [part] of escaped.matchAll(/_[0-9a-f]{2}|[A-Za-z0-9-]/g)) {
    bytes.push(part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0));
  }
  const providerKey = Buffer.from(bytes).toString('utf8');
  return escapeKey(providerKey) === escaped ? { cloudKey, providerKey } : undefined;
}

/** The id of an association, made of the ids of its two ends. Ids hold no `~`, so the ends can be told again. */
export function associationId(first: string, second: string): string {
  for (const end of [first, second]) if (end === '' || end.includes('~')) throw new RangeError(`not an id: ${end}`);
  return `${first}~${second}`;
}

/** The ids of an association's two ends; undefined for any other text. */
export function associationEnds(id: string): { first: string; second: string } | undefined {
  const [first, second, ...more] = id.split('~');
  return first && second && more.length === 0 ? { first, second } : undefined;
}

function tagMac(macKey: Uint8Array, id: string, tenant: string): Buffer {
  return createHmac('sha256', macKey)
    .update(JSON.stringify([id, tenant]))
    .digest()
    .subarray(0, MAC_BYTES);
}

/**
 * The identity tag that a create writes to the provider: `<id>:<mac>`. The MAC binds id and tenant, so that a tag
 * copied or invented at the provider can't claim another tenant's id. Characters that every provider's tags take.
 * @throws RangeError when the tag would be longer than 200 characters or not plain ASCII
 */
export function makeTag(macKey: Uint8Array, id: string, tenant: string): string {
  const tag = `${id}:${tagMac(macKey, id, tenant).toString('base64url')}`;
  if (tag.length > MAX_TAG || !/^[A-Za-z0-9._~-]+:[A-Za-z0-9_-]+$/.test(tag)) throw new RangeError(`no tag can be made of the id ${id}`);
  return tag;
}

/** Reads a tag back: its id and the one of `tenants` it was made for; undefined for a tag that is not ours. */
export function readTag(macKey: Uint8Array, tag: string, tenants: readonly string[]): { id: string; tenant: string } | undefined {
  const colon = tag.lastIndexOf(':');
  if (colon < 1 || tag.length > MAX_TAG) return undefined;
  const id = tag.slice(0, colon);
  const mac = Buffer.from(tag.slice(colon + 1), 'base64url');
  if (mac.length !== MAC_BYTES || mac.toString('base64url') !== tag.slice(colon + 1)) return undefined;
  let found: string | undefined;
  // Every tenant is tried, whichever fits: the time taken tells nothing.
  for (const tenant of tenants) if (timingSafeEqual(mac, tagMac(macKey, id, tenant))) found ??= tenant;
  return found === undefined ? undefined : { id, tenant: found };
}
