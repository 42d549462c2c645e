import { shownProxy } from '../net/proxies';
import type { Config } from './config';
import { placeOf } from '../model/place';
import { isRecord, type Path } from './problems';

const HIDDEN = '(secret)';
/** Names under which drivers take secrets; what comes by reference is never shown anyway. */
const SECRET_NAME = /(pass(word|phrase|wd)?|secret|token|credentials?|private[-_]?key|api[-_]?key|access[-_]?key|^key|auth)$/i;

/**
 * The configuration as it may be printed and logged. In place of a value that came from a file or from the environment
 * stands where it came from; secrets and passwords within URLs are hidden.
 */
export function redact(config: Config): Record<string, unknown> {
  const { source, ...values } = config;
  const result = hidden(values, [], source.references);
  return isRecord(result) ? result : {};
}

function hidden(value: unknown, path: Path, references: ReadonlyMap<string, string>): unknown {
  const text = placeOf(path);
  const reference = references.get(text);
  if (reference !== undefined) return reference.startsWith('$') || reference.includes('${') ? withoutPasswords(reference) : value;
  if (isKey(path) || isHeader(path) || (holdsSecrets(path) && isSecretName(path.at(-1)))) return HIDDEN;
  if (typeof value === 'string') return path.at(-1) === 'proxy' ? (shownProxy(value) ?? HIDDEN) : withoutPasswords(value);
  if (Array.isArray(value)) return value.map((item: unknown, index) => hidden(item, [...path, index], references));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner, [...path, key], references)]));
}

/** True within the section whose values are all keys. */
function isKey(path: Path): boolean {
  return path[0] === 'secrets' && path.length > 1;
}

/** True of what a collector of traces is sent with every request: some of it is its key, whatever its name. */
function isHeader(path: Path): boolean {
  return path[0] === 'tracing' && path[1] === 'headers' && path.length > 2;
}

/** Tells whether what stands at a place of the configuration, right or wrong, is never to be shown. */
export function isSecretPlace(path: Path): boolean {
  return isKey(path) || isHeader(path) || path.some((part) => typeof part === 'string' && isSecretName(part));
}

/** Sections in which a name tells a secret. */
function holdsSecrets(path: Path): boolean {
  if (path[0] === 'access') return path.length > 1 && (path[1] !== 'oidc' || path[3] === 'console');
  return path[0] === 'clouds' && path[2] === 'options' && path.length > 3;
}

/**
 * Strikes the secrets of a configuration out of what is said about it, in whosever words: those that stand in options by
 * name, what came from files, and passwords within URLs.
 */
export function maskOf(config: Config): (text: string) => string {
  const { source, ...values } = config;
  const secrets = [...secretsIn(values, [], source.references)].filter((secret) => secret.length >= LEAST_SECRET);
  secrets.sort((a, b) => b.length - a.length);
  return (text) => withoutPasswords(secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text));
}

/** Shorter ones would strike out half of every sentence. */
const LEAST_SECRET = 4;

function* secretsIn(value: unknown, path: Path, references: ReadonlyMap<string, string>): Iterable<string> {
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value))
      yield* secretsIn(inner, [...path, Array.isArray(value) ? Number(key) : key], references);
    return;
  }
  const text = String(value);
  const named = isKey(path) || isHeader(path) || (path.some((part) => isSecretName(part)) && holdsSecrets(path));
  if (named || /^\$(file|command)/.test(references.get(placeOf(path)) ?? '')) yield text;
  const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^:@/\s]*:(\S*)@/i.exec(text) ?? [];
  if (password !== undefined) yield* [password, plain(password)];
}

function plain(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

/** Tells whether the value under this name is a secret. */
export function isSecretName(name: PropertyKey | undefined): boolean {
  return SECRET_NAME.test(String(name));
}

/** Strikes passwords within URLs out of a text. */
export function withoutPasswords(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*):\S*@/gi, '$1:***@')
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^:@/\s]+@/gi, '$1***@')
    .replace(/([?&](?:\w*password|\w*secret|\w*token|\w*key)=)[^&#\s]*/gi, '$1***');
}
