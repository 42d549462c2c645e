import { ProviderError } from './errors';
import { unlessAborted } from './unless-aborted';
import { steadyTime } from '../model/steady-time';

/**
 * Logins that a provider refuses must not be sent again and again: accounts get locked by it (vCenter's by five wrong
 * passwords within three minutes). The pauses keep it to three in any three minutes.
 */
const FIRST_PAUSE_MS = 10_000;
/** First pause where the login travels with each request: nobody is locked out then, the pauses only keep the requests few. */
const FIRST_PAUSE_CARRIED_MS = 1000;
const GROWTH = 4;
const LONGEST_PAUSE_MS = 900_000;

/** The provider's own refusal: a document of its own has a code of its own; a gateway's page in front of it has none. */
const isRefusal = (error: unknown): error is ProviderError =>
  error instanceof ProviderError && error.kind === 'auth' && error.code !== undefined;

interface Refusal {
  error: ProviderError;
  pauseMs: number;
  /** Time from which the login may be tried again, in ms since the epoch. */
  until: number;
}

export interface LoginOptions {
  /** Clock in ms since the epoch; a test's own. */
  now?: () => number;
  /** Tells which errors are the provider's own refusal of the login; absent: those of kind auth with a code. */
  refuses?: (error: ProviderError) => boolean;
  /** The login travels with each request: the pauses begin shorter, and after a success only the second refusal counts. */
  carried?: boolean;
}

/** Memory of a login's refusals, for one set of credentials: other credentials are another instance, and tried at once. */
export class LoginRefusals {
  private last: Refusal | undefined;
  private trying = false;
  /** The last answer was a success of a login that is carried: one refusal may be the provider's own passing mistake. */
  private trusted = false;
  private readonly now: () => number;

  constructor(private readonly options: LoginOptions = {}) {
    this.now = options.now ?? steadyTime;
  }

  /** Tells whether the last login was refused, and none succeeded since. */
  get refused(): boolean {
    return this.last !== undefined;
  }

  /**
   * Runs what logs in, or what carries the login itself. After a refusal nothing is run for a while, which grows with each
   * further one; then one caller tries, while the others still hear the refusal. A success forgets it.
   * @throws ProviderError the refusal that is remembered, or whatever `run` throws
   */
  async pass<T>(run: () => Promise<T>): Promise<T> {
    const before = this.last;
    if (before && (this.trying || this.now() < before.until)) throw this.remembered(before);
    if (before) this.trying = true;
    try {
      const answer = await run();
      if (this.last === before) this.accept();
      return answer;
    } catch (error) {
      // Of many that were refused together, one counts.
      if (isRefusal(error) && (this.options.refuses?.(error) ?? true) && this.last === before) this.refuse(error, before);
      throw error;
    } finally {
      if (before) this.trying = false;
    }
  }

  private accept(): void {
    this.last = undefined;
    this.trusted = this.options.carried ?? false;
  }

  private refuse(error: ProviderError, before: Refusal | undefined): void {
    if (this.trusted) {
      this.trusted = false;
      return;
    }
    const first = this.options.carried === true ? FIRST_PAUSE_CARRIED_MS : FIRST_PAUSE_MS;
    const pauseMs = before ? Math.min(before.pauseMs * GROWTH, LONGEST_PAUSE_MS) : first;
    this.last = { error, pauseMs, until: this.now() + pauseMs };
  }

  private remembered({ error, until }: Refusal): ProviderError {
    const seconds = Math.max(1, Math.ceil((until - this.now()) / 1000));
    const message = `${error.message} (the login was refused and is not sent again for ${seconds} s; other credentials need a restart)`;
    return new ProviderError('auth', message, { code: error.code, requestId: error.requestId, maybeDone: false, cause: error });
  }
}

/** A login that many calls need: one is sent for all that wait, and refusals are remembered. */
export class LoginGate<S> {
  private readonly refusals: LoginRefusals;
  private underWay: Promise<S> | undefined;

  /**
   * @param service who is logged in to, for words
   * @param login sends the login; it has a deadline of its own, because it serves many callers
   */
  constructor(
    private readonly service: string,
    private readonly login: () => Promise<S>,
    options: LoginOptions = {},
  ) {
    this.refusals = new LoginRefusals(options);
  }

  /**
   * A new login, or the one under way. The signal ends only this caller's waiting.
   * @throws ProviderError what the login throws, or its refusal as remembered
   */
  enter(signal: AbortSignal): Promise<S> {
    this.underWay ??= this.refusals.pass(this.login).finally(() => (this.underWay = undefined));
    return unlessAborted(this.underWay, signal, this.service);
  }
}
