import type { Condition, Types, TypeName } from './types.generated.ts';

/** Attributes of a type, by name, that a filter compares. */
export type FilterBuilder<K extends TypeName> = Types[K]['filter'];
/** Filter as text (DSP0263 4.1.6.1), or as a function of the type's attributes. */
export type FilterOf<K extends TypeName> = string | ((attributes: FilterBuilder<K>) => Condition);

type Literal = string | number | boolean | Date | { readonly href: string };

class Text implements Condition {
  constructor(
    private readonly text: string,
    /** Weakest operator that holds it together. */
    private readonly joined?: 'and' | 'or',
  ) {}

  and(other: Condition): Condition {
    return new Text(`${this.tight()} and ${other instanceof Text ? other.tight() : `(${other.toString()})`}`, 'and');
  }

  or(other: Condition): Condition {
    return new Text(`${this.text} or ${other.toString()}`, 'or');
  }

  toString(): string {
    return this.text;
  }

  private tight(): string {
    return this.joined === 'or' ? `(${this.text})` : this.text;
  }
}

/** Writes a value as a filter has it: texts in quotes, a quote inside them twice. */
function literal(value: Literal): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  return `'${(typeof value === 'string' ? value : value.href).replaceAll("'", "''")}'`;
}

const OPERATORS = { eq: '=', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

function attribute(name: string) {
  const compare = Object.entries(OPERATORS).map(
    ([method, operator]) => [method, (value: Literal) => new Text(`${name}${operator}${literal(value)}`)] as const,
  );
  return {
    ...Object.fromEntries(compare),
    in: (...values: readonly Literal[]) =>
      values
        .map((value) => new Text(`${name}=${literal(value)}`))
        .reduce<Condition | undefined>((all, one) => all?.or(one) ?? one, undefined),
  };
}

const builder = new Proxy(
  {},
  { get: (_, name) => (name === 'property' ? (key: string) => attribute(`property[${literal(key)}]`) : attribute(String(name))) },
);

/** Returns the text of a filter; undefined where there is none. */
export function filterText(filter: string | ((attributes: never) => Condition) | undefined): string | undefined {
  return typeof filter === 'function' ? filter(builder as never).toString() : filter;
}
