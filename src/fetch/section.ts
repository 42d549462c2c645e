import type { IncomingHttpHeaders } from 'node:http';
import { FetchBroken } from './problem';

/** Facts by which something is known to be, byte for byte, what it was. */
export interface Version {
  /** Strong entity tag (RFC 9110 8.8.3), with its quotes. */
  etag?: string;
  /** Time of the last change, as the other side writes it. */
  modified?: string;
  /** Bytes in all. */
  size?: number;
}

/** Section of what a URI names. */
export interface Section {
  /** Offset of its first byte. */
  from: number;
  /** Bytes of it; absent: all that follow. */
  size?: number;
  /** Version that it has to be a section of. */
  of?: Version;
}

type Headers = Readonly<IncomingHttpHeaders>;

/** Statuses that answer a request for a section: with it, or (from who knows none) with the whole. */
export const SECTION_STATUSES = { part: 206, whole: 200, changed: 412 } as const;

/** Headers that ask for a section, as long as it is of the same version (RFC 9110 13.1, 14.2). */
export function headersFor({ from, size, of = {} }: Section): Record<string, string> {
  return {
    range: `bytes=${from}-${size === undefined ? '' : from + size - 1}`,
    ...(of.etag !== undefined ? { 'if-match': of.etag } : of.modified !== undefined ? { 'if-unmodified-since': of.modified } : {}),
  };
}

/** Reads the version that an answer is of. @param size bytes in all, where they are known */
export function versionOf({ etag, 'last-modified': modified }: Headers, size: number | undefined): Version {
  return {
    // A weak tag stays the same where the bytes need not.
    ...(typeof etag === 'string' && /^"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? { etag } : {}),
    ...(typeof modified === 'string' && /^[A-Za-z]{3}, \d\d [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(modified) ? { modified } : {}),
    ...(size === undefined ? {} : { size }),
  };
}

/** Tells whether a later answer can be known to be of the same version: else sections of it may not belong together. */
export const isVerifiable = ({ etag, modified }: Version): boolean => etag !== undefined || modified !== undefined;

/** Tells whether one version is certainly not, or not certainly, the other. */
export function isOther(then: Version, now: Version): boolean {
  const known = (['etag', 'modified', 'size'] as const).filter((fact) => then[fact] !== undefined && now[fact] !== undefined);
  return known.some((fact) => then[fact] !== now[fact]) || (isVerifiable(then) && !known.some((fact) => fact !== 'size'));
}

/**
 * Reads which bytes a 206 brings.
 * @returns bytes in all, where they are told
 * @throws FetchBroken where they are not those that were asked for
 */
export function wholeOf({ 'content-range': range }: Headers, { from, size }: Section, host: string): number | undefined {
  const [, first, last, all] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(typeof range === 'string' ? range : '') ?? [];
  const total = all === undefined || all === '*' ? undefined : Number(all);
  const end = size === undefined ? total : from + size;
  if (Number(first) !== from || (end !== undefined && Number(last) !== end - 1))
    throw new FetchBroken({ kind: 'answer', message: `${host} sends other bytes than it was asked for` });
  return total;
}

/**
 * The bytes of a section out of bytes that begin before it.
 * @param skip bytes before it
 * @param size bytes of it; absent: all that follow
 */
export async function* cutOut(bytes: AsyncIterable<Uint8Array>, skip: number, size: number | undefined): AsyncGenerator<Uint8Array> {
  let [before, left] = [skip, size ?? Number.POSITIVE_INFINITY];
  if (left === 0) return;
  for await (const chunk of bytes) {
    const passed = Math.min(before, chunk.byteLength);
    before -= passed;
    const part = chunk.subarray(passed, Math.min(chunk.byteLength, passed + left));
    left -= part.byteLength;
    if (part.byteLength > 0) yield part;
    if (left === 0) return;
  }
}
