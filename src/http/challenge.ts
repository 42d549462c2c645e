import type { IncomingMessage } from 'node:http';

/** Challenges for both ways to log in, each as a header of its own: many clients understand only the first of a joined list. */
const CHALLENGE = ['Basic realm="cimi", charset="UTF-8"', 'Bearer realm="cimi"'];
const BAD_TOKEN = ['Basic realm="cimi", charset="UTF-8"', 'Bearer realm="cimi", error="invalid_token"'];

/** Tells whether a page of the console asks: no page of another origin can send this header without leave. */
export function isConsole(request: IncomingMessage): boolean {
  return request.headers['x-cimi-console'] === '1';
}

/** Chooses the challenges of a 401. A page of the console has its own form: no browser may open its box over it. */
export function challengesFor(request: IncomingMessage, badToken = false): string[] {
  const all = badToken ? BAD_TOKEN : CHALLENGE;
  return isConsole(request) ? all.slice(1) : all;
}
