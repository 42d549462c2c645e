import type { Attributes } from '../model/define';
import { readable, referenceForms } from '../query/filter';
import type { Comparison, Filter, PropertyComparison } from '../query/grammar';
import { instantOf } from '../model/time';
import type { Condition } from '../store/listing';

/** Place of an attribute of a stored list in its table. */
export interface StoredField {
  field: string;
  /** Prefix that stands before the column's value in the attribute's (the id of a Job: `jobs/`). */
  prefix?: string;
  /** A reference that is always held relative to the base URI. */
  relative?: true;
  /** The database finds equal values by an index that also gives the order of lists. */
  indexed?: true;
  /** A reference that is left out once what it leads to is gone: rows that have it are no more than candidates. */
  mayBeGone?: true;
}

/** Knowledge that a list's table has of its items' attributes. */
export interface StoredFields {
  /** Attribute of the moment that orders the table; `created` where absent. */
  time?: string;
  /** Attributes that are columns. */
  columns: Readonly<Record<string, StoredField>>;
  /** Tells whether an attribute stands in the row's document just as it is shown. */
  inDocument(name: string): boolean;
}

/** A filter as far as the database can decide it. */
export interface Pushed {
  /** Equality with an index; all that matches is among what it finds. */
  key?: Condition;
  /** Further conditions that the database can tell of what matches. */
  rest?: Condition;
  /** True where key and rest decide: no row needs to be looked at. */
  exact: boolean;
}

interface Part {
  /** Undefined: nothing can be told. */
  condition: Condition | undefined;
  exact: boolean;
  indexed?: boolean;
}

const UNTOLD: Part = { condition: undefined, exact: false };

export interface PushOptions extends StoredFields {
  base: string;
  attributes: Attributes;
}

/** Splits a filter into what the database decides and what remains for `compileFilter`, which has checked it before. */
export function pushFilter(filter: Filter | undefined, options: PushOptions): Pushed {
  if (!filter) return { exact: true };
  const parts = (filter.kind === 'and' ? flat(filter) : [filter]).map((term) => partOf(term, options));
  const key = parts.find(({ indexed }) => indexed);
  const rest = parts.flatMap((part) => (part === key || !part.condition ? [] : [part.condition]));
  return {
    ...(key?.condition ? { key: key.condition } : {}),
    ...(rest.length > 0 ? { rest: rest.length === 1 && rest[0] ? rest[0] : { kind: 'and', terms: rest } } : {}),
    exact: parts.every(({ exact }) => exact),
  };
}

function flat(filter: Filter): Filter[] {
  return filter.kind === 'and' ? filter.terms.flatMap(flat) : [filter];
}

function partOf(filter: Filter, options: PushOptions): Part {
  if (filter.kind === 'property') return property(filter, options);
  if (filter.kind === 'comparison') return comparison(filter, options);
  const parts = filter.terms.map((term) => partOf(term, options));
  const exact = parts.every((part) => part.exact);
  const terms = parts.flatMap(({ condition }) => condition ?? []);
  // Of alternatives that are not all told, none narrows the list.
  if (filter.kind === 'or' && terms.length < parts.length) return UNTOLD;
  return { condition: { kind: filter.kind, terms }, exact };
}

/** Condition that nothing meets: the attribute is not there, or may not be read. */
const NOTHING: Part = { condition: { kind: 'or', terms: [] }, exact: true };

function comparison(filter: Comparison, options: PushOptions): Part {
  const name = filter.attribute;
  const attribute = readable(options.attributes, name);
  if (!attribute) return NOTHING;
  const { literal, operator } = filter;
  if (typeof literal.value === 'string' && isUnstorable(literal.value)) return UNTOLD;
  const column = Object.hasOwn(options.columns, name) ? options.columns[name] : undefined;
  const equal = operator === '=';
  switch (attribute.kind) {
    case 'integer':
      return column && Number.isSafeInteger(literal.value)
        ? { condition: { kind: 'ordered', field: column.field, operator, value: Number(literal.value) }, exact: true }
        : UNTOLD;
    case 'dateTime':
      return column
        ? moment(column, operator, typeof literal.value === 'string' ? instantOf(literal.value) : Number(literal.value))
        : UNTOLD;
    case 'string': {
      if (typeof literal.value !== 'string') return UNTOLD;
      if (!column) return equal && literal.value !== '' ? inDocument(name, [literal.value], options) : UNTOLD;
      const indexed = equal && literal.value !== '' && column.indexed === true;
      return { condition: { kind: 'text', field: column.field, equal, value: literal.value }, exact: true, indexed };
    }
    case 'uri':
    case 'ref': {
      if (typeof literal.value !== 'string') return UNTOLD;
      const forms = referenceForms(literal.value, options.base);
      return column ? reference(column, forms, equal) : equal ? inDocument(name, forms, options) : UNTOLD;
    }
    default:
      return UNTOLD;
  }
}

function reference({ field, prefix = '', indexed, mayBeGone, relative }: StoredField, forms: readonly string[], equal: boolean): Part {
  // The first form is the relative one.
  const values = (relative ? forms.slice(0, 1) : forms).flatMap((form) => (form.startsWith(prefix) ? [form.slice(prefix.length)] : []));
  return {
    condition: { kind: 'among', field, equal, values },
    exact: mayBeGone !== true,
    indexed: indexed === true && equal && values.length === 1,
  };
}

/** Quoted text in the JSON of the document, as it is written there. */
function inDocument(name: string, values: readonly string[], options: PushOptions): Part {
  if (!options.inDocument(name)) return UNTOLD;
  return { condition: { kind: 'or', terms: values.map((value) => ({ kind: 'holds', text: JSON.stringify(value) })) }, exact: false };
}

function property({ key, value, operator }: PropertyComparison, { attributes, inDocument: isThere }: PushOptions): Part {
  const maps = Object.keys(attributes).filter((name) => attributes[name]?.kind === 'map' && attributes[name].itemName === 'property');
  if (!maps.every(isThere) || isUnstorable(key) || isUnstorable(value)) return UNTOLD;
  const text = operator === '=' ? `${JSON.stringify(key)}:${JSON.stringify(value)}` : `${JSON.stringify(key)}:`;
  return { condition: { kind: 'holds', text }, exact: false };
}

function moment({ field }: StoredField, operator: Comparison['operator'], instant: number | undefined): Part {
  return instant === undefined ? UNTOLD : { condition: { kind: 'moment', field, operator, value: instant }, exact: true };
}

/** NUL and halves of surrogate pairs: no row has them, and not every database can be asked for them. */
function isUnstorable(text: string): boolean {
  return text.includes('\0') || /\p{Surrogate}/u.test(text);
}
