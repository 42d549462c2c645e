import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { BusyError, createLimit } from '../threads/limit';
import { Thread } from '../threads/thread';

/** Key types that clouds take, by the first word of the OpenSSH public key line. */
const TYPES = /^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+=*)(?: [^\r\n]*)?$/;

/** Types of key pairs that are made here. */
export type KeyType = 'ed25519' | 'rsa';

/** The OpenSSH public key line, and the private half as every SSH client reads it. */
export interface KeyPair {
  publicKey: string;
  privateKey: string;
}

/** A pair of 3072 bits takes a second of a processor: one at a time, on a thread of its own. */
const rsaThread = new Thread<null, KeyPair>(
  `return require('node:crypto').generateKeyPairSync('rsa', {
    modulusLength: 3072,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });`,
);
const WORDS = 'too many RSA keys are being made';
const turn = createLimit(1, 8, WORDS);
/** Largest number of keys that one tenant has in the making, so that none takes all the places. */
const OF_TENANT = 2;
const making = new Map<string, number>();

/**
 * Makes a key pair. Ed25519 is made at once; its private half is in OpenSSH's own format. RSA has 3072 bits and PKCS#1 PEM,
 * and waits for its turn: two of a tenant, nine in all.
 * @throws BusyError where too many wait already
 */
export async function makeKeyPair(type: KeyType, comment: string, tenant: string): Promise<KeyPair> {
  if (type === 'ed25519') return ed25519(comment);
  const { publicKey, privateKey } = await rsa(tenant);
  return { publicKey: `ssh-rsa ${rsaBlob(publicKey)} ${comment}`, privateKey };
}

async function rsa(tenant: string): Promise<KeyPair> {
  const before = making.get(tenant) ?? 0;
  if (before >= OF_TENANT) throw new BusyError(WORDS);
  making.set(tenant, before + 1);
  try {
    return await turn(() => rsaThread.run(null));
  } finally {
    const left = (making.get(tenant) ?? 1) - 1;
    if (left > 0) making.set(tenant, left);
    else making.delete(tenant);
  }
}

/** OpenSSH's PROTOCOL.key, without a passphrase: PKCS#8 of this type is not read by all its versions. */
function ed25519(comment: string): KeyPair {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const name = field('ssh-ed25519');
  const blob = Buffer.concat([name, field(point)]);
  const check = randomBytes(4);
  const inner = Buffer.concat([check, check, blob, field(Buffer.concat([seed, point])), field(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, at) => at + 1));
  const head = [Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), number(1), field(blob)];
  const lines =
    Buffer.concat([...head, field(Buffer.concat([inner, padding]))])
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return {
    publicKey: `ssh-ed25519 ${blob.toString('base64')} ${comment}`,
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
  };
}

/** RFC 4253 6.6: the name, the exponent and the modulus, each with its length. */
function rsaBlob(pem: string): string {
  const { e, n } = createPublicKey(pem).export({ format: 'jwk' });
  const positive = (text: string | undefined) => {
    const bytes = Buffer.from(text ?? '', 'base64url');
    return bytes[0] !== undefined && bytes[0] >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  };
  return Buffer.concat([field('ssh-rsa'), field(positive(e)), field(positive(n))]).toString('base64');
}

const number = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer).swap32();

/** RFC 4251 5: a string with its length. */
const field = (bytes: Buffer | string): Buffer => Buffer.concat([number(Buffer.byteLength(bytes)), Buffer.from(bytes as string)]);

/** Tells whether a text is one OpenSSH public key line whose inner type agrees with its first word. */
export function isPublicKey(text: string): boolean {
  const match = TYPES.exec(text.trim());
  if (!match?.[1] || !match[2]) return false;
  const blob = Buffer.from(match[2], 'base64');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  return blob.subarray(4, 4 + length).toString('latin1') === match[1];
}
