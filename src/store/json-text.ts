import type { z } from 'zod';
import { shown } from '../model/shown';

/** JSON that somebody else may have written. */

const QUOTE = 34;
const BACKSLASH = 92;
const OPENS_LIST = 91;
const OPENS_OBJECT = 123;
const CLOSES_LIST = 93;
const CLOSES_OBJECT = 125;

/** Tells whether JSON is nested deeper than so many levels, without reading it: what reads it may go as deep as it. */
export function isDeep(text: string, levels: number): boolean {
  let [depth, quoted] = [0, false];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPENS_LIST || code === OPENS_OBJECT) depth += 1;
    else if (code === CLOSES_LIST || code === CLOSES_OBJECT) depth -= 1;
    if (depth > levels) return true;
  }
  return false;
}

/** Words for the first of what is wrong: where, and what. */
export function problemOf({ issues: [issue] }: z.ZodError): string {
  const where = issue?.path.map(String).join('.') ?? '';
  return `${where === '' ? '' : `${shown(where)}: `}${shown(issue?.message ?? '', 200)}`;
}
