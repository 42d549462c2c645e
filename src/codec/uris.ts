import { quote } from './text';

/** URIs of ours are relative to the base URI inside the gateway and absolute on the wire (5.5.10). */

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const RFC3986 = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
/** A path that is the same in every form. */
const PLAIN = /^[A-Za-z0-9\-._~/]*$/;
const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;
/** A component reference inside a SystemTemplate: `#name` (5.13.3). */
const COMPONENT = /^#[^#]+$/;

/** Tells whether it is a component reference (`#newVolume`, 5.13.3), which stays as it is. */
export function isComponent(uri: string): boolean {
  return COMPONENT.test(uri);
}

/** The wire form of a URI held inside: what is relative is appended to the base. */
export function absolute(uri: string, base: string): string {
  // Nearly all are paths of ours: the quick look first.
  return (uri.includes(':') && SCHEME.test(uri)) || uri.charCodeAt(0) === 0x23 ? uri : base + uri;
}

/** A path of ours in which JSON has nothing to escape, and no scheme can stand. */
const QUOTABLE = /^[A-Za-z0-9\-._~/?=&%]+$/;
/** The base that was written last, with its quotation mark before it. */
let begun = { base: '', text: '"' };

/** Writes the wire form of a URI as a JSON string, quotes included. */
export function quoteUri(uri: string, base: string): string {
  if (!QUOTABLE.test(uri)) return quote(absolute(uri, base));
  if (begun.base !== base) begun = { base, text: quote(base).slice(0, -1) };
  return `${begun.text}${uri}"`;
}

/** Returns the fault, in words, of a text that should be a URI (RFC 3986); undefined when there is none. */
export function uriFault(uri: string): string | undefined {
  if (uri === '') return 'is empty';
  if (!RFC3986.test(uri)) return 'is not a URI: it holds characters that must be percent-encoded (RFC 3986)';
  return uri.startsWith('/') ? 'is a relative URI with a leading slash; relative URIs are relative to baseURI (5.5.10)' : undefined;
}

/**
 * A `uri` value as it is held inside: relative where it lies plainly below the base, unchanged otherwise.
 * @param uri a valid URI.
 */
export function internalUri(uri: string, base: string): string {
  const { path } = resolved(uri, base);
  return path === undefined || pathFault(path) ? uri : path;
}

/**
 * A reference as it is held inside, whichever of its equal forms it was given in: resolved against the base (RFC 3986 5.2),
 * scheme, host, port and unreserved characters compared as 6.2.2 and 6.2.3 have it.
 * @param foreign whether a URI of another host may stand (references to any resource: the place of binary data).
 * @returns the path relative to the base, or what is wrong, in words.
 */
export function internalHref(href: string, base: string, foreign: boolean): { href: string } | { fault: string } {
  if (isComponent(href)) return { href };
  const fault = uriFault(href);
  if (fault) return { fault };
  const { path, here } = resolved(href, base);
  if (path !== undefined) {
    const wrong = pathFault(path);
    return wrong ? { fault: wrong } : { href: path };
  }
  if (here) return { fault: `is not below the base URI ${base}` };
  return foreign ? { href } : { fault: `refers to another host; references lead to resources below ${base}` };
}

function pathFault(path: string): string | undefined {
  if (path === '') return 'refers to the base URI, not to a resource';
  if (path.includes('?')) return 'holds a query string; a reference names a resource';
  if (path.includes('#')) return 'holds a fragment; a reference names a resource';
  return path.startsWith('/') || path.includes('//') ? 'holds an empty path segment' : undefined;
}

/** Resolves a URI: its path relative to the base where it lies below it, and whether it is of this host at all. */
function resolved(uri: string, base: string): { path?: string; here: boolean } {
  const rest = uri.startsWith(base) ? uri.slice(base.length) : uri;
  // Nearly all are plain paths, or these behind the base: the quick way first.
  if (PLAIN.test(rest) && !DOTS.test(rest)) return { path: rest, here: true };
  if (!URL.canParse(uri, base)) return { here: false };
  const [to, from] = [new URL(uri, base), new URL(base)];
  if (to.origin !== from.origin || to.origin === 'null' || to.username !== '' || to.password !== '') return { here: false };
  const below = to.pathname.startsWith(from.pathname);
  return { here: true, ...(below ? { path: unescaped(to.pathname.slice(from.pathname.length)) + to.search + to.hash } : {}) };
}

/** Escapes of characters that need none are undone: both forms are one URI (RFC 3986 6.2.2.2). */
function unescaped(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(parseInt(escape.slice(1), 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
}
