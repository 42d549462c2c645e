/** Tokens of JSON, and what may follow each; `open` and `close` are of objects and lists. */
type Kind = '{' | '}' | '[' | ']' | ',' | ':' | 'string' | 'other';
type State = 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'after';

const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("[^"\\\0-\x1f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\0-\x1f]*)*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
const VALUES = { '{': 'firstKey', '[': 'first', string: 'after', other: 'after' } as const;
const ALLOWED: Readonly<Record<State, Readonly<Partial<Record<Kind, State>>>>> = {
  value: VALUES,
  first: { ...VALUES, ']': 'after' },
  key: { string: 'colon' },
  firstKey: { string: 'colon', '}': 'after' },
  colon: { ':': 'value' },
  after: {},
};
const AFTER = {
  '{': { ',': 'key', '}': 'after' },
  '[': { ',': 'value', ']': 'after' },
} as const;

/**
 * The place where a text that is no JSON ceases to be it, in words. A parser's own message quotes the text there, and with it
 * perhaps a password.
 */
export function jsonFault(text: string): string {
  const at = faultAt(text);
  if (at >= text.length) return 'it ends too early';
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return `something else is expected in line ${line}, column ${at - before.lastIndexOf('\n')}`;
}

function faultAt(text: string): number {
  const open: ('{' | '[')[] = [];
  let state: State = 'value';
  for (let at = 0; ; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) return at + (/^[ \t\n\r]*/.exec(text.slice(at))?.[0].length ?? 0);
    const kind = (found[1] ?? (found[2] === undefined ? 'other' : 'string')) as Kind;
    const inside = open.at(-1);
    const allowed: Readonly<Partial<Record<Kind, State>>> = state === 'after' ? (inside ? AFTER[inside] : {}) : ALLOWED[state];
    const next = allowed[kind];
    if (next === undefined) return at + found[0].length - (found[1] ?? found[0].trimStart()).length;
    if (kind === '{' || kind === '[') open.push(kind);
    if (kind === '}' || kind === ']') open.pop();
    state = next;
  }
}
