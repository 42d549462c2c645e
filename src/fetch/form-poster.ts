import { checkUri, type FetchRules } from './rules';
import { isProblem } from './fetcher';
import { rulesFor, type DocumentRules } from './document';
import { createSender, type Answered } from './sender';
import type { ResolveHost } from './single-request';

/** Posts a form and reads what is answered, whatever its status. Errors are values, in words without any content. */
type PostForm = (
  uri: string,
  form: { headers: Readonly<Record<string, string>>; body: string },
  rules: DocumentRules,
) => Promise<Answered | { message: string }>;

/**
 * The way to ask a place that the configuration leads to by a form (a token endpoint), never one that a request names, by the rules and
 * bounds of documents.
 */
export function createFormPoster(rules: Pick<FetchRules, 'proxy'>, signal: AbortSignal, resolve?: ResolveHost): PostForm {
  return async (uri, form, { addresses }) => {
    const own = rulesFor(new URL(uri), addresses, rules);
    const url = checkUri(uri, own);
    if (isProblem(url)) return { message: url.message };
    const send = createSender({ ...own, named: () => true, answerBytes: own.maxBytes }, resolve);
    const answer = await send(url, { method: 'POST', ...form, signal });
    return isProblem(answer) ? { message: answer.message } : answer;
  };
}
