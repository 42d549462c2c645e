/** URIs of ours are relative to the base URI inside the gateway and absolute on the wire (5.5.10). */

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const RFC3986 = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
/** A component reference inside a SystemTemplate: `#name` (5.13.3). */
const COMPONENT = /^#[^#]+$/;

/** Whether it is a component reference (`#newVolume`, 5.13.3), which stays as it is. */
export function isComponent(uri: string): boolean {
  return COMPONENT.test(uri);
}

/** The wire form of a URI held inside: what is relative is appended to the base. */
export function absolute(uri: string, base: string): string {
  // Nearly all are paths of ours: the quick look first.
  return (uri.includes(':') && SCHEME.test(uri)) || uri.charCodeAt(0) === 0x23 ? uri : base + uri;
}

/** What is wrong with a text that should be a URI (RFC 3986), in words; undefined when nothing is. */
export function uriFault(uri: string): string | undefined {
  if (uri === '') return 'is empty';
  if (!RFC3986.test(uri)) return 'is not a URI: it holds characters that must be percent-encoded (RFC 3986)';
  if (SCHEME.test(uri)) return undefined;
  return uri.startsWith('/') ? 'is a relative URI with a leading slash; relative URIs are relative to baseURI (5.5.10)' : dots(uri);
}

function dots(path: string): string | undefined {
  const climbs = path.split(/[/?#]/).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
  return climbs ? "holds a '.' or '..' segment" : undefined;
}

/**
 * A `uri` value as it is held inside: relative where it lies plainly below the base, unchanged otherwise.
 * @param uri a valid URI.
 */
export function internalUri(uri: string, base: string): string {
  const path = below(uri, base);
  return path === undefined || pathFault(path) ? uri : path;
}

/**
 * A reference as it is held inside.
 * @param foreign whether a URI of another host may stand (references to any resource: the place of binary data).
 * @returns the path relative to the base, or what is wrong, in words.
 */
export function internalHref(href: string, base: string, foreign: boolean): { href: string } | { fault: string } {
  if (isComponent(href)) return { href };
  const fault = uriFault(href);
  if (fault) return { fault };
  if (!SCHEME.test(href)) return hrefOf(href);
  const path = below(href, base);
  if (path !== undefined) return hrefOf(path);
  if (sameOrigin(href, base)) return { fault: `is not below the base URI ${base}` };
  return foreign ? { href } : { fault: `refers to another host; references lead to resources below ${base}` };
}

function hrefOf(path: string): { href: string } | { fault: string } {
  const fault = pathFault(path);
  return fault ? { fault } : { href: path };
}

function pathFault(path: string): string | undefined {
  if (path === '') return 'refers to the base URI, not to a resource';
  if (path.startsWith('/')) return 'holds an empty path segment';
  if (path.includes('?')) return 'holds a query string; a reference names a resource';
  if (path.includes('#')) return 'holds a fragment; a reference names a resource';
  return dots(path);
}

/** What follows the base; scheme and host are compared without case (RFC 3986 6.2.2.1). */
function below(uri: string, base: string): string | undefined {
  if (uri.startsWith(base)) return uri.slice(base.length);
  const authority = base.indexOf('/', base.indexOf('//') + 2);
  const same = uri.slice(0, authority).toLowerCase() === base.slice(0, authority).toLowerCase();
  return same && uri.startsWith(base.slice(authority), authority) ? uri.slice(base.length) : undefined;
}

function sameOrigin(uri: string, base: string): boolean {
  return URL.canParse(uri) && URL.canParse(base) && new URL(uri).origin === new URL(base).origin && new URL(uri).origin !== 'null';
}
