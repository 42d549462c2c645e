import { createVerify, X509Certificate } from 'node:crypto';
import { OvfError, quoted } from './error';
import { digestLine } from './manifest';

/** Signer of a package, as its certificate names it. Whether the certificate is to be trusted is not said. */
export interface Signer {
  /** Distinguished name, on one line. */
  readonly subject: string;
  readonly issuer: string;
  /** Times between which the certificate is valid. */
  readonly from: Date;
  readonly until: Date;
  /** SHA-256 of the certificate, in digits of base 16. */
  readonly fingerprint: string;
}

const MAX_BYTES = 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;

/**
 * Verifies the signature of a manifest by a `.cert` file (DSP0243 6.1): a line `SHA256(package.mf)= signature`, then the X.509
 * certificate whose key made it.
 * @param manifest the manifest's bytes
 * @param name of the manifest's file
 * @throws OvfError where the file has no such form or is about another manifest, or the signature is not that of the manifest
 */
export function verifyCertificate(bytes: Uint8Array, manifest: Uint8Array, name: string): Signer {
  if (bytes.length > MAX_BYTES) throw new OvfError('the certificate', `is longer than ${MAX_BYTES} bytes`);
  const text = new TextDecoder().decode(bytes);
  const signature = text
    .split(/\r\n|\r|\n/)
    .map((line) => digestLine(line.trim()))
    .find((line) => line !== undefined);
  if (!signature) throw new OvfError('the certificate', `holds no signature; a line as SHA256(${name})= hex is expected`);
  if (signature.name !== name) throw new OvfError('the certificate', `signs ${quoted(signature.name)}, not ${quoted(name)}`);
  const pem = CERTIFICATE.exec(text)?.[0];
  if (pem === undefined) throw new OvfError('the certificate', 'holds no X.509 certificate in PEM');
  const certificate = parsed(pem);
  if (!isSignature(certificate, signature.algorithm, manifest, signature.hex))
    throw new OvfError(
      'the certificate',
      `its signature is not one of ${quoted(name)} by the key of its certificate: the manifest was changed`,
    );
  return {
    subject: onOneLine(certificate.subject),
    issuer: onOneLine(certificate.issuer),
    from: new Date(certificate.validFrom),
    until: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function parsed(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new OvfError('the certificate', 'its X.509 certificate cannot be read');
  }
}

function isSignature(certificate: X509Certificate, algorithm: string, manifest: Uint8Array, hex: string): boolean {
  try {
    return createVerify(algorithm).update(manifest).verify(certificate.publicKey, Buffer.from(hex, 'hex'));
  } catch {
    // A key of a kind that signs nothing of this form.
    return false;
  }
}

const onOneLine = (name: string): string => name.split('\n').reverse().join(', ');
