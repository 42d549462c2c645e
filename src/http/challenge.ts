import type { IncomingMessage } from 'node:http';

/** Challenges for both ways to log in, each as a header of its own: many clients understand only the first of a joined list. */
const BASIC = 'Basic realm="cimi", charset="UTF-8"';
const BEARER = 'Bearer realm="cimi"';

/** Tells whether a page of the console asks: no page of another origin can send this header without leave. */
export function isConsole(request: IncomingMessage): boolean {
  return request.headers['x-cimi-console'] === '1';
}

/**
 * Chooses the challenges of a 401. A page of the console has its own form: no browser may open its box over it.
 * @param badToken words for what is wrong with the token that came (RFC 6750 3)
 */
export function challengesFor(request: IncomingMessage, badToken?: string): string[] {
  const bearer = badToken === undefined ? BEARER : `${BEARER}, error="invalid_token", error_description="${quotable(badToken)}"`;
  return isConsole(request) ? [bearer] : [BASIC, bearer];
}

/** Words as they may stand in `error_description`. */
function quotable(words: string): string {
  return words.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'");
}
