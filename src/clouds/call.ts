import type { BulkheadPolicy, IBackoff, IBackoffFactory, IRetryBackoffContext } from 'cockatiel';
import { BulkheadRejectedError, ExponentialBackoff, TimeoutStrategy, bulkhead, handleWhen, retry, timeout } from 'cockatiel';
import type { CallContext, MethodKind } from './driver';
import { METHOD_KINDS } from './driver';
import type { Ledger } from '../model/ledger';
import { spanned, type SpanStart, type Tracer } from '../tracing/tracer';
import { HandleForgotten, ProviderError, UNREACHED } from './errors';
import { CHANGES, HealthWatch, type CloudHealth, type HealthState, type Refusal } from './health';
import { SilentCloud } from './silent-cloud';
import { Uses } from './uses';
import { steadyTime } from '../model/steady-time';

/** Limits of the calls to one cloud's account. */
export interface CallLimits {
  /** Deadline of one call, in ms; of a list, of the wait from one page to the next. */
  deadlineMs: number;
  /** Calls that run at the same time; others wait in line. */
  concurrency: number;
  /** Calls that may wait in line; one more is refused as unavailable. Default 10,000. */
  queue?: number;
  /** Attempts after the first. */
  retries: number;
  /** Time for which what is silent is asked before calls to it are refused at once, in ms; 0 (the default): for ever. */
  shutAfterMs?: number;
  /** First wait between attempts, before jitter. Default 200. */
  firstDelayMs?: number;
}

export interface GuardHooks {
  /** Structured log; details never hold secrets. */
  log: {
    info?(message: string, details: LogDetails): void;
    warn(message: string, details: LogDetails): void;
    error(message: string, details: LogDetails): void;
  };
  metrics?: {
    /** Called when a call of the driver (of a list: one page) has ended. `outcome`: ok or the kind of the error. */
    onCall(call: { cloud: string; group: string; method: string; outcome: string; ms: number }): void;
    /** A cloud is otherwise than before, as the calls to it show. */
    onHealth?(seen: { cloud: string; state: HealthState }): void;
    /** Calls to a cloud, or to a part of it, are refused until it answers again, or are not any more. */
    onRefusing?(seen: { cloud: string; refusing: boolean }): void;
    /** An item was seen in a provider state that the driver's table does not know. */
    onUnmappedState?(seen: { cloud: string; type: string; state: string }): void;
  };
  /** Makes spans of calls that requests and Jobs make; absent: tracing is off. */
  tracer?: Tracer | undefined;
  /** Told of what is read, and of what has changed; absent: nobody keeps what is made of it. */
  ledger?: Ledger | undefined;
}
export type LogDetails = { [key: string]: string | number | boolean | undefined };

/** Names one call for words, log and metrics. */
export interface CallName {
  group: string;
  method: string;
}

/** Time for which a read that is the probe waits for its own answer, in ms; what comes later is for the next. */
const PROBE_PATIENCE_MS = 1_000;
const MAX_DELAY_MS = 10_000;
/** A provider that asks for more is not waited for here: the caller (a Job, a person) comes back. */
const LONGEST_WAIT_MS = 30_000;

/** Ends the attempts of a call whose time is over; never told. */
class GivenUp extends Error {}

/** Exponential backoff with jitter, but never sooner than the provider asked for. */
class PoliteBackoff implements IBackoffFactory<IRetryBackoffContext<unknown>> {
  constructor(private readonly inner: IBackoffFactory<unknown>) {}

  next(context: IRetryBackoffContext<unknown>): IBackoff<IRetryBackoffContext<unknown>> {
    const inner = this.inner.next(context);
    const error = 'error' in context.result ? context.result.error : undefined;
    const wait = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
    // Somewhat later than asked, so that those who were refused together don't return together.
    const asked = wait * (1 + Math.random() / 10);
    const next = new PoliteBackoff(inner);
    return { duration: Math.max(inner.duration, asked), next: (later) => next.next(later) };
  }
}

/** Deadline, budget and retries around the calls of one driver. Holds no answers; see reads.ts. */
export class CallRunner {
  /** State of the cloud, as the ends of these calls show it. */
  readonly watch: HealthWatch;
  /** Calls that are under way, from the first attempt of each to its end. */
  readonly uses = new Uses();
  private readonly budget: BulkheadPolicy;
  private readonly retries;
  private refusing = false;
  private isRetired = false;

