import { createHash } from 'node:crypto';
import { Refusal } from '../operations/family';

/**
 * ETag of a representation: first what the resource is (for If-Match, whatever the format), then what these bytes
 * are (for If-None-Match): format, query and the operations shown are in the bytes.
 */
export function entityTag(core: string, body: readonly Uint8Array[]): string {
  const hash = createHash('sha1');
  for (const slice of body) hash.update(slice);
  return `"${core}.${hash.digest('base64url').slice(0, 16)}"`;
}

/** Whether If-None-Match says that the client already has these bytes. */
export function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

/** @throws Refusal 412 unless If-Match names the resource as it is now. */
export function checkMatch(header: string | undefined, core: () => string): void {
  if (header === undefined) return;
  const start = `"${core()}.`;
  const matches = header.split(',').some((one) => {
    const text = one.trim();
    return text === '*' || (text.startsWith(start) && text.endsWith('"'));
  });
  if (!matches) throw new Refusal(412, 'the resource is not as the ETag of If-Match says', { kind: 'conflict' });
}
