import { shown } from '../model/shown';

/** A token of the gateway, wherever it stands in a text. */
const TOKEN = /cimi_[A-Za-z0-9_-]{43,44}/g;
/** A signed or encrypted token of an issuer (JWS, JWE): its header is JSON, which begins so in base64url. It may be cut. */
const JWT = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9._-]*/g;

/**
 * A text of a stranger as it may stand in the log: without tokens, cut, and without controls and what turns the direction
 * of text, so that it cannot pass for another line or another name.
 * @param most characters that are kept
 */
export function logged(text: string, most: number): string {
  return shown(text.replace(TOKEN, 'cimi_[removed]').replace(JWT, 'eyJ[removed]'), most);
}
