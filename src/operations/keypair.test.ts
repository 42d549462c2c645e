import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isPublicKey, makeKeyPair } from './keypair';

/** Fields of an OpenSSH blob: each with its length before it. */
function fields(blob: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length;) {
    const length = blob.readUInt32BE(at);
    found.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

const blobOf = (publicKey: string): Buffer => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');

test('an ed25519 pair is what OpenSSH takes: the private half has the public one, and signs for it', async () => {
  const { publicKey, privateKey } = await makeKeyPair('ed25519', 'cimi', 'a');
  expect([isPublicKey(publicKey), publicKey.endsWith(' cimi')]).toEqual([true, true]);
  const whole = Buffer.from(privateKey.replace(/-----[^-]+-----|\n/g, ''), 'base64');
  expect(whole.subarray(0, 15).toString('latin1')).toBe('openssh-key-v1\0');
  const [cipher, kdf, options] = fields(whole.subarray(15));
  expect([cipher, kdf, options].map(String)).toEqual(['none', 'none', '']);
  const afterHead = whole.subarray(15 + 4 + 4 + 4 + 4 + 4);
  expect(afterHead.readUInt32BE(0)).toBe(1);
  const [blob, inner = Buffer.alloc(0)] = fields(afterHead.subarray(4));
  expect(blob).toEqual(blobOf(publicKey));
  expect([inner.length % 8, inner.subarray(0, 4)]).toEqual([0, inner.subarray(4, 8)]);
  const [name, point, secret = Buffer.alloc(0), comment] = fields(inner.subarray(8));
  expect([String(name), secret.subarray(32), String(comment)]).toEqual(['ssh-ed25519', point, 'cimi']);
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: secret.subarray(0, 32).toString('base64url'), x: point?.toString('base64url') ?? '' };
  expect(createPublicKey(createPrivateKey({ key: jwk, format: 'jwk' })).export({ format: 'jwk' })).toMatchObject({ x: jwk.x });
});

test('an RSA pair has 3072 bits, and its public line is of its private half', async () => {
  const { publicKey, privateKey } = await makeKeyPair('rsa', 'cimi', 'a');
  const [name, exponent, modulus] = fields(blobOf(publicKey));
  const { n = '', e = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  expect([isPublicKey(publicKey), String(name), exponent?.toString('base64url'), modulus?.subarray(1).toString('base64url')]).toEqual([
    true,
    'ssh-rsa',
    e,
    n,
  ]);
  expect(modulus).toHaveLength(385);
});

test('a tenant has one RSA key made and one waiting, and takes no other’s place', async () => {
  const tries = await Promise.allSettled([
    ...['a', 'a', 'a', 'a', 'b'].map((tenant) => makeKeyPair('rsa', 'cimi', tenant)),
    makeKeyPair('ed25519', 'cimi', 'a'),
  ]);
  expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(tries[2]).toMatchObject({ reason: { name: 'BusyError' } });
});
