import { quoted, QueryError } from './errors';
import { instantOf } from '../model/time';

/**
 * The language of `$filter` (4.1.6.1): text to tree. A quote inside a string is written twice (`'it''s'`), which the
 * published grammar leaves open; integers may carry a minus sign (D102); properties are found with `property` (D103).
 */

export type Operator = '<' | '<=' | '=' | '>=' | '>' | '!=';

export type Literal =
  | { kind: 'integer'; value: number; text: string }
  /** `value`: ms since the epoch. */
  | { kind: 'date'; value: number; text: string }
  | { kind: 'string'; value: string; text: string }
  | { kind: 'boolean'; value: boolean; text: string };

/** `Value Op Attribute` is turned round, so that the attribute always stands on the left. */
export interface Comparison {
  kind: 'comparison';
  attribute: string;
  operator: Operator;
  literal: Literal;
  position: number;
}

export interface PropertyComparison {
  kind: 'property';
  key: string;
  operator: '=' | '!=';
  value: string;
}

export type Filter = Comparison | PropertyComparison | { kind: 'and' | 'or'; terms: readonly Filter[] };

/** Longest `$filter` taken, in UTF-16 units. */
export const MAX_FILTER_LENGTH = 8192;
/** Deepest nesting of parentheses taken. */
export const MAX_FILTER_DEPTH = 64;

const PARAMETER = '$filter';
const FLIPPED: Readonly<Record<Operator, Operator>> = { '<': '>', '<=': '>=', '=': '=', '>=': '<=', '>': '<', '!=': '!=' };

type Token =
  | { kind: 'literal'; literal: Literal; position: number }
  | { kind: 'word'; text: string; position: number }
  | { kind: 'operator'; operator: Operator; position: number }
  | { kind: '(' | ')' | '[' | ']' | 'end'; position: number };

/**
 * Reads one filter expression, in time linear to its length.
 * @throws QueryError naming the place where it leaves the grammar.
 */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_FILTER_LENGTH) {
    throw new QueryError(`the expression has ${text.length} characters; at most ${MAX_FILTER_LENGTH} are allowed`, PARAMETER);
  }
  const parser = new Parser(tokensOf(text));
  const filter = parser.alternatives(0);
  parser.end();
  return filter;
}

class Parser {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  alternatives(depth: number): Filter {
    const terms = [this.conjunction(depth)];
    while (this.takeWord('or')) terms.push(this.conjunction(depth));
    return join('or', terms);
  }

  end(): void {
    const token = this.peek();
    if (token.kind !== 'end') throw unexpected(token, "'and', 'or' or the end");
  }

  private conjunction(depth: number): Filter {
    const terms = [this.comparison(depth)];
    while (this.takeWord('and')) terms.push(this.comparison(depth));
    return join('and', terms);
  }

  private comparison(depth: number): Filter {
    const first = this.next();
    if (first.kind === '(') {
      if (depth >= MAX_FILTER_DEPTH) {
        throw new QueryError(`parentheses are nested deeper than ${MAX_FILTER_DEPTH}`, PARAMETER, first.position);
      }
      const inner = this.alternatives(depth + 1);
      this.expect(')');
      return inner;
    }
    if (first.kind !== 'word' && first.kind !== 'literal') throw unexpected(first, 'an attribute, a value or an opening parenthesis');
    if (first.kind === 'word' && this.peek().kind === '[') return this.property(first);
    const operator = this.operator();
    const second = this.next();
    if (second.kind !== 'word' && second.kind !== 'literal') throw unexpected(second, 'an attribute or a value after the operator');
    if (first.kind === 'word' && second.kind === 'literal') return compare(first, operator, second.literal);
    if (first.kind === 'literal' && second.kind === 'word') return compare(second, FLIPPED[operator], first.literal);
    const [what, position] =
      first.kind === 'word'
        ? ['two names are compared; text is written in quotes', second.position]
        : ['two values are compared', first.position];
    throw new QueryError(`${what}: one side is an attribute, the other a value`, PARAMETER, position);
  }

  private property(name: Extract<Token, { kind: 'word' }>): Filter {
    if (name.text !== 'property') {
      throw new QueryError(`only property[…] takes brackets, not ${quoted(name.text)}`, PARAMETER, name.position);
    }
    this.expect('[');
    const key = this.text('the key of a property in quotes');
    this.expect(']');
    const { position } = this.peek();
    const operator = this.operator();
    if (operator !== '=' && operator !== '!=') {
      throw new QueryError(`properties are text and are compared by = or !=, not by ${operator}`, PARAMETER, position);
    }
    return { kind: 'property', key, operator, value: this.text('the value of a property in quotes') };
  }

