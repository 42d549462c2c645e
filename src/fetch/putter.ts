import { isProblem } from './fetcher';
import type { FetchProblem } from './problem';
import { checkUri, isNamed, type FetchRules } from './rules';
import { createSender, type Sending } from './sender';
import type { ResolveHost } from './single-request';

/**
 * Puts bytes at a place that a request names; what is there is replaced. A redirect is an answer as any other, for the bytes are gone
 * by then.
 * @returns the HTTP status, or why there is none
 * @throws whatever the bytes throw
 */
export type Put = (uri: string, sending: Omit<Sending, 'method'>) => Promise<{ status: number } | FetchProblem>;

/** The way to put something at a place that a request names, by the rules that hold for fetching from there. */
export function createPutter(rules: FetchRules, resolve?: ResolveHost): Put {
  const send = createSender({ ...rules, named: (url) => isNamed(url, rules) }, resolve);
  return async (uri, sending) => {
    const url = checkUri(uri, rules);
    return isProblem(url) ? url : send(url, { method: 'PUT', ...sending });
  };
}