  constructor(
    private readonly cloud: string,
    private readonly driver: string,
    private readonly limits: CallLimits,
    private readonly hooks: GuardHooks,
  ) {
    const told = ({ state, reason }: CloudHealth, before: HealthState): void => {
      if (this.isRetired) return;
      const { log, metrics } = this.hooks;
      metrics?.onHealth?.({ cloud, state });
      const details = { cloud, state, before, ...(reason !== undefined && { reason }) };
      if (reason !== undefined) log.warn('a cloud does not answer as it should', details);
      else if (before !== 'UNKNOWN') log.info?.('a cloud answers again', details);
    };
    this.watch = new HealthWatch(told, () => Date.now(), {
      shutAfterMs: limits.shutAfterMs ?? 0,
      changed: (...change) => this.tellRefusing(...change),
    });
    this.budget = bulkhead(limits.concurrency, limits.queue ?? 10_000);
    this.retries = retry(
      handleWhen(
        (error) =>
          error instanceof ProviderError &&
          !(error instanceof SilentCloud) &&
          error.passing &&
          (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS,
      ),
      {
        maxAttempts: limits.retries,
        backoff: new PoliteBackoff(new ExponentialBackoff({ initialDelay: limits.firstDelayMs ?? 200, maxDelay: MAX_DELAY_MS })),
      },
    );
  }

  /** Tells nothing more of the cloud: it was connected anew, and refuses no calls. */
  retire(): void {
    if (this.refusing) this.tellRefusing(false);
    this.isRetired = true;
  }

  /**
   * Runs one call, again after passing failures where its kind allows that.
   * @param more `ms`: what the call may take beyond the deadline, because it passes on what comes from elsewhere; `since`:
   *   when an earlier attempt was sent whose end is unknown. Attempts after one that may have taken effect are told so.
   * @throws ProviderError and nothing else
   */
  async call<T>(name: CallName, run: (context: CallContext) => Promise<T>, more: { ms?: number; since?: number } = {}): Promise<T> {
    const began = Date.now();
    let { since } = more;
    return this.repeat(name, async (probing, attempt) => {
      try {
        const told = (context: CallContext) => run(since === undefined ? context : { ...context, repeated: { since } });
        return await this.once(name, told, { probing, attempt, ms: more.ms });
      } catch (error) {
        if (error instanceof ProviderError && error.maybeDone) since ??= began;
        throw error;
      }
    });
  }

  /** Reads a listing to its end; after a passing failure it begins again. `begun` is told when the first page is asked for. */
  async pages<T>(name: CallName, list: (context: CallContext) => AsyncIterable<readonly T[]>, begun: () => void): Promise<T[]> {
    return this.repeat(name, async (probing, attempt) => {
      const whole = new AbortController();
      const iterator = list({ signal: whole.signal })[Symbol.asyncIterator]();
      const items: T[] = [];
      try {
        for (let first = true; ; first = false) {
          const page = await this.once(
            name,
            () => {
              if (first) begun();
              return iterator.next();
            },
            { probing, attempt },
          );
          if (page.done === true) return items;
          for (const item of page.value) items.push(item);
        }
      } finally {
        whole.abort();
      }
    });
  }

  private repeat<T>(name: CallName, counted: (probing: boolean, attempt: number) => Promise<T>): Promise<T> {
    this.hooks.ledger?.readUntold();
    let attempts = 0;
    const attempt = (probing: boolean): Promise<T> => counted(probing, (attempts += 1));
    const kind: MethodKind = METHOD_KINDS[name.method] ?? 'once';
    const leave = this.uses.enter();
    return (kind === 'once' ? this.admitted(name, kind, attempt) : this.again(name, kind, attempt)).finally(leave);
  }

  /** Repeats an attempt as its kind allows. Where the cloud is given up meanwhile, what it said last counts. */
  private async again<T>(name: CallName, kind: MethodKind, attempt: (probing: boolean) => Promise<T>): Promise<T> {
    let last: unknown;
    const began = steadyTime();
    // An answer (a refusal to serve, a page before) is no silence: what took long by that is tried again all the same.
    const silent = (): boolean => last instanceof ProviderError && (last.kind === 'timeout' || last.kind === 'unavailable');
    const tooLate = (): boolean => kind === 'read' && silent() && steadyTime() - began >= this.limits.deadlineMs;
    try {
      return await this.retries.execute(async () => {
        // Who reads has waited for one whole deadline: that is what a silent cloud may cost.
        if (tooLate()) throw new GivenUp();
        try {
          return await this.admitted(name, kind, attempt);
        } catch (error) {
          if (!(error instanceof SilentCloud)) last = error;
          throw error;
        }
      });
    } catch (error) {
      throw (error instanceof SilentCloud || error instanceof GivenUp) && last !== undefined ? last : error;
    }
  }

  /** Lets an attempt through, or refuses it where the cloud is silent. A probe that only reads keeps nobody waiting for long. */
  private async admitted<T>(name: CallName, kind: MethodKind, attempt: (probing: boolean) => Promise<T>): Promise<T> {
    const admission = this.watch.admit(lineOf(name));
    if (admission.way === 'open') return attempt(false);
    if (admission.way === 'shut') throw this.silent(admission.again);
    const probe = attempt(true);
    if (kind !== 'read') return probe;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.silent({ ...admission.again, inMs: PROBE_PATIENCE_MS })), PROBE_PATIENCE_MS);
    });
    // Whichever comes second is heard by nobody.
    for (const either of [probe, late]) either.catch(() => undefined);
    try {
      return await Promise.race([probe, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private silent({ reason, inMs }: Refusal): SilentCloud {
    return new SilentCloud(this.cloud, reason, inMs);
  }

  private tellRefusing(refusing: boolean, reason?: string): void {
    if (this.isRetired) return;
    this.refusing = refusing;
    const { log, metrics } = this.hooks;
    const { cloud } = this;
    metrics?.onRefusing?.({ cloud, refusing });
    if (refusing) log.warn('calls to a cloud are refused until it answers again', { cloud, reason });
    else log.info?.('calls go to the cloud again', { cloud });
  }

  /** Makes one attempt: waits in line, then has `deadlineMs` (and `moreMs`). */
  private async once<T>(
    name: CallName,
    run: (context: CallContext) => Promise<T>,
    { probing, attempt, ms = 0 }: { probing: boolean; attempt: number; ms?: number | undefined },
  ): Promise<T> {
    try {
      return await this.budget.execute(() => {
        // Those who stood in line while the cloud fell silent need not find out one by one.
        const refusal = probing ? undefined : this.watch.refuses(lineOf(name));
        if (refusal) throw this.silent(refusal);
        return this.traced(name, attempt, () => this.timed(name, run, ms));
      });
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      throw new ProviderError('unavailable', `Too many calls wait for the cloud ${this.cloud}`, { cause: error });
    }
  }

  /** Makes a span of an attempt that somebody waits for who is in a trace. What goes on by itself is in none. */
  private traced<T>(name: CallName, attempt: number, call: () => Promise<T>): Promise<T> {
    const tracer = this.hooks.tracer?.current() && this.hooks.tracer;
    const span = (): SpanStart => {
      const said = { 'cimi.cloud': this.cloud, 'cimi.driver': this.driver, 'cimi.operation': `${name.group}.${name.method}` };
      return { name: `${this.cloud} ${name.group}.${name.method}`, kind: 'client', attributes: { ...said, 'cimi.attempt': attempt } };
    };
    return spanned(tracer, span, async (made) => {
      try {
        return await call();
      } catch (error) {
        if (made && error instanceof ProviderError)
          made.tell({ 'cimi.provider.code': error.code?.slice(0, 100), 'cimi.provider.request_id': error.requestId?.slice(0, 100) });
        throw error;
      }
    });
  }

  private async timed<T>(name: CallName, run: (context: CallContext) => Promise<T>, moreMs: number): Promise<T> {
    const deadlineMs = this.limits.deadlineMs + moreMs;
    const started = performance.now();
    const deadline = timeout(deadlineMs, TimeoutStrategy.Aggressive);
    let expired = false;
    let failed: ProviderError | undefined;
    // A driver may notice its aborted signal first and throw something of its own; it is a timeout all the same.
    deadline.onTimeout(() => (expired = true));
    try {
      return await deadline.execute(({ signal }) => run({ signal }));
    } catch (thrown) {
      const error = expired ? this.expired(name, thrown, deadlineMs) : this.translate(name, thrown);
      failed = error;
      throw error;
    } finally {
      const ms = performance.now() - started;
      this.hooks.metrics?.onCall({ cloud: this.cloud, ...name, outcome: failed?.kind ?? 'ok', ms });
      if (failed && isAnswer(failed, name)) this.watch.answeredOfOne(lineOf(name));
      else this.watch.ended(lineOf(name), failed, ms, moreMs > 0);
    }
  }

  private expired(name: CallName, cause: unknown, deadlineMs: number): ProviderError {
    const message = `The cloud ${this.cloud} did not answer ${name.group}.${name.method} within ${deadlineMs} ms`;
    return new ProviderError('timeout', message, { maybeDone: METHOD_KINDS[name.method] !== 'read', cause });
  }

  private translate(name: CallName, thrown: unknown): ProviderError {
    if (thrown instanceof ProviderError) return thrown;
    const write = METHOD_KINDS[name.method] !== 'read';
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.hooks.log.error('a driver threw an error other than ProviderError', {
      cloud: this.cloud,
      ...name,
      error: cause.message,
      stack: cause.stack,
    });
    return new ProviderError('unavailable', `The driver of ${this.cloud} failed in ${name.group}.${name.method}: ${cause.message}`, {
      maybeDone: write,
      cause,
    });
  }
}

/** Name of what is probed by itself: reads of a group may be answered while its changes are not. */
function lineOf({ group, method }: CallName): string {
  return METHOD_KINDS[method] === 'read' ? group : `${group}${CHANGES}`;
}

/**
 * Tells whether a failure that may pass is a word of the provider about one thing (busy with it, no room, work forgotten): the cloud is
 * there. Codes of three digits alone are of something in front of it.
 */
function isAnswer(error: ProviderError, { method }: CallName): boolean {
  const { code, kind } = error;
  if (error.lasting || error instanceof HandleForgotten) return true;
  if (kind !== 'unavailable' || code === undefined || UNREACHED.includes(code)) return false;
  return /^4\d\d /.test(code) || (METHOD_KINDS[method] !== 'read' && !/^\d{3}$/.test(code));
}
