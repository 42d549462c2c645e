import { z } from 'zod';
import { isSecretPlace } from './redact';
import { placeOf } from '../model/place';
import { type Path, type Problem, valueAt } from './problems';
import { nearest } from '../model/nearest';

type Issue = z.core.$ZodIssue;

/**
 * Says in words what a schema found wrong.
 * @param schema of the whole value, for the nearest known key
 * @param value what was checked
 * @param references what stands in the file for values from elsewhere; those values are never shown
 * @param at where the value stands in the configuration
 */
export function schemaProblems(
  issues: readonly Issue[],
  schema: z.core.$ZodType,
  value: unknown,
  references: ReadonlyMap<string, string>,
  at: Path = [],
): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: placeOf([...at, ...issue.path, key]), message: unknownKey(key, issue.path, schema, at) }));
    }
    const path = placeOf([...at, ...issue.path]);
    const reference = references.get(path);
    const found = valueAt(value, issue.path);
    const message = issueMessage(issue, found, reference === undefined && !isSecretPlace([...at, ...issue.path]));
    return [{ path, message: reference === undefined ? message : `${message} (from ${reference})` }];
  });
}

function issueMessage(issue: Issue, found: unknown, show: boolean): string {
  if (found === undefined && issue.code !== 'custom') return 'is missing';
  const shown = show ? display(found) : '';
  const not = shown === '' ? '' : `, not ${shown}`;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}${not}`;
    case 'invalid_value': {
      const known = issue.values.map(String);
      const near = typeof found === 'string' ? nearest(found, known) : undefined;
      return `must be one of ${known.join(', ')}${not}${near === undefined ? '' : `; did you mean ${near}?`}`;
    }
    case 'too_small':
      if (issue.origin === 'string') return issue.minimum === 1 ? 'must not be empty' : `must have at least ${issue.minimum} characters`;
      return issue.origin === 'array' ? 'must have at least one entry' : `must be at least ${issue.minimum}${not}`;
    case 'too_big':
      return issue.origin === 'string' ? `must have at most ${issue.maximum} characters` : `must be at most ${issue.maximum}${not}`;
    case 'invalid_key':
      return issue.issues.map((inner) => inner.message).join('; ');
    case 'invalid_format':
      return `${issue.message}${not}`;
    default:
      return issue.message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section (key: value)',
  record: 'a section (key: value)',
};

function display(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a section';
  // A key that was put in the wrong place is still one.
  if (typeof value === 'string' && value.includes('-----BEGIN')) return 'another kind of PEM';
  const text = typeof value === 'string' ? JSON.stringify(value.replace(/:\/\/[^@\s]*@/, '://…@')) : String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function unknownKey(key: string, path: Path, schema: z.core.$ZodType, at: Path): string {
  const siblings = schemasAt(schema, path).flatMap(keysOf);
  const near = nearest(key, siblings);
  if (near !== undefined) return `unknown; did you mean ${placeOf([...at, ...path, near])}?`;
  const elsewhere = allPaths(schema).filter((known) => known.at(-1) === key);
  if (elsewhere.length > 0) return `unknown here; did you mean ${elsewhere.map((known) => placeOf([...at, ...known])).join(' or ')}?`;
  return siblings.length > 0 ? `unknown; known here are ${siblings.join(', ')}` : 'unknown';
}

/** Unwraps a schema from its defaults and options; a union yields all of its members. */
function unwrapped(schema: unknown): z.core.$ZodType[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  ) {
    return unwrapped(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(unwrapped);
  return schema instanceof z.ZodType ? [schema] : [];
}

function schemasAt(schema: unknown, path: Path): z.core.$ZodType[] {
  const here = unwrapped(schema);
  const [part, ...rest] = path;
  if (part === undefined) return here;
  return here.flatMap((one) => {
    if (one instanceof z.ZodObject) return schemasAt(one.shape[String(part)], rest);
    if (one instanceof z.ZodRecord) return schemasAt(one.valueType, rest);
    return one instanceof z.ZodArray ? schemasAt(one.element, rest) : [];
  });
}

function keysOf(schema: z.core.$ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function allPaths(schema: unknown, prefix: Path = []): Path[] {
  return unwrapped(schema).flatMap((one) => {
    if (one instanceof z.ZodRecord) return allPaths(one.valueType, [...prefix, '<key>']);
    if (!(one instanceof z.ZodObject)) return [];
    return Object.entries(one.shape).flatMap(([key, inner]) => [[...prefix, key], ...allPaths(inner, [...prefix, key])]);
  });
}