  private text(what: string): string {
    const token = this.next();
    if (token.kind !== 'literal' || token.literal.kind !== 'string') throw unexpected(token, what);
    return token.literal.value;
  }

  private operator(): Operator {
    const token = this.next();
    if (token.kind !== 'operator') throw unexpected(token, 'one of < <= = >= > !=');
    return token.operator;
  }

  private expect(kind: '(' | ')' | '[' | ']'): void {
    const token = this.next();
    if (token.kind !== kind) throw unexpected(token, `'${kind}'`);
  }

  private takeWord(text: string): boolean {
    const token = this.peek();
    if (token.kind !== 'word' || token.text !== text) return false;
    this.at++;
    return true;
  }

  /** The last token is always the end, and who reads that one refuses it. */
  private peek(): Token {
    return this.tokens[this.at] as Token;
  }

  private next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }
}

function join(kind: 'and' | 'or', terms: readonly Filter[]): Filter {
  const [only] = terms;
  return terms.length === 1 && only ? only : { kind, terms };
}

function compare(name: Extract<Token, { kind: 'word' }>, operator: Operator, literal: Literal): Comparison {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name.text)) {
    throw new QueryError(
      `${quoted(name.text)} is neither an attribute name nor a number, a date, true or false; text is written in quotes`,
      PARAMETER,
      name.position,
    );
  }
  return { kind: 'comparison', attribute: name.text, operator, literal, position: name.position };
}

function unexpected(token: Token, wanted: string): QueryError {
  const found =
    token.kind === 'end'
      ? 'the expression ends'
      : token.kind === 'word'
        ? `found ${quoted(token.text)}`
        : token.kind === 'literal'
          ? `found ${quoted(token.literal.text)}`
          : `found '${token.kind === 'operator' ? token.operator : token.kind}'`;
  return new QueryError(`${found}, expected ${wanted}`, PARAMETER, token.position);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const position = at + 1;
    if (character === "'" || character === '"') {
      const end = endOfString(text, at);
      const raw = text.slice(at + 1, end);
      tokens.push({
        kind: 'literal',
        literal: { kind: 'string', value: raw.replaceAll(character + character, character), text: raw },
        position,
      });
      at = end + 1;
    } else if (character === '(' || character === ')' || character === '[' || character === ']') {
      tokens.push({ kind: character, position });
      at++;
    } else if ('<>=!'.includes(character)) {
      const operator = operatorAt(text, at);
      tokens.push({ kind: 'operator', operator, position });
      at += operator.length;
    } else {
      const word = wordAt(text, at);
      tokens.push(classify(word, position));
      at += word.length;
    }
  }
  tokens.push({ kind: 'end', position: text.length + 1 });
  return tokens;
}

function endOfString(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let end = text.indexOf(quote, start + 1); end !== -1; end = text.indexOf(quote, end + 2)) {
    if (text.charAt(end + 1) !== quote) return end;
  }
  throw new QueryError('the text that begins here has no closing quote', PARAMETER, start + 1);
}

function operatorAt(text: string, at: number): Operator {
  const two = text.slice(at, at + 2);
  if (two === '<=' || two === '>=' || two === '!=') return two;
  const one = text.charAt(at);
  if (one === '<' || one === '>' || one === '=') return one;
  throw new QueryError("'!' is allowed only in !=", PARAMETER, at + 1);
}

function wordAt(text: string, at: number): string {
  const word = /[^\s'"()[\]<>=!]+/y;
  word.lastIndex = at;
  // A plus sign that was not percent-encoded arrives as a blank before the zone.
  const zone = /\d{4}-\d\d-\d\d(?:T[\d:.]{8,40})? \d\d:\d\d(?![^\s'"()[\]<>=!])/y;
  zone.lastIndex = at;
  return (zone.exec(text) ?? (word.exec(text) as RegExpExecArray))[0];
}

function classify(word: string, position: number): Token {
  if (word === 'true' || word === 'false') {
    return { kind: 'literal', literal: { kind: 'boolean', value: word === 'true', text: word }, position };
  }
  if (/^-?\d+$/.test(word)) return { kind: 'literal', literal: { kind: 'integer', value: Number(word), text: word }, position };
  const instant = instantOf(word);
  if (instant !== undefined) return { kind: 'literal', literal: { kind: 'date', value: instant, text: word }, position };
  if (/^\d{4}-\d/.test(word)) throw new QueryError(`${quoted(word)} is no date of XML Schema`, PARAMETER, position);
  return { kind: 'word', text: word, position };
}
