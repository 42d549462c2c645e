import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);
/** Key types that clouds take, by the first word of the OpenSSH public key line. */
const TYPES = /^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+=*)(?: [^\r\n]*)?$/;

/**
 * Makes an RSA pair of 3072 bits.
 * @returns the OpenSSH public key line and the private half as PKCS#1 PEM, which every SSH client and cloud reads.
 */
export async function makeKeyPair(comment: string): Promise<{ publicKey: string; privateKey: string }> {
  const pair = await generate('rsa', { modulusLength: 3072 });
  const privateKey = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  return { publicKey: `ssh-rsa ${opensshRsa(pair.publicKey)} ${comment}`, privateKey };
}

/** RFC 4253 6.6: the name, the exponent and the modulus, each with its length. */
function opensshRsa(key: KeyObject): string {
  const { e, n } = key.export({ format: 'jwk' });
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from(Uint32Array.of(bytes.length).buffer).swap32(), bytes]);
  const positive = (text: string | undefined) => {
    const bytes = Buffer.from(text ?? '', 'base64url');
    return bytes[0] !== undefined && bytes[0] >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  };
  return Buffer.concat([field(Buffer.from('ssh-rsa')), field(positive(e)), field(positive(n))]).toString('base64');
}

/** Whether a text is one OpenSSH public key line whose inner type agrees with its first word. */
export function isPublicKey(text: string): boolean {
  const match = TYPES.exec(text.trim());
  if (!match?.[1] || !match[2]) return false;
  const blob = Buffer.from(match[2], 'base64');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  return blob.subarray(4, 4 + length).toString('latin1') === match[1];
}
