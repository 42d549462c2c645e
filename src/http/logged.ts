import { shown } from '../model/shown';

/** A token of the gateway, wherever it stands in a text. */
const TOKEN = /cimi_[A-Za-z0-9_-]{43}/g;

/**
 * A text of a stranger as it may stand in the log: without tokens, cut, and without controls and what turns the direction
 * of text, so that it cannot pass for another line or another name.
 * @param most characters that are kept
 */
export function logged(text: string, most: number): string {
  return shown(text.replace(TOKEN, 'cimi_[removed]'), most);
}
