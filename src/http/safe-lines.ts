import type { DestinationStream } from 'pino';
import { shown } from '../model/shown';

/** Longest line that is written as it is, characters. */
const LINE = 16_384;
/** Longest text within a line that was longer, characters. */
const TEXT = 1_024;
/** JSON escapes only the first 32 characters by itself; these would move or turn what a terminal shows. */
const UNESCAPED = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A destination for createLog that escapes what a client may have smuggled into a line, and cuts the texts of lines longer
 * than 16 KiB: nothing that was asked for fills the log, or shows a reader other words than were written.
 */
export function safeLines(output: { write(text: string): unknown }): DestinationStream {
  return {
    write: (line: string): void => {
      const short = line.length > LINE ? shortened(line) : line;
      output.write(short.replace(UNESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`));
    },
  };
}

function shortened(line: string): string {
  try {
    const text = JSON.stringify(JSON.parse(line, (_key, value: unknown) => (typeof value === 'string' ? cut(value) : value)));
    return `${text.length > LINE ? JSON.stringify({ msg: 'a line was longer than is written', begins: cut(text) }) : text}\n`;
  } catch {
    return `${shown(line, LINE)}\n`;
  }
}

const cut = (text: string): string => (text.length > TEXT ? shown(text, TEXT) : text);
