import { proxiesOf } from '../net/proxies';
import { createAddressCheck } from './addresses';
import { hop, systemResolve, type Hop, type Resolve } from './hop';
import { FetchBroken, problemOf, type FetchProblem } from './problem';
import { checkUri, hostOf, isNamed, type FetchRules } from './rules';

/**
 * The one way to fetch what a URI of a request names. Nothing else in the gateway connects to where a consumer says.
 */
export interface Fetcher {
  /** What can be said without the network: undefined where it may be tried. */
  check(uri: string): FetchProblem | undefined;
  /** Whether as many things are being fetched as this process may at once. */
  busy(): boolean;
  /**
   * Asks for it, following redirects by the same rules. Errors are values; nothing is thrown.
   * @param options.signal ends it, also later, with a problem of kind `stopped`.
   */
  open(uri: string, options: { signal: AbortSignal }): Promise<Opened | FetchProblem>;
}

/** Something whose bytes are to come; `close` must be called, whatever happens. */
export interface Opened {
  /** Bytes in all, where the other side says so. */
  size?: number;
  /** The longest it may take from here, ms. */
  withinMs: number;
  /** Exactly the bytes as they are sent, once. Throws FetchBroken where they break off, are too many or another number. */
  bytes(): AsyncIterable<Uint8Array>;
  close(): void;
}

/** Whether an answer of the fetcher is a problem. */
export const isProblem = (answer: object | undefined): answer is FetchProblem =>
  answer !== undefined && 'kind' in answer && 'words' in answer;

/** @throws Error where an allowed address is no subnet, or the environment names a proxy that is none. */
export function createFetcher(rules: FetchRules, resolve: Resolve = systemResolve): Fetcher {
  const allows = createAddressCheck(rules.addresses);
  const proxyFor = proxiesOf(rules.proxy);
  const named = (url: URL): boolean => isNamed(url, rules);
  let open = 0;
  return {
    check(uri) {
      const checked = checkUri(uri, rules);
      return isProblem(checked) ? checked : undefined;
    },
    busy: () => open >= rules.concurrency,
    async open(uri, { signal }) {
      const started = performance.now();
      const deadline = AbortSignal.timeout(rules.deadlineMs);
      const watched = new Watched(rules, AbortSignal.any([signal, deadline]), deadline);
      open += 1;
      let closed = false;
      const close = () => {
        if (!closed) open -= 1;
        closed = true;
      };
      try {
        const found = await follow(uri, watched, (url) =>
          hop(url, { allows, resolve, proxyFor, named, idleMs: rules.idleMs, signal: watched.signal }),
        );
        return opened(found, watched, Math.max(1, Math.ceil(rules.deadlineMs - (performance.now() - started))), close);
      } catch (error) {
        close();
        return watched.problem(error, 'the other side');
      }
    },
  };
}

/** The rules as they run for one thing: a break-off by us is told as what it is. */
class Watched {
  constructor(
    readonly rules: FetchRules,
    readonly signal: AbortSignal,
    private readonly deadline: AbortSignal,
  ) {}

  problem(error: unknown, host: string): FetchProblem {
    if (error instanceof FetchBroken && error.problem.kind === 'size') return error.problem;
    if (this.deadline.aborted) return { kind: 'timeout', words: `fetching took longer than ${this.rules.deadlineMs} ms` };
    if (this.signal.aborted) return { kind: 'stopped', words: 'fetching was stopped' };
    return problemOf(error, host, this.rules.idleMs);
  }
}

interface Found {
  url: URL;
  answer: Hop;
  size: number | undefined;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** @throws FetchBroken */
async function follow(uri: string, { rules }: Watched, ask: (url: URL) => Promise<Hop>): Promise<Found> {
  let from: URL | undefined;
  let target = uri;
  for (let left = rules.redirects; ; left -= 1) {
    const url = checkUri(target, rules, from);
    if (isProblem(url)) throw new FetchBroken(from ? { ...url, words: `${hostOf(from)} redirects: ${url.words}` } : url);
    const answer = await ask(url);
    try {
      if (!REDIRECTS.includes(answer.status)) return { url, answer, size: sizeOf(answer, url, rules) };
    } catch (error) {
      answer.end();
      throw error;
    }
    answer.end();
    const { location } = answer.headers;
    if (typeof location !== 'string') throw new FetchBroken({ kind: 'answer', words: `${hostOf(url)} redirects to nowhere` });
    if (left <= 0) throw new FetchBroken({ kind: 'redirects', words: `more than ${rules.redirects} redirects` });
    [from, target] = [url, location];
  }
}

/** Bytes that an answer promises. @throws FetchBroken for one that is not what was asked for */
function sizeOf({ status, headers }: Hop, url: URL, { maxBytes }: FetchRules): number | undefined {
  if (status !== 200) throw new FetchBroken({ kind: 'answer', words: `${hostOf(url)} answers with status ${status}` });
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity')
    throw new FetchBroken({
      kind: 'answer',
      words: `${hostOf(url)} answers in a coding (${String(coding).slice(0, 40)}) that was not asked for`,
    });
  const length = headers['content-length'];
  if (length === undefined) return undefined;
  const size = Number(length);
  if (!Number.isSafeInteger(size) || size < 0)
    throw new FetchBroken({ kind: 'answer', words: `${hostOf(url)} does not answer as HTTP has it` });
  if (size > maxBytes) throw tooBig(url, maxBytes);
  return size;
}

function tooBig(url: URL, maxBytes: number): FetchBroken {
  return new FetchBroken({
    kind: 'size',
    words: `what ${hostOf(url)} sends is larger than the ${maxBytes} bytes allowed by fetch.maxBytes`,
  });
}

function opened({ url, answer, size }: Found, watched: Watched, withinMs: number, release: () => void): Opened {
  const close = () => {
    release();
    answer.end();
  };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    let seen = 0;
    try {
      for await (const chunk of answer.body) {
        seen += chunk.byteLength;
        if (seen > watched.rules.maxBytes) throw tooBig(url, watched.rules.maxBytes);
        yield chunk;
      }
      if (size !== undefined && seen !== size)
        throw new FetchBroken({ kind: 'answer', words: `${hostOf(url)} sent ${seen} bytes of ${size}` });
    } catch (error) {
      throw new FetchBroken(watched.problem(error, hostOf(url)));
    } finally {
      close();
    }
  }
  return { ...(size === undefined ? {} : { size }), withinMs, bytes, close };
}
