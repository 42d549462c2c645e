import { checkUri, type FetchRules } from './rules';
import { isProblem } from './fetcher';
import type { DocumentRules } from './document';
import { createSender, type Answered } from './sender';
import type { ResolveHost } from './single-request';

/** Bytes of the longest answer, and the time that one may take, in ms. */
const MAX_BYTES = 512 * 1024;
const DEADLINE_MS = 5_000;

/** Posts a form and reads what is answered, whatever its status. Errors are values, in words without any content. */
type PostForm = (
  uri: string,
  form: { headers: Readonly<Record<string, string>>; body: string },
  rules: DocumentRules,
) => Promise<Answered | { message: string }>;

/**
 * The way to ask a place that the configuration leads to by a form (a token endpoint), never one that a request names: one host, one
 * scheme, no redirects, and else by the rules that hold for fetching.
 */
export function createFormPoster(rules: Pick<FetchRules, 'proxy'>, signal: AbortSignal, resolve?: ResolveHost): PostForm {
  return async (uri, form, { addresses }) => {
    const at = new URL(uri);
    const bounds = { redirects: 0, maxBytes: MAX_BYTES, deadlineMs: DEADLINE_MS, idleMs: DEADLINE_MS, concurrency: 1 };
    const scheme = at.protocol === 'http:' ? ('http' as const) : ('https' as const);
    const own: FetchRules = { hosts: [at.host], schemes: [scheme], addresses, proxy: rules.proxy, ...bounds };
    const url = checkUri(uri, own);
    if (isProblem(url)) return { message: url.message };
    const send = createSender({ ...own, named: () => true, answerBytes: MAX_BYTES }, resolve);
    const answer = await send(url, { method: 'POST', ...form, signal });
    return isProblem(answer) ? { message: answer.message } : answer;
  };
}
