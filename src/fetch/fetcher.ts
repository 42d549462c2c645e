import { setTimeout as sleep } from 'node:timers/promises';
import { proxiesOf } from '../net/proxies';
import { createAddressCheck } from './addresses';
import { singleRequest, systemResolve, type PendingAnswer, type ResolveHost } from './single-request';
import { FetchBroken, problemOf, type FetchProblem } from './problem';
import { checkUri, hostOf, isNamed, type FetchRules } from './rules';
import { cutOut, headersFor, isOther, isVerifiable, SECTION_STATUSES, versionOf, wholeOf, type Section, type Version } from './section';
import { shown } from '../model/shown';
import { anySignal } from '../model/any-signal';

/**
 * The one way to fetch what a URI of a request names. Nothing else in the gateway connects to where a consumer says.
 */
export interface Fetcher {
  /** Checks what can be checked without the network: undefined where the URI may be tried. */
  check(uri: string): FetchProblem | undefined;
  /** Tells whether as many things are being fetched as this process may fetch at once. */
  busy(): boolean;
  /**
   * Asks for it, following redirects by the same rules. Errors are values; nothing is thrown.
   * @param options.signal ends it, also later, with a problem of kind `stopped`.
   * @param options.section part that is wanted; where the other side has only the whole, what is before the section is passed over.
   */
  open(uri: string, options: { signal: AbortSignal; section?: Section }): Promise<Opened | FetchProblem>;
}

/** Content whose bytes are to come; `close` must be called in every case. */
export interface Opened {
  /** Bytes that are to come, where the other side says so. */
  size?: number;
  /** Version that they are of. */
  version: Version;
  /** True where the other side sends sections by themselves. */
  sections: boolean;
  /** The longest it may take from here, ms. */
  withinMs: number;
  /**
   * Exactly the bytes as they are sent, once; where they break off and the rest can be had of the same version, with that.
   * Throws FetchBroken where they end so for good, are too many or another number.
   */
  bytes(): AsyncIterable<Uint8Array>;
  close(): void;
}

/** Content of no bytes, for which nobody is asked. */
export const NO_BYTES: Opened = {
  ...{ size: 0, withinMs: 60_000, version: {}, sections: true },
  bytes: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }) }),
  close: () => undefined,
};

/** Tells whether an answer of the fetcher is a problem. */
export const isProblem = (answer: object | undefined): answer is FetchProblem =>
  answer !== undefined && 'kind' in answer && 'message' in answer;

