import type { Attribute, Attributes } from '../model/define';
import type { Value, Values } from '../model/values';
import { QueryError } from './errors';
import type { Comparison, Filter, Operator, PropertyComparison } from './grammar';
import { durationSeconds, instantOf } from '../model/time';
import { shown } from '../model/shown';

export interface FilterOptions {
  /** Absolute base URI with a trailing slash: references match in their absolute and in their relative form. */
  base: string;
}

export type Predicate = (values: Values) => boolean;

const never: Predicate = () => false;

/**
 * Turns a filter into a function over an item's top-level attributes (4.1.6.1), typed by the item's attributes
 * (the common ones included):
 * - integers and dates are ordered, dates as instants; text, booleans (D101), durations and references know = and !=;
 * - references (and collections) compare by href, which may be written absolute, below the base's path, or relative;
 * - an attribute that the type does not have, or that is write-only, compares false with every operator (D100);
 * - text that an item does not carry is empty (5.5.14), so `name!='a'` holds there; any other absent value, and a
 *   property that is not there, compares false with every operator.
 * @throws QueryError where the operator or the value does not fit the attribute's type.
 */
export function compileFilter(filter: Filter, attributes: Attributes, options: FilterOptions): Predicate {
  if (filter.kind === 'property') return compileProperty(filter, attributes);
  if (filter.kind === 'comparison') return compileComparison(filter, attributes, options);
  const terms = filter.terms.map((term) => compileFilter(term, attributes, options));
  return filter.kind === 'and' ? (values) => terms.every((term) => term(values)) : (values) => terms.some((term) => term(values));
}

/** The declared attribute, unless there is none or consumers may not read it (a filter would be a way to guess it). */
export function readable(attributes: Attributes, name: string): Attribute | undefined {
  const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return attribute && !attribute.consumer.endsWith('write-only') ? attribute : undefined;
}

function compileProperty(filter: PropertyComparison, attributes: Attributes): Predicate {
  const name = Object.entries(attributes).find(([, one]) => one.kind === 'map' && one.itemName === 'property')?.[0];
  if (name === undefined) return never;
  const { key, operator, value } = filter;
  return (values) => {
    const map = values[name];
    const found = isRecord(map) && Object.hasOwn(map, key) ? map[key] : undefined;
    return found !== undefined && (found === value) === (operator === '=');
  };
}

function compileComparison(filter: Comparison, attributes: Attributes, options: FilterOptions): Predicate {
  const name = filter.attribute;
  const attribute = readable(attributes, name);
  if (!attribute) return never;
  const { operator } = filter;
  switch (attribute.kind) {
    case 'integer': {
      const literal = integerOf(filter);
      return (values) => ordered(operator, values[name], literal);
    }
    case 'dateTime': {
      const literal = dateOf(filter);
      return (values) => {
        const value = values[name];
        return ordered(operator, typeof value === 'string' ? instantOf(value) : undefined, literal);
      };
    }
    case 'boolean': {
      const literal = booleanOf(filter);
      return (values) => typeof values[name] === 'boolean' && (values[name] === literal) === (operator === '=');
    }
    case 'string':
    case 'bytes': {
      const literal = textOf(filter);
      return (values) => ((values[name] ?? '') === literal) === (operator === '=');
    }
    case 'duration':
      return compileDuration(filter);
    case 'uri':
    case 'ref':
    case 'collection':
      return compileReference(filter, options);
    case 'any':
      return compileAny(filter);
    default:
      throw refused(filter, `holds several values and can't be compared`);
  }
}

function compileDuration(filter: Comparison): Predicate {
  const text = textOf(filter);
  const literal = durationSeconds(text);
  if (literal === undefined) throw refused(filter, "is compared with a duration of XML Schema, such as 'PT30M'");
  return (values) => {
    const value = values[filter.attribute];
    return typeof value === 'string' && (durationSeconds(value) === literal) === (filter.operator === '=');
  };
}

function compileReference(filter: Comparison, options: FilterOptions): Predicate {
  const relative = relativeTo(options.base);
  const literal = relative(textOf(filter));
  return (values) => {
    const value = values[filter.attribute];
    const href = isRecord(value) ? value['href'] : value;
    return typeof href === 'string' && (relative(href) === literal) === (filter.operator === '=');
  };
}

/** Every way of writing a reference that a filter takes for this one. */
export function referenceForms(href: string, base: string): string[] {
  const relative = relativeTo(base);
  const own = relative(href);
  const path = URL.canParse(base) ? new URL(base).pathname : base;
  return [...new Set([own, base + own, path + own])].filter((form) => relative(form) === own);
}

function relativeTo(base: string): (href: string) => string {
  const path = URL.canParse(base) ? new URL(base).pathname : base;
  return (href) => {
    if (href.startsWith(base)) return href.slice(base.length);
    // An entry point at the host's root: every path is below it.
    return href.startsWith(path) ? href.slice(path.length) : href;
  };
}

/** A value of any type (5.5.13) is compared as what the filter's value is. */
function compileAny(filter: Comparison): Predicate {
  const { attribute, operator, literal } = filter;
  if (literal.kind === 'integer') return (values) => ordered(operator, values[attribute], literal.value);
  if (literal.kind === 'date') {
    return (values) => {
      const value = values[attribute];
      return ordered(operator, typeof value === 'string' ? instantOf(value) : undefined, literal.value);
    };
  }
  equality(filter, literal.kind === 'boolean' ? 'true and false' : 'text');
  return (values) => typeof values[attribute] === typeof literal.value && (values[attribute] === literal.value) === (operator === '=');
}

function ordered(operator: Operator, value: Value | undefined, literal: number): boolean {
  if (typeof value !== 'number') return false;
  switch (operator) {
    case '<':
      return value < literal;
    case '<=':
      return value <= literal;
    case '=':
      return value === literal;
    case '>=':
      return value >= literal;
    case '>':
      return value > literal;
    case '!=':
      return value !== literal;
  }
}

function integerOf(filter: Comparison): number {
  if (filter.literal.kind !== 'integer') throw refused(filter, 'is compared with a whole number');
  return filter.literal.value;
}

/** Dates are taken in quotes too: many clients quote everything that is no number. */
function dateOf(filter: Comparison): number {
  const instant = instantOf(filter.literal.text);
  if (instant === undefined) throw refused(filter, 'is compared with a date, as 2015-06-30T12:00:00Z');
  return instant;
}

function booleanOf(filter: Comparison): boolean {
  if (filter.literal.kind !== 'boolean') throw refused(filter, 'is compared with true or false');
  equality(filter, 'true and false');
  return filter.literal.value;
}

function textOf(filter: Comparison): string {
  equality(filter, 'text');
  if (filter.literal.kind !== 'string') throw refused(filter, 'is compared with text in quotes');
  return filter.literal.value;
}

function equality(filter: Comparison, what: string): void {
  if (filter.operator !== '=' && filter.operator !== '!=') throw refused(filter, `can't be ordered: ${what} is compared by = or !=`);
}

function refused(filter: Comparison, message: string): QueryError {
  return new QueryError(`${shown(filter.attribute)} ${message}`, '$filter', filter.position);
}

function isRecord(value: Value | undefined): value is { readonly [key: string]: Value | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
