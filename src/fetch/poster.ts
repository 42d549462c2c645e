import { checkUri, type FetchRules } from './rules';
import { createSender } from './sender';
import type { ResolveHost } from './single-request';
import { isProblem } from './fetcher';

/** Longest time that the other side has, ms. */
const DEADLINE_MS = 15_000;

/**
 * The way to send something to a place that the configuration names, by the rules that hold for fetching: scheme, addresses, proxy.
 * Redirects are not followed. Errors are values.
 * @returns the HTTP status, or words for why there is none
 */
export function createPoster(rules: Pick<FetchRules, 'schemes' | 'addresses' | 'proxy'>, resolve?: ResolveHost) {
  const bounds = { redirects: 0, maxBytes: 0, deadlineMs: DEADLINE_MS, idleMs: DEADLINE_MS, concurrency: 1 };
  const send = createSender({ ...rules, ...bounds, named: () => true }, resolve);
  return async (
    uri: string,
    sending: { headers: Readonly<Record<string, string>>; body: string; signal: AbortSignal },
  ): Promise<{ status: number } | { message: string }> => {
    const url = checkUri(uri, { ...rules, ...bounds, hosts: [URL.canParse(uri) ? new URL(uri).host : '*'] });
    if (isProblem(url)) return { message: url.message };
    const answer = await send(url, { method: 'POST', ...sending });
    return isProblem(answer) ? { message: answer.message } : answer;
  };
}
