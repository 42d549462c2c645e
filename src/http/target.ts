import { HttpFault } from './fault';
import { isCloudBase } from '../model/cloud-path';
import { shown } from '../model/shown';

/** A request target, taken apart but not yet decoded. */
export interface RawTarget {
  /** Path with its leading slash. */
  path: string;
  /** Query without the question mark. */
  query: string;
}

/**
 * The origin form of a request target (`/a?b`); of an absolute form (`http://host/a?b`, RFC 9112 3.2.2) scheme and
 * authority are dropped, since URIs are made from the configured public URL. Anything else gets a slash before it.
 * @param url as received: Node's parser has refused all but visible ASCII
 */
export function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const target = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  return target.startsWith('/') ? target : `/${target}`;
}

/** Takes the origin form of a request target apart. */
export function splitTarget(target: string): RawTarget {
  const hash = target.indexOf('#');
  if (hash >= 0) return splitTarget(target.slice(0, hash));
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/**
 * The path below the base, decoded segment by segment. One trailing slash is ignored, but after a cloud's key; a segment may not hold an
 * encoded slash or control characters, since no id of ours has one and it would be read as another path.
 * @param path raw, with its leading slash
 * @param prefix begins and ends with a slash
 * @returns undefined when the path is not below the prefix
 * @throws HttpFault 400 for escapes that are malformed or not UTF-8
 */
export function pathBelow(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix)) return `${path}/` === prefix ? '' : undefined;
  const whole = path.slice(prefix.length);
  const below = whole.endsWith('/') && !isCloudBase(whole) ? whole.slice(0, -1) : whole;
  if (PLAIN.test(below)) return below;
  return below.split('/').map(decodeSegment).join('/');
}

/**
 * Query parameters in order, duplicates kept, decoded as application/x-www-form-urlencoded: `+` is a blank, a plus
 * sign is written `%2B`. A parameter without `=` has the empty value.
 * @throws HttpFault 400 for escapes that are malformed or not UTF-8
 */
export function parseQueryString(query: string): (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  if (query === '') return pairs;
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    pairs.push([decode(name.replaceAll('+', ' '), 'query'), decode(value.replaceAll('+', ' '), 'query')]);
  }
  return pairs;
}

const PLAIN = /^[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/;
const CONTROL = /[\u0000-\u001f\u007f]/;

function decodeSegment(segment: string): string {
  const text = decode(segment, 'path');
  if (text.includes('/')) throw new HttpFault(400, `an encoded slash (%2F) can't be part of a path segment: ${shown(segment)}`);
  if (CONTROL.test(text)) throw new HttpFault(400, 'the path holds a control character');
  return text;
}

function decode(text: string, where: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpFault(400, `the ${where} holds a percent escape that is malformed or not UTF-8: ${shown(text, 100)}`);
  }
}
