import { escapeAttribute, escapeText } from '../codec/text';

/** Piece of a document that is escaped already. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | undefined;

/** Writes an element: attributes without the undefined ones, then its parts, texts escaped. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | boolean | undefined>>,
  ...parts: readonly Part[]
): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`);
  const inner = parts.map((part) => (part === undefined ? '' : typeof part === 'string' ? escapeText(part) : part.markup)).join('');
  return { markup: inner === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inner}</${name}>` };
}

/** The same for a text that may be absent: then there is no element. */
export const optional = (name: string, text: string | undefined): Markup | undefined =>
  text === undefined ? undefined : element(name, {}, text);

/** Pieces one after the other. */
export const together = (pieces: readonly Markup[]): Markup => ({ markup: pieces.map(({ markup }) => markup).join('') });
