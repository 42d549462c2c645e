import { type Fact, fieldOf, holdsMore, itemFact, jsonNames, takesMore, textProblem } from './facts';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const TYPES: Readonly<Record<string, string>> = { integer: 'number', boolean: 'boolean' };

function scalarProblems(value: unknown, fact: Fact, at: string): string[] {
  const wanted = TYPES[fact.type] ?? 'string';
  if (typeof value !== wanted) return [`${at} is no JSON ${wanted}: ${JSON.stringify(value)}`];
  const problem = textProblem(fact, String(value));
  return problem === undefined ? [] : [`${at} ${problem}`];
}

function referenceProblems(value: unknown, fact: Fact, at: string): string[] {
  if (!isObject(value)) return [`${at} is no reference: ${JSON.stringify(value)}`];
  const byValue = fact.inlineType !== undefined && Object.keys(value).length > 0;
  return (typeof value.href === 'string' && value.href !== '') || byValue ? [] : [`${at} has no href: ${JSON.stringify(value)}`];
}

function mapProblems(value: unknown, at: string): string[] {
  if (!isObject(value) || Object.keys(value).length === 0) return [`${at} is no map with entries: ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [] : [`${at}.${key} is no string`]));
}

function structureProblems(value: unknown, { fields = [] }: Fact, at: string): string[] {
  if (!isObject(value)) return [`${at} is no object: ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([name, member]) => {
    const field = fieldOf(fields, name, jsonNames);
    if (field?.jsonName === 'href') return scalarProblems(member, { ...field, type: 'URI' }, `${at}.${name}`);
    if (field) return jsonProblems(member, field, `${at}.${name}`);
    return holdsMore(fields) || takesMore(fields) ? [] : [`${at} has no ${name} in the standard`];
  });
}

/** Returns what is wrong with a JSON value that should be this attribute, in words. */
export function jsonProblems(value: unknown, fact: Fact, at: string): string[] {
  switch (fact.type) {
    case 'ref':
    case 'collection':
      return referenceProblems(value, fact, at);
    case 'map':
      return mapProblems(value, at);
    case 'structure':
      return structureProblems(value, fact, at);
    case 'any':
      return [];
    case 'array': {
      if (!Array.isArray(value) || value.length === 0) return [`${at} is no array with items: ${JSON.stringify(value)}`];
      return value.flatMap((item, index) => jsonProblems(item, itemFact(fact), `${at}[${index}]`));
    }
    default:
      return scalarProblems(value, fact, at);
  }
}
