import { readFileSync } from 'node:fs';
import type { Context, Values } from './context.ts';
import { uriOf } from './find.ts';
import { collectionNames, kindNamed, type Kind } from './kinds.ts';
import { usage } from './problem.ts';

/** One `--attr value` of the command line. */
export interface Given {
  name: string;
  value: string;
}

type Body = Record<string, unknown>;

/**
 * Parts what commander did not know: `--attr value` and `--attr=value` are attributes, the rest are words.
 * @throws Problem where an attribute has no value
 */
export function givenOf(words: readonly string[]): { words: string[]; given: Given[] } {
  const plain: string[] = [];
  const given: Given[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name, inline] = /^--([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
    if (name === undefined) {
      if (/^-[^-0-9]/.test(word)) throw usage(`there is no option ${word}`);
      plain.push(word);
      continue;
    }
    const value = inline ?? rest.shift();
    if (value === undefined) throw usage(`--${name} needs a value`);
    if (/^(password|token)$/i.test(name))
      throw usage(`--${name} would be seen by everybody on this machine: put it into a file, --file FILE`);
    given.push({ name, value });
  }
  return { words: plain, given };
}

/** Attributes that are texts whatever they look like. */
const TEXTS = /^(name|description|userData|userName|ip|mask|macAddress|hostname|above|below)$/;

/** Reads a value as JSON has it, by what the type says of the attribute, or by how it looks. */
function valueOf(text: string, name: string, kind: Kind | undefined): unknown {
  if (/^[[{]/.test(text)) return parsed(text, name);
  const told = kind?.attributes.find((one) => one.name === name);
  if (text === 'null') return null;
  if (TEXTS.test(name) || told?.type === 'string' || told?.maxLength !== undefined) return text;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`--${name}: no JSON: ${(error as Error).message}`);
  }
}

/** Puts a value at a path (`machineConfig.cpu`, `componentDescriptors.0.name`), making what is on the way. */
function put(body: Body, path: readonly string[], value: unknown): void {
  const [first = '', ...rest] = path;
  // What is inherited is nobody's attribute.
  if (first === '__proto__') throw usage('__proto__ is no attribute');
  if (rest.length === 0) {
    body[first] = value;
    return;
  }
  body[first] ??= /^\d+$/.test(rest[0] ?? '') ? [] : {};
  put(body[first] as Body, rest, value);
}

/** Reads the attributes of a file, JSON or YAML; `-` is the standard input. @throws Problem */
async function fileOf(file: string | undefined): Promise<Body> {
  if (file === undefined) return {};
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  const { parse } = await import('yaml');
  const values: unknown = parse(text);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw usage(`${file}: attributes with values are needed`);
  return values as Body;
}

/** Returns the attributes that were given, for a change or an action. @throws Problem */
export async function changesOf(context: Context, kind: Kind | undefined, given: readonly Given[]): Promise<Values> {
  const body = await fileOf(context.options.file);
  for (const { name, value } of given) {
    const path = name.split('.');
    const inProperties = path[0] === 'properties';
    put(
      body,
      inProperties ? ['properties', path.slice(1).join('.')] : path,
      inProperties ? value : await referred(context, path, value, kind),
    );
  }
  return body;
}

/**
 * Returns what makes a resource. What only its template has, or the configuration of that, is put there: `--cpu 2` of a Machine is
 * `machineTemplate.machineConfig.cpu`.
 * @throws Problem
 */
export async function creationOf(context: Context, kind: Kind | undefined, given: readonly Given[]): Promise<Values> {
  const kinds = await context.kinds();
  const camel = kind ? kind.name.charAt(0).toLowerCase() + kind.name.slice(1) : '';
  const template = kind && kindNamed(`${kind.name}Template`, kinds);
  if (!kind || !template) return changesOf(context, kind, given);
  const config = kindNamed(`${kind.name}Configuration`, kinds);
  const has = (one: Kind | undefined, name: string): boolean => one?.attributes.some((attribute) => attribute.name === name) ?? false;
  const placed = given.map(({ name, value }) => {
    const [first = ''] = name.split('.');
    if (['name', 'description', 'properties', 'cloud', `${camel}Template`].includes(first)) return { name, value };
    if (has(template, first)) return { name: `${camel}Template.${name}`, value };
    return { name: has(config, first) ? `${camel}Template.${camel}Config.${name}` : name, value };
  });
  return changesOf(context, kind, placed);
}

/** Value of an attribute; what the entry point has a collection of is a reference: a name, an id or a URI of one. */
async function referred(context: Context, path: readonly string[], text: string, kind: Kind | undefined): Promise<unknown> {
  const name = path.at(-1) ?? '';
  const collection = collectionNames(context.cimi).find((one) => [`${name}s`, `${name}es`].includes(one));
  if (collection === undefined || /^[[{]/.test(text) || text === 'null') return valueOf(text, name, kind);
  const { href } = context.cimi.collection(collection);
  return { href: await uriOf(context, { name: collection, href }, text) };
}
