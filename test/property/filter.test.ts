import fc from 'fast-check';
import { boolean, dateTime, integer, map, string } from '../../src/model/define';
import type { Values } from '../../src/model/values';
import { QueryError } from '../../src/query/errors';
import { compileFilter } from '../../src/query/filter';
import { parseFilter } from '../../src/query/grammar';

const readWrite = { provider: 'mandatory mutable', consumer: 'optional read-write' } as const;
const attributes = {
  name: string(readWrite),
  cpu: integer(readWrite),
  created: dateTime(readWrite),
  on: boolean(readWrite),
  properties: map(readWrite),
};
const options = { base: 'http://localhost/' };

type Tree =
  { is: 'and' | 'or'; terms: Tree[] } | { is: 'leaf'; text: (flip: boolean, quote: string) => string; holds: (values: Values) => boolean };

const FLIP: Record<string, string> = { '<': '>', '<=': '>=', '=': '=', '>=': '<=', '>': '<', '!=': '!=' };
const apply = (operator: string, a: number, b: number): boolean =>
  ({ '<': a < b, '<=': a <= b, '=': a === b, '>=': a >= b, '>': a > b, '!=': a !== b })[operator] ?? false;
const write = (text: string, quote: string): string => quote + text.split(quote).join(quote + quote) + quote;

const anyOperator = fc.constantFrom('<', '<=', '=', '>=', '>', '!=');
const equality = fc.constantFrom('=', '!=');
const text = fc.oneof(fc.constantFrom('', 'a', "it's", '"', "''", 'and', '(x)'), fc.string({ unit: 'grapheme', maxLength: 8 }));
const whole = fc.integer({ min: -3, max: 3 });
const instant = fc.integer({ min: 0, max: 5 }).map((hour) => Date.UTC(2020, 0, 1, hour));
/** The same instant in any zone. */
const zoned = (ms: number, zone: number): string =>
  new Date(ms + zone * 3_600_000).toISOString().slice(0, 19) + `${zone < 0 ? '-' : '+'}${String(Math.abs(zone)).padStart(2, '0')}:00`;

const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc.tuple(anyOperator, whole).map(([operator, value]): Tree => ({
    is: 'leaf',
    text: (flip) => (flip ? `${value}${FLIP[operator]}cpu` : `cpu ${operator} ${value}`),
    holds: ({ cpu }) => typeof cpu === 'number' && apply(operator, cpu, value),
  })),
  fc.tuple(anyOperator, instant, fc.integer({ min: -12, max: 14 })).map(([operator, ms, zone]): Tree => ({
    is: 'leaf',
    text: (flip) => (flip ? `${zoned(ms, zone)}${FLIP[operator]}created` : `created${operator}${zoned(ms, zone)}`),
    holds: ({ created }) => typeof created === 'string' && apply(operator, Date.parse(created), ms),
  })),
  fc.tuple(equality, text).map(([operator, value]): Tree => ({
    is: 'leaf',
    text: (flip, quote) => (flip ? `${write(value, quote)} ${operator} name` : `name${operator}${write(value, quote)}`),
    holds: ({ name = '' }) => (name === value) === (operator === '='),
  })),
  fc.tuple(equality, fc.boolean()).map(([operator, value]): Tree => ({
    is: 'leaf',
    text: (flip) => (flip ? `${value}${operator}on` : `on${operator}${value}`),
    holds: ({ on }) => on !== undefined && (on === value) === (operator === '='),
  })),
  fc.tuple(equality, text, text).map(([operator, key, value]): Tree => ({
    is: 'leaf',
    text: (_, quote) => `property[${write(key, quote)}]${operator}${write(value, quote)}`,
    holds: ({ properties }) => {
      const found = new Map(Object.entries((properties ?? {}) as Record<string, string>)).get(key);
      return found !== undefined && (found === value) === (operator === '=');
    },
  })),
  fc.constant<Tree>({ is: 'leaf', text: () => 'unheard=1', holds: () => false }),
);

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc
      .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(tie('tree'), { minLength: 1, maxLength: 4 }))
      .map(([is, terms]): Tree => ({ is, terms })),
  ),
}));

const values: fc.Arbitrary<Values> = fc.record(
  {
    name: text,
    cpu: whole,
    created: instant.map((ms) => new Date(ms).toISOString()),
    on: fc.boolean(),
    properties: fc.dictionary(text, text, { maxKeys: 3 }),
  },
  { requiredKeys: [] },
);

/** Prints with no more parentheses than precedence asks for, so that precedence is tested. */
function print(node: Tree, flip: boolean, quote: string, within?: 'and' | 'or'): string {
  if (node.is === 'leaf') return node.text(flip, quote);
  const [only] = node.terms;
  if (only && node.terms.length === 1) return print(only, !flip, quote, within);
  const inner = node.terms.map((term) => print(term, !flip, quote, node.is)).join(` ${node.is} `);
  return within === 'and' && node.is === 'or' ? `(${inner})` : inner;
}

function holds(node: Tree, item: Values): boolean {
  if (node.is === 'leaf') return node.holds(item);
  return node.is === 'and' ? node.terms.every((term) => holds(term, item)) : node.terms.some((term) => holds(term, item));
}

test('a filter that was printed from a tree selects what the tree selects', () => {
  fc.assert(
    fc.property(tree, values, fc.boolean(), fc.constantFrom("'", '"'), (node, item, flip, quote) => {
      const printed = print(node, flip, quote);
      fc.pre(printed.length <= 8192);
      expect(compileFilter(parseFilter(printed), attributes, options)(item)).toBe(holds(node, item));
    }),
    { numRuns: 2000 },
  );
});

test('any text is either a filter or a QueryError, and decided quickly', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      "'",
      '"',
      '=',
      '!',
      '<',
      '>',
      ' ',
      'and',
      'or',
      'true',
      'cpu',
      'name',
      'property',
      '12',
      '-',
      '2020-01-01',
      'T00:00:00',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const hostile = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 200 })), values, (printed, item) => {
      try {
        expect(typeof compileFilter(parseFilter(printed), attributes, options)(item)).toBe('boolean');
      } catch (error) {
        expect(error).toBeInstanceOf(QueryError);
      }
    }),
    { numRuns: 3000, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true },
  );
});
