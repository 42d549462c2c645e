/** Texts of others (of requests, providers, configurations) as they may stand in words, Jobs and logs. */

/** Longest text of another in the midst of words, characters. */
const SHOWN = 80;
/** Longest words of one error, characters. */
const SPOKEN = 2_000;
/** Longest words that a Job keeps, bytes in UTF-8. */
const KEPT_BYTES = 4_096;

/** Controls, and what turns the direction of what follows: a reader would see other words than were written. */
const LINE_BREAKS = '\\t\\n\\r';
const CONTROLS = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069';
const UNSEEN = new RegExp(`[${LINE_BREAKS}${CONTROLS}]`, 'g');
const UNSPOKEN = new RegExp(`[${CONTROLS}]`, 'g');
/** Marks of one character's direction are part of names in Hebrew and Arabic. */
const TURNERS = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069';
const TURNING = new RegExp(`[${TURNERS}]`);
/** Regular expression (ECMA-262) of all texts in which `turning` finds nothing. */
export const PLAIN_TEXT = `^[^${TURNERS}]*$`;

/**
 * Cuts a text of another to `max` characters and puts U+FFFD in place of controls, so that it can be repeated in words.
 * Whoever repeats it puts it into quotes.
 */
export function shown(text: string, max = SHOWN): string {
  return cut(text, max).replace(UNSEEN, '\ufffd');
}

/** The words of an error: at most 2,000 characters, without controls but for line breaks. */
export function spoken(message: string): string {
  return cut(message, SPOKEN).replace(UNSPOKEN, '\ufffd');
}

/** Words as a Job keeps them: at most 4 KiB in UTF-8. */
export function kept(message: string): string {
  const clean = message.length > KEPT_BYTES ? cut(message, KEPT_BYTES) : message;
  const bytes = Buffer.byteLength(clean);
  if (bytes <= KEPT_BYTES) return clean.replace(UNSPOKEN, '\ufffd');
  // A character that the cut went through comes out as U+FFFD.
  const head = Buffer.from(clean)
    .subarray(0, KEPT_BYTES - 3)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  return `${head}…`.replace(UNSPOKEN, '\ufffd');
}

/** The first control (line breaks aside) or override of the text's direction, as `U+202E`; undefined when there is none. */
export function turning(text: string): string | undefined {
  const found = TURNING.exec(text)?.[0];
  return found === undefined ? undefined : `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = max - 1;
  // Never through the middle of a pair.
  return `${text.slice(0, /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end)}…`;
}
