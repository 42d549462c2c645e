import { quoted } from './error';
import { childOf, isOvf, refuse } from './xml';
import type { Element } from './xml';

/** Texts by msgid that the descriptor itself holds; English ones where there are several languages. */
export type Messages = ReadonlyMap<string, string>;

/** Reads the message bundles that lie in the descriptor. */
export function messagesOf(envelope: Element): Messages {
  const isEnglish = (bundle: Element): boolean => /^en\b/i.test(bundle.attributes.get('xml:lang') ?? 'en');
  const all = envelope.children.filter((each) => each.name === 'Strings');
  const bundles = [...all.filter(isEnglish), ...all.filter((each) => !isEnglish(each))];
  const messages = new Map<string, string>();
  for (const bundle of bundles)
    for (const message of bundle.children) {
      const id = message.attributes.get('msgid');
      if (message.name === 'Msg' && id !== undefined && !messages.has(id)) messages.set(id, message.text.trim());
    }
  return messages;
}

/** Text of an element, from the message bundle where its own is empty; undefined where there is neither. */
export function textOf(element: Element | undefined, messages: Messages): string | undefined {
  if (!element) return undefined;
  const text = element.text.trim() || messages.get(element.attributes.get('msgid') ?? '');
  return text === undefined || text === '' ? undefined : text;
}

/** The same of a child. */
export const childText = (element: Element, name: string, messages: Messages): string | undefined =>
  textOf(childOf(element, name), messages);

/** Attribute that must be there and have characters. @throws OvfError */
export function neededAttribute(element: Element, name: string): string {
  const value = element.attributes.get(name)?.trim();
  if (value === undefined || value === '') refuse(element, `lacks the attribute ${name}`);
  return value;
}

/** Attribute without its blanks; undefined where it is absent or empty. */
export function attribute(element: Element, name: string): string | undefined {
  const value = element.attributes.get(name)?.trim();
  return value === '' ? undefined : value;
}

/** Attribute of type xs:boolean, in any case. @throws OvfError */
export function flag(element: Element, name: string, otherwise: boolean): boolean {
  const value = attribute(element, name)?.toLowerCase();
  if (value === undefined) return otherwise;
  if (value !== 'true' && value !== 'false' && value !== '1' && value !== '0')
    refuse(element, `has ${quoted(value)} for the attribute ${name}; true or false is expected`);
  return value === 'true' || value === '1';
}

/** Attribute that is a whole number from 0 up to 2^53. @throws OvfError */
export function count(element: Element, name: string): number | undefined {
  const value = attribute(element, name);
  return value === undefined ? undefined : wholeNumber(element, value, `the attribute ${name}`);
}

/** A whole number from 0 up to 2^53. @throws OvfError naming what it is the value of */
export function wholeNumber(element: Element, text: string, what: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) refuse(element, `has ${quoted(text)} for ${what}; a whole number is expected`);
  return number;
}

/** Section or other element that a reader may leave out: `required="false"`. Without the attribute it is required. @throws OvfError */
export const isRequired = (element: Element): boolean => flag(element, 'required', true);

/** Refuses a second thing of one name. @throws OvfError */
export function once(seen: Set<string>, element: Element, name: string, what: string): void {
  if (seen.has(name)) refuse(element, `${what} ${quoted(name)} is there twice`);
  seen.add(name);
}

/** Refuses more of something than a package may have. @throws OvfError */
export function atMost(element: Element, number: number, most: number, what: string): void {
  if (number > most) refuse(element, `there are more than ${most} ${what}`);
}

/** Word for an element in a warning. */
export const named = (element: Element): string => (isOvf(element) ? element.name : `${element.name} of ${element.uri}`);
