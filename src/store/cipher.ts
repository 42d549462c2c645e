import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Seals values for the database and opens them again. A value opens only in the place it was sealed for. */
export interface Cipher {
  /** False where no key is configured: then nothing can be sealed or opened. */
  readonly keyed: boolean;
  /** Names of the keys that it opens with; the first is the one that it seals with. */
  readonly keys: readonly string[];
  /** @param place where the value lives: table, row, column. @throws NoKeyError. */
  seal(text: string, place: string): string;
  /** @throws NoKeyError, WrongKeyError, DamagedError. */
  open(envelope: string, place: string): string;
  /** Makes a code of a text that nobody can make without the key (HMAC-SHA-256, base64url). @throws NoKeyError */
  mac(text: string): string;
  /** The key for a purpose that has to stay what it is when the keys change (lasting-keys.ts). @throws NoKeyError */
  lasting(purpose: LastingPurpose): Buffer;
  /** Makes what is lasting out of one of its keys. @throws WrongKeyError where it has no key of this name */
  lastingOf(key: string): LastingKeys;
  /** The same cipher with these lasting keys; without, those of the key that it seals with. */
  withLasting(keys: LastingKeys): Cipher;
}

/** Purposes of keys that what is written elsewhere depends on: codes of the audit, and tags at the providers. */
export const LASTING = ['audit', 'identity tags'] as const;
export type LastingPurpose = (typeof LASTING)[number];
/** Lasting keys in base64. */
export type LastingKeys = Readonly<Record<LastingPurpose, string>>;

/** Error where something confidential was to be stored or read, and no key is configured. */
export class NoKeyError extends Error {
  constructor(place: string) {
    super(`no encryption key is configured: ${place} holds something confidential that can be neither stored nor read without it`);
    this.name = 'NoKeyError';
  }
}

/** Error where the stored data was sealed with another key than the configured one. */
export class WrongKeyError extends Error {
  constructor(
    readonly stored: string,
    readonly configured: readonly string[],
  ) {
    const given = configured.length === 1 ? `key ${configured[0]} is` : `keys ${configured.join(', ')} are`;
    super(`the data was encrypted with key ${stored}, but ${given} configured: configure the key this data was made with`);
    this.name = 'WrongKeyError';
  }
}

/** A sealed value was altered, cut, or moved from another row. */
export class DamagedError extends Error {
  constructor(place: string) {
    super(`the encrypted value of ${place} is damaged or was copied from elsewhere`);
    this.name = 'DamagedError';
  }
}

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 'v1';

/**
 * Reads a key of 32 bytes as written in a configuration: base64, base64url or hex.
 * @throws Error in words when it is none of these; the text itself is not repeated.
 */
export function parseKey(text: string): Buffer {
  const given = text.trim();
  const key = /^[0-9a-fA-F]{64}$/.test(given) ? Buffer.from(given, 'hex') : Buffer.from(given, 'base64');
  const canonical = /^[A-Za-z0-9+/_-]+={0,2}$/.test(given);
  if (!canonical || key.length !== KEY_BYTES) {
    throw new Error(`the encryption key must be ${KEY_BYTES} bytes in base64 or hex (make one with: openssl rand -base64 ${KEY_BYTES})`);
  }
  return key;
}

/** A key of 32 bytes for one purpose (HKDF-SHA-256); different purposes give unrelated keys. */
export function deriveKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, 'cimi-gateway', purpose, KEY_BYTES));
}

/** Name of a key, which tells nothing of it: 8 hexadecimal digits. */
export function keyName(key: Uint8Array): string {
  return deriveKey(key, 'store key id').toString('hex', 0, 4);
}

/** Beginning of what was sealed with the key of this name. */
export function sealedBy(key: string): string {
  return `${FORMAT}.${key}.`;
}

/**
 * A cipher over keys of 32 bytes (AES-256-GCM, each value under a key of its own derived from a random salt).
 * Without a key it refuses everything, so that a store can be opened to manage users but never to keep secrets.
 * @param key it is sealed with this one
 * @param others what was sealed with these is opened, too
 */
export function createCipher(key: Uint8Array | undefined, others: readonly Uint8Array[] = []): Cipher {
  if (key === undefined) return keyless;
  const known = new Map([key, ...others].map((one) => [keyName(one), opened(one)]));
  const keys = [...known.keys()];
  const [name = ''] = keys;
  const of = (id: string): Opened => {
    const found = known.get(id);
    if (!found) throw new WrongKeyError(id, keys);
    return found;
  };
  const { keyFor } = of(name);
  const cipher = (lasting: LastingKeys): Cipher => {
    const evidence = Buffer.from(lasting.audit, 'base64');
    return {
      keyed: true,
      keys,
      seal(text, place) {
        const random = randomBytes(SALT_BYTES + NONCE_BYTES);
        const [salt, nonce] = [random.subarray(0, SALT_BYTES), random.subarray(SALT_BYTES)];
        const body = createCipheriv('aes-256-gcm', keyFor(salt), nonce).setAAD(Buffer.from(place));
        const parts = [body.update(text, 'utf8'), body.final()];
        return `${sealedBy(name)}${Buffer.concat([random, body.getAuthTag(), ...parts]).toString('base64')}`;
      },
      open(envelope, place) {
        const [format, keyId, body] = envelope.split('.');
        if (format !== FORMAT || keyId === undefined || body === undefined) throw new DamagedError(place);
        return unseal(Buffer.from(body, 'base64'), of(keyId).keyFor, place);
      },
      mac: (text) => createHmac('sha256', evidence).update(text).digest('base64url'),
      lasting: (purpose) => Buffer.from(lasting[purpose], 'base64'),
      lastingOf: (id) => of(id).lasting(),
      withLasting: cipher,
    };
  };
  return cipher(of(name).lasting());
}

interface Opened {
  keyFor(salt: Uint8Array): Buffer;
  lasting(): LastingKeys;
}

function opened(key: Uint8Array): Opened {
  if (key.length !== KEY_BYTES) throw new Error(`an encryption key has ${KEY_BYTES} bytes, not ${key.length}`);
  const secret = deriveKey(key, 'store');
  const of = (purpose: LastingPurpose): string => deriveKey(key, purpose).toString('base64');
  return {
    keyFor: (salt) => createHmac('sha256', secret).update(salt).digest(),
    lasting: () => ({ audit: of('audit'), 'identity tags': of('identity tags') }),
  };
}

function unseal(bytes: Buffer, keyFor: (salt: Uint8Array) => Buffer, place: string): string {
  const start = SALT_BYTES + NONCE_BYTES + TAG_BYTES;
  if (bytes.length < start) throw new DamagedError(place);
  const salt = bytes.subarray(0, SALT_BYTES);
  const nonce = bytes.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  const tag = bytes.subarray(SALT_BYTES + NONCE_BYTES, start);
  const decipher = createDecipheriv('aes-256-gcm', keyFor(salt), nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(place))
    .setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]).toString('utf8');
  } catch (error) {
    throw Object.assign(new DamagedError(place), { cause: error });
  }
}

const refused = (place: string): never => {
  throw new NoKeyError(place);
};

const keyless: Cipher = {
  keyed: false,
  keys: [],
  seal: (_text, place) => refused(place),
  open: (_envelope, place) => refused(place),
  mac: () => refused('the audit'),
  lasting: refused,
  lastingOf: () => refused('the store'),
  withLasting: () => keyless,
};
