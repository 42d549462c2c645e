import { shownProxy } from '../net/proxies';
import type { Config } from './config';
import { isRecord, type Path, pathText } from './problems';

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
  const text = pathText(path);
  const reference = references.get(text);
  if (reference !== undefined) return reference.startsWith('$') || reference.includes('${') ? withoutPasswords(reference) : value;
  if (text === 'secrets.key' || (inOptions(path) && SECRET_NAME.test(String(path.at(-1))))) return HIDDEN;
  if (typeof value === 'string') return path.at(-1) === 'proxy' ? (shownProxy(value) ?? HIDDEN) : withoutPasswords(value);
  if (Array.isArray(value)) return value.map((item: unknown, index) => hidden(item, [...path, index], references));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner, [...path, key], references)]));
}

function inOptions(path: Path): boolean {
  return path[0] === 'clouds' && path[2] === 'options' && path.length > 3;
}

function withoutPasswords(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^:@/\s]*):\S*@/gi, '$1:***@')
    .replace(/([?&](?:\w*password|\w*secret|\w*token|\w*key)=)[^&#\s]*/gi, '$1***');
}
