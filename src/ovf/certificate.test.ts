import { OvfError } from './error';
import { verifyCertificate } from './certificate';

const MANIFEST = Buffer.from(`SHA256(package.ovf)= ${'0123456789abcdef'.repeat(4)}\n`);

/** Signatures of that manifest by two keys that are not kept: `openssl dgst -sha256 -sign key package.mf`. */
const SIGNED = {
  rsa: {
    signature:
      '2c0e955795f2ef72a393c155e15ced33ddb25b835b6367f8e5a027f7db22ce1aaaefe6de0d0ee8bfce449daa4f68423e90087ea5c17e76789f600dc7' +
      '7e0cc39b4e42d32322412a5684af02a383d5732055ea07304b00af3e584cab409794b2f29006455341b70ad3cb618c377ccb2d69fa0d29085449fa7d' +
      '4abeaa4c5246df5adeffa55d966d1e8e892a138bfe90a1d74d89abe4627a0e95cff80d233d6814e51c70fd95fe405a0a2b0758a93863e6f6bf04deae' +
      '90bfdfb48be37a20d1cf5f3e7dbcfc1a364919507981879af6e119545ffd514b6814d2f29397b464836b800fdb028a1de609a46a4a83b6e5845a8a16' +
      '8d6f73c046c1e4bb97a75e6cc9672860',
    certificate: [
      '-----BEGIN CERTIFICATE-----',
      'MIIDWzCCAkOgAwIBAgIURGiCmpuNEjmUeqPWp3496DAzKEowDQYJKoZIhvcNAQEL',
      'BQAwPDELMAkGA1UEBhMCREUxFzAVBgNVBAoMDkV4YW1wbGUgSW1hZ2VzMRQwEgYD',
      'VQQDDAtSZWxlYXNlIHJzYTAgFw0yNjExMzAyMjI5MzFaGA8yMTI2MTEwNjIyMjkz',
      'MVowPDELMAkGA1UEBhMCREUxFzAVBgNVBAoMDkV4YW1wbGUgSW1hZ2VzMRQwEgYD',
      'VQQDDAtSZWxlYXNlIHJzYTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEB',
      'ALIqSk73ZluRIFWdmhI0TrZdGH7U0S0AMJqCFp3itEhLSqSZDW+g8lkb2ZrV9DjU',
      'SWdhBnZGq2Q4vmd/e2EP62SBjDzrUU8hqXcL4OSko8gmIvlJq0CFPl9VD1jzhsEC',
      'YQszetCusLQsEV+s7/A8oNPOC/t43R7S+qvoCf0npDoXe1CKO66925Mf5JePobL2',
      'FNE+e55DVoB93pTFKpaNS50Ed4s0gUZW7P/HuOr2PF7tiwYoyyssjcoQLc5pJBgz',
      'G9oJ+tYSTewE3YszRklFA3VUliJvI0HOIDhTUg3gwOGfoj2lDKpC5SOlPoeh9nCA',
      '/XYBX1Yx5ZnNPob3480Jd98CAwEAAaNTMFEwHQYDVR0OBBYEFExZ8MbBEnj0VX6X',
      '9hk9lkn9JlxgMB8GA1UdIwQYMBaAFExZ8MbBEnj0VX6X9hk9lkn9JlxgMA8GA1Ud',
      'EwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAGutZWm/KhYKun5gHMCf0nRv',
      'JSM7crklJsJkKowslAWXgcwiD+MJkdH3p12gmvrivJMNhD74x60dtJ1b7rXKrYNY',
      'vuiC4G7rugm5JHmgNajedfo5rfbhTe4rj5CbNZXhHRR/Rl9E6Orib3oIlJEOxLwK',
      'uNojOjA3nueAUpkYX0H/hBGY6ENr6VKphWrkaU7VECctLGgv1EQZSkcIOpB/IoY+',
      'L98zTiPIL9yv+N+DYahRG2s/L/E7FQEwLN02wxhVvyJbJ5RoVYz6s/y+NXvUNgyC',
      'qn0yuFXbdJ+khqrC6HlVEKe0nnGdEQ+G07RWKclKNVUyXYNhhvdR/OcYgDZ/8DM=',
      '-----END CERTIFICATE-----',
    ].join('\n'),
  },
  ec: {
    signature:
      '3045022100c8738d8f364fc97bbcd26e97c9e49923a84a97011e867de1d061306f60878f6002203b9f111e2cd49b29fa24c75d6f5999fe871fde55c9' +
      '29fcae589f2003ef34f05f',
    certificate: [
      '-----BEGIN CERTIFICATE-----',
      'MIIBzTCCAXOgAwIBAgIUQlFdtSkPcaosZ3c6ZV4trRu7AGswCgYIKoZIzj0EAwIw',
      'OzELMAkGA1UEBhMCREUxFzAVBgNVBAoMDkV4YW1wbGUgSW1hZ2VzMRMwEQYDVQQD',
      'DApSZWxlYXNlIGVjMCAXDTI2MTEzMDIyMjkzMVoYDzIxMjYxMTA2MjIyOTMxWjA7',
      'MQswCQYDVQQGEwJERTEXMBUGA1UECgwORXhhbXBsZSBJbWFnZXMxEzARBgNVBAMM',
      'ClJlbGVhc2UgZWMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATMOJL+UsQUOVpq',
      'OUZcmdAD2maDXZmjZSDmZ0zfv/9wIhLg5yOOMbd6mabvnHgqTnyAskaqnj/bmnI/',
      '7Rgn8C+lo1MwUTAdBgNVHQ4EFgQUnfvU4WMLbPrEnEmcApe34Pi1FO4wHwYDVR0j',
      'BBgwFoAUnfvU4WMLbPrEnEmcApe34Pi1FO4wDwYDVR0TAQH/BAUwAwEB/zAKBggq',
      'hkjOPQQDAgNIADBFAiEA+PeHfv4/tdxLCH61u2kEvbOez7GAtWCpFzKo+a5Hp+UC',
      'IAmegXO0WCcX1dyo9XfWAsLstzVHfyt9ylirmxS4cJ7i',
      '-----END CERTIFICATE-----',
    ].join('\n'),
  },
};

