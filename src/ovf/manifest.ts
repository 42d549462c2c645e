import { OvfError, quoted } from './error';
import { checkFileName, foldedName } from './file-names';

/** Algorithms of digests that a manifest may be of. */
export type DigestAlgorithm = 'sha1' | 'sha256' | 'sha512';

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  /** Digits of base 16, in lower case. */
  readonly hex: string;
}

const DIGITS: Readonly<Record<DigestAlgorithm, number>> = { sha1: 40, sha256: 64, sha512: 128 };
const MAX_BYTES = 4 * 1024 * 1024;

/** A line of a manifest or certificate: `SHA256(name)= hex`, with blanks and hyphens as writers have them (openssl 3: `SHA2-256`). */
const LINE = /^SHA-?(?:2-)?(1|256|512)\s*\((.*)\)\s*=\s*([0-9a-f]+)$/i;

/** Reads a line of that form; undefined for another. */
export function digestLine(line: string): (Digest & { name: string }) | undefined {
  const [, bits, name, hex] = LINE.exec(line) ?? [];
  return bits === undefined || name === undefined || hex === undefined
    ? undefined
    : { algorithm: `sha${bits}` as DigestAlgorithm, name, hex: hex.toLowerCase() };
}

/**
 * Reads a manifest (`.mf`): digests by the names of files.
 * @throws OvfError for another line, a name that leads elsewhere or is there twice, and a digest of another length
 */
export function readManifest(bytes: Uint8Array): ReadonlyMap<string, Digest> {
  if (bytes.length > MAX_BYTES) throw new OvfError('the manifest', `is longer than ${MAX_BYTES} bytes`);
  const digests = new Map<string, Digest>();
  const folded = new Set<string>();
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\r|\n/);
  for (const [index, text] of lines.entries()) {
    const line = text.trim();
    if (line === '') continue;
    const place = `line ${index + 1} of the manifest`;
    const digest = digestLine(line);
    if (!digest) throw new OvfError(place, `${quoted(line)} is no digest; SHA1, SHA256 or SHA512 of a file is expected: SHA256(name)= hex`);
    const { name, algorithm, hex } = digest;
    checkFileName(name, place);
    if (hex.length !== DIGITS[algorithm])
      throw new OvfError(place, `the digest of ${quoted(name)} has ${hex.length} digits; ${algorithm} has ${DIGITS[algorithm]}`);
    if (folded.has(foldedName(name))) throw new OvfError(place, `the file ${quoted(name)} is there twice`);
    folded.add(foldedName(name));
    digests.set(name, { algorithm, hex });
  }
  if (digests.size === 0) throw new OvfError('the manifest', 'names no file');
  return digests;
}

/**
 * Writes a manifest: no blank before the bracket, for which ESXi refuses the algorithm `SHA256 `.
 * @param digests by names of files
 */
export function writeManifest(digests: Iterable<readonly [name: string, digest: Digest]>): string {
  return [...digests].map(([name, { algorithm, hex }]) => `${algorithm.toUpperCase()}(${name})= ${hex}\n`).join('');
}