/** @throws Error where an allowed address is no subnet, or the environment names a proxy that is none. */
export function createFetcher(rules: FetchRules, resolve: ResolveHost = systemResolve): Fetcher {
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
    async open(uri, { signal, section }) {
      const started = performance.now();
      const deadline = AbortSignal.timeout(rules.deadlineMs);
      const watched = new Watched(rules, anySignal(signal, deadline), deadline);
      open += 1;
      let closed = false;
      const close = () => {
        if (!closed) open -= 1;
        closed = true;
      };
      try {
        const ask = (wanted: Section | undefined) =>
          follow(uri, watched, wanted, (url, headers) =>
            singleRequest(url, { allows, resolve, proxyFor, named, idleMs: rules.idleMs, signal: watched.signal, ask: headers }),
          );
        const found = await ask(section);
        const withinMs = Math.max(1, Math.ceil(rules.deadlineMs - (performance.now() - started)));
        return new Transfer(found, section ?? { from: 0 }, { ask, watched, withinMs, release: close });
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
    if (this.deadline.aborted) return { kind: 'timeout', message: `fetching took longer than ${this.rules.deadlineMs} ms` };
    if (this.signal.aborted) return { kind: 'stopped', message: 'fetching was stopped' };
    return problemOf(error, host, this.rules.idleMs);
  }
}

interface OpenedAnswer {
  url: URL;
  answer: PendingAnswer;
  version: Version;
  /** True where it is the section by itself. */
  sections: boolean;
  /** Bytes before the section. */
  skip: number;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** @throws FetchBroken */
async function follow(
  uri: string,
  { rules }: Watched,
  section: Section | undefined,
  ask: (url: URL, headers: Readonly<Record<string, string>>) => Promise<PendingAnswer>,
): Promise<OpenedAnswer> {
  let from: URL | undefined;
  let target = uri;
  for (let left = rules.redirects; ; left -= 1) {
    const url = checkUri(target, rules, from);
    if (isProblem(url)) throw new FetchBroken(from ? { ...url, message: `${hostOf(from)} redirects: ${url.message}` } : url);
    const answer = await ask(url, section ? headersFor(section) : {});
    try {
      if (!REDIRECTS.includes(answer.status)) return judged(answer, url, rules, section);
    } catch (error) {
      answer.end();
      throw error;
    }
    answer.end();
    const { location } = answer.headers;
    if (typeof location !== 'string') throw new FetchBroken({ kind: 'answer', message: `${hostOf(url)} redirects without a Location` });
    if (left <= 0) throw new FetchBroken({ kind: 'redirects', message: `more than ${rules.redirects} redirects` });
    [from, target] = [url, location];
  }
}

/** @throws FetchBroken for an answer that is not what was asked for */
function judged(answer: PendingAnswer, url: URL, rules: FetchRules, section: Section | undefined): OpenedAnswer {
  const { status, headers } = answer;
  const sections = section !== undefined && status === SECTION_STATUSES.part;
  if (section?.of && status === SECTION_STATUSES.changed) throw changed(url);
  if (!sections && status !== SECTION_STATUSES.whole)
    throw new FetchBroken({ kind: 'answer', message: `${hostOf(url)} answers with status ${status}`, status });
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity')
    throw new FetchBroken({
      kind: 'answer',
      message: `${hostOf(url)} answers in a coding (${shown(String(coding), 40)}) that was not asked for`,
    });
  const length = lengthOf(headers, url, rules);
  const version = versionOf(headers, sections ? wholeOf(headers, section, hostOf(url)) : length);
  if (section?.of && isOther(section.of, version)) throw changed(url);
  const accepts = String(headers['accept-ranges'] ?? '').toLowerCase() === 'bytes';
  return { url, answer, version, sections: sections || (!section && accepts), skip: sections ? 0 : (section?.from ?? 0) };
}

const changed = (url: URL): FetchBroken =>
  new FetchBroken({ kind: 'answer', message: `what ${hostOf(url)} sends has changed since it was first read` });

/** Bytes that an answer promises. @throws FetchBroken for too many, and for no number */
function lengthOf(headers: PendingAnswer['headers'], url: URL, { maxBytes }: FetchRules): number | undefined {
  const length = headers['content-length'];
  if (length === undefined) return undefined;
  const size = Number(length);
  if (!Number.isSafeInteger(size) || size < 0)
    throw new FetchBroken({ kind: 'answer', message: `${hostOf(url)} does not answer in valid HTTP` });
  if (size > maxBytes) throw tooBig(url, maxBytes);
  return size;
}

function tooBig(url: URL, maxBytes: number): FetchBroken {
  return new FetchBroken({
    kind: 'size',
    message: `what ${hostOf(url)} sends is larger than the ${maxBytes} bytes allowed by fetch.maxBytes`,
  });
}

/** Attempts at the rest of what broke off, and the time before each but the first of them, ms. */
const RESUMES = 3;
const RESUME_AFTER_MS = 1_000;
const RESUMED: readonly FetchProblem['kind'][] = ['unreachable', 'timeout'];

interface Under {
  ask(section: Section): Promise<OpenedAnswer>;
  watched: Watched;
  withinMs: number;
  release(): void;
}

/** Bytes that one URI brings, over as many connections as it takes. */
class Transfer implements Opened {
  readonly size?: number;
  readonly version: Version;
  readonly sections: boolean;
  readonly withinMs: number;
  private resumes = 0;

  constructor(
    private found: OpenedAnswer,
    private readonly section: Section,
    private readonly under: Under,
  ) {
    this.version = found.version;
    this.sections = found.sections;
    this.withinMs = under.withinMs;
    const size = section.size ?? (found.version.size === undefined ? undefined : found.version.size - section.from);
    if (size !== undefined) this.size = size;
  }

  close(): void {
    this.under.release();
    this.found.answer.end();
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    let seen = 0;
    try {
      for (;;) {
        try {
          for await (const chunk of cutOut(this.received(), this.found.skip, this.left(seen))) {
            seen += chunk.byteLength;
            yield chunk;
          }
          break;
        } catch (error) {
          await this.resume(error, seen);
        }
      }
      if (this.size !== undefined && seen !== this.size)
        throw new FetchBroken({ kind: 'answer', message: `${hostOf(this.found.url)} sent ${seen} bytes of ${this.size}` });
    } finally {
      this.close();
    }
  }

  private left(seen: number): number | undefined {
    return this.section.size === undefined ? undefined : this.section.size - seen;
  }

  private async *received(): AsyncGenerator<Uint8Array> {
    const { url, answer } = this.found;
    const { maxBytes } = this.under.watched.rules;
    let seen = 0;
    for await (const chunk of answer.body) {
      seen += chunk.byteLength;
      if (seen > maxBytes) throw tooBig(url, maxBytes);
      yield chunk;
    }
  }

  /** Asks for what is left. @throws FetchBroken where it broke off for good */
  private async resume(error: unknown, seen: number): Promise<void> {
    const { ask, watched } = this.under;
    const from = this.section.from + seen;
    for (let cause = error; ; this.resumes += 1) {
      const problem = watched.problem(cause, hostOf(this.found.url));
      const again = RESUMED.includes(problem.kind) && !watched.signal.aborted && isVerifiable(this.version);
      if (!again || this.resumes >= RESUMES) throw new FetchBroken(problem);
      this.found.answer.end();
      const size = this.left(seen);
      try {
        if (this.resumes > 0) await sleep(RESUME_AFTER_MS, undefined, { signal: watched.signal });
        this.found = await ask({ from, ...(size === undefined ? {} : { size }), of: this.version });
        this.resumes += 1;
        return;
      } catch (next) {
        cause = next;
      }
    }
  }
}
