import { createHash } from 'node:crypto';
import { Refusal } from '../operations/resource-handler';

/**
 * ETag of a representation: first what the resource is (for If-Match, whatever the format), then what these bytes
 * are (for If-None-Match): format, query and the operations shown are in the bytes.
 */
export function entityTag(core: string, body: readonly Uint8Array[]): string {
  const hash = createHash('sha1');
  for (const slice of body) hash.update(slice);
  return tagOf(core, hash.digest('base64url'));
}

/** The same of a list, by the digest of its representation. */
export function listTag(digest: string): string {
  return tagOf('list', digest);
}

function tagOf(core: string, digest: string): string {
  return `"${core}.${digest.slice(0, 16)}"`;
}

/** Tells whether If-None-Match says that the client already has these bytes. */
export function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

type Conditions = Readonly<Partial<Record<string, string>>>;

/** Tells whether a change is wanted of one version of the resource only. */
export function isConditional(headers: Conditions): boolean {
  return headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
}

/** Holds a change against its conditions (RFC 9110 13.1). @throws Refusal 412 unless the resource now is what they want. */
export function checkConditions(headers: Conditions, core: () => string): void {
  if (!isConditional(headers)) return;
  const start = `"${core()}.`;
  const isThis = (tag: string) => tag === '*' || (tag.startsWith(start) && tag.endsWith('"'));
  const wanted = tagsOf(headers['if-match']);
  if (wanted && !wanted.some(isThis)) throw failed('If-Match', 'the resource no longer has this ETag: read it again');
  const unwanted = tagsOf(headers['if-none-match'])?.map((tag) => tag.replace(/^W\//, ''));
  if (unwanted?.some(isThis)) throw failed('If-None-Match', 'the resource exists, or still has this ETag');
}

/** The same of a create: its Collection is always there, and no version of it is kept. @throws Refusal 412 */
export function checkCreateConditions(headers: Conditions): void {
  const isAny = (tag: string) => tag === '*';
  if (tagsOf(headers['if-match'])?.some(isAny) === false)
    throw failed('If-Match', 'a create cannot depend on a version of its Collection: leave the header out');
  if (tagsOf(headers['if-none-match'])?.some(isAny)) throw failed('If-None-Match', 'the Collection exists: leave the header out');
}

/** Returns the tags of If-Match or If-None-Match; undefined where there is no such header. */
export function tagsOf(header: string | undefined): string[] | undefined {
  return header?.split(',').map((tag) => tag.trim());
}

function failed(at: string, message: string): Refusal {
  return new Refusal(412, message, { at, kind: 'conflict' });
}