const file = ({ signature, certificate }: { signature: string; certificate: string }, name = 'package.mf'): Buffer =>
  Buffer.from(`SHA256(${name})= ${signature}\n${certificate}\n`);

test.each([['rsa'], ['ec']] as const)('a signature by a key of %s is verified, and its signer told', (kind) => {
  const signer = verifyCertificate(file(SIGNED[kind]), MANIFEST, 'package.mf');
  expect(signer).toMatchObject({
    subject: `CN=Release ${kind}, O=Example Images, C=DE`,
    issuer: `CN=Release ${kind}, O=Example Images, C=DE`,
  });
  expect(signer.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(signer.until.getTime()).toBeGreaterThan(signer.from.getTime());
});

const other = { ...SIGNED.rsa, certificate: SIGNED.ec.certificate };
test.each([
  ['a changed manifest', file(SIGNED.rsa), Buffer.from(MANIFEST.toString().replace('0', '1')), /the manifest was changed/],
  ['the certificate of another key', file(other), MANIFEST, /the manifest was changed/],
  ['a cut signature', file({ ...SIGNED.rsa, signature: SIGNED.rsa.signature.slice(2) }), MANIFEST, /the manifest was changed/],
  ['a signature of another file', file(SIGNED.rsa, 'other.mf'), MANIFEST, /signs 'other\.mf', not 'package\.mf'/],
  ['no signature', Buffer.from(SIGNED.rsa.certificate), MANIFEST, /holds no signature/],
  ['no certificate', Buffer.from(`SHA1(package.mf)= ${SIGNED.rsa.signature}`), MANIFEST, /holds no X\.509/],
  [
    'a certificate that is none',
    file({ ...SIGNED.rsa, certificate: SIGNED.rsa.certificate.replace('MII', 'AAA') }),
    MANIFEST,
    /cannot be read/,
  ],
  ['more than 1 MiB', Buffer.alloc(1024 * 1024 + 1, ' '), MANIFEST, /longer than/],
])('%s is refused', (_, bytes, manifest, words) => {
  expect(() => verifyCertificate(bytes, manifest, 'package.mf')).toThrow(words);
  expect(() => verifyCertificate(bytes, manifest, 'package.mf')).toThrow(OvfError);
});
