import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { placeOf } from '../model/place';
import { isRecord, type Path, type Problem } from './problems';
import { outputOf } from './run-command';

export interface ReferenceContext {
  env: Readonly<Record<string, string | undefined>>;
  /** Folder that `$file` is relative to. */
  folder: string;
  /** Filled: by path, what stands in the file in place of the value, for messages and for printing. */
  references: Map<string, string>;
  /** Filled. */
  problems: Problem[];
}

const MAX_DEPTH = 32;
/** Largest file that `$file` takes in, in bytes. */
export const MAX_REFERENCED_BYTES = 64 * 1024;

/**
 * A copy of a parsed file with `${NAME}`, `${NAME:-default}` (in any text; `$${` is a literal `${`),
 * `{ $file: path }` and `{ $command: [program, argument, …] }` replaced. Keys without a value are left out.
 */
export async function resolveReferences(value: unknown, context: ReferenceContext, path: Path = []): Promise<unknown> {
  const problem = (message: string): void => void context.problems.push({ path: placeOf(path), message });
  if (path.length > MAX_DEPTH) return problem(`is nested deeper than ${MAX_DEPTH} levels`);
  if (typeof value === 'string') return interpolate(value, context, path);
  if (Array.isArray(value)) return Promise.all(value.map((item: unknown, index) => resolveReferences(item, context, [...path, index])));
  if (!isRecord(value)) return value;
  if (Object.hasOwn(value, '$file')) return withoutNul(await fromFile(value, context, path), context, path);
  if (Object.hasOwn(value, '$command')) return withoutNul(await fromCommand(value, context, path), context, path);
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') problem('__proto__ is not allowed as a key');
    else if (inner !== null) result[key] = await resolveReferences(inner, context, [...path, key]);
  }
  return result;
}

/** Refuses a text that no file, host or header can be named by. */
function withoutNul(text: string | undefined, { problems }: ReferenceContext, path: Path): string | undefined {
  if (text?.includes('\0') !== true) return text;
  problems.push({ path: placeOf(path), message: 'holds a NUL character, which nothing takes' });
  return undefined;
}

function interpolate(text: string, context: ReferenceContext, path: Path): string | undefined {
  if (!text.includes('${')) return withoutNul(text, context, path);
  const problems: Problem[] = [];
  let referenced = false;
  const result = text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole, inner: string | undefined, end: string | undefined) => {
    if (inner === undefined) return '${';
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/.exec(inner);
    const [, name = '', fallback] = match ?? [];
    if (!match || end !== '}') {
      problems.push({
        path: placeOf(path),
        message: `${JSON.stringify(whole)} is not a valid reference: write \${NAME}, \${NAME:-default}, or $\${ for a literal \${`,
      });
      return '';
    }
    referenced = true;
    const set = context.env[name];
    // As in a shell: with a default, an empty variable counts as unset.
    const found = fallback === undefined ? set : set || fallback;
    if (found === undefined) problems.push({ path: placeOf(path), message: `the environment variable ${name} is not set` });
    return found ?? '';
  });
  context.problems.push(...problems);
  if (referenced) context.references.set(placeOf(path), text.replace(/:-[^}]*\}/g, '}'));
  return problems.length > 0 ? undefined : withoutNul(result, context, path);
}

async function fromFile(value: Record<string, unknown>, context: ReferenceContext, path: Path): Promise<string | undefined> {
  const problem = (message: string): undefined => void context.problems.push({ path: placeOf(path), message });
  const name = typeof value['$file'] === 'string' ? interpolate(value['$file'], context, path) : '';
  if (name === undefined) return undefined;
  if (name === '' || Object.keys(value).length > 1)
    return problem('a reference to a file is written { $file: path }, with nothing beside it');
  context.references.set(placeOf(path), `$file: ${name}`);
  const file = resolve(context.folder, name);
  try {
    const found = await stat(file);
    if (!found.isFile()) return problem(`${file} is not a file`);
    if (found.size > MAX_REFERENCED_BYTES) return problem(`${file} is larger than ${MAX_REFERENCED_BYTES} bytes`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
    return text.replace(/\r?\n$/, '');
  } catch (error) {
    return problem(`the file ${file} can't be read: ${readingTrouble(error)}`);
  }
}

async function fromCommand(value: Record<string, unknown>, context: ReferenceContext, path: Path): Promise<string | undefined> {
  const problem = (message: string): undefined => void context.problems.push({ path: placeOf(path), message });
  const given = value['$command'];
  const texts = Array.isArray(given) && given.every((one) => typeof one === 'string') ? given : [];
  if (texts.length === 0 || Object.keys(value).length > 1)
    return problem('a reference to a command is written { $command: [program, argument, …] }, with nothing beside it');
  const words = texts.map((text) => interpolate(text, context, path));
  // Arguments may name a secret's place, or be one: only the program is told.
  context.references.set(placeOf(path), `$command: ${texts[0]}`);
  const [program, ...rest] = words.filter((word) => word !== undefined);
  if (program === undefined || rest.length + 1 < texts.length) return undefined;
  const output = await outputOf({ program, arguments: rest, folder: context.folder, env: context.env });
  return 'problem' in output ? problem(output.problem) : output.text;
}

/** Describes in words why a file could not be read. */
export function readingTrouble(error: unknown): string {
  const code = isRecord(error) ? error['code'] : undefined;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text';
  return error instanceof Error ? error.message : String(error);
}
