import type { CLOUD_STATES } from '../model/cloud';
import type { ErrorKind, ProviderError } from './errors';

/** State of a cloud, as the calls to it show it: nothing is asked for it. */
export type HealthState = (typeof CLOUD_STATES)[number];

export interface CloudHealth {
  state: HealthState;
  /** Time since which it is so, in ms since the epoch; absent while nothing is known. */
  since?: number;
  /** Last reason why a service does not answer, in the provider's words; while it is not UP. */
  reason?: string;
}

/** Answer to a call that wants to go to the cloud. */
export type Admission =
  | { way: 'open' }
  /** The first call after a pause: its end shows whether the cloud answers again. */
  | { way: 'probe'; again: Refusal }
  | { way: 'shut'; again: Refusal };

/** Reason why calls are refused, and the time until one is let through, in ms. */
export interface Refusal {
  reason: string;
  inMs: number;
}

/** Calls of a group in a row that failed. */
interface Silence {
  failures: number;
  /** Ends of the first and the last of them, ms since the epoch. */
  first: number;
  last: number;
  reason: string;
  /** Those at its end that came to nothing: refusals to serve (auth, throttled) are words of a cloud that is there. */
  lost: number;
  /** Time at which the first of these began, ms since the epoch. */
  lostSince: number;
  /** Absent: none is refused. */
  shut?: Shut;
}

/** Time before which calls are refused, ms since the epoch, and the pause after the next probe, ms. */
interface Shut {
  until: number;
  pauseMs: number;
}

/** Ending of the name of a group's changes, which are counted beside its reads: an answer to either is one of the group. */
export const CHANGES = ', changes';

/** Calls in a row without an answer after which a group is silent: one that succeeds in between proves a hiccup. */
const SILENT_AFTER = 3;
/** Time after which the silence of a group that nobody asks any more says nothing of now, while others answer, in ms. */
const FORGOTTEN_MS = 600_000;

/** First pause in which calls to what is silent are refused, and the longest, in ms: it doubles with each probe. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;
/** Kinds of errors behind which nobody may be. */
const LOST: readonly ErrorKind[] = ['unavailable', 'timeout'];

/** Kinds of errors that are no answer to what was asked: all others show that the cloud is there and thinks. */
const NO_ANSWER: readonly ErrorKind[] = ['unavailable', 'timeout', 'auth', 'throttled'];

/**
 * Keeps how one cloud is, by the ends of the calls to it, and refuses calls to what has been silent for a while, but for one
 * after each pause (a circuit breaker, by the same counting as the state that is told).
 */
export class HealthWatch {
  private readonly silences = new Map<string, Silence>();
  /** Pauses of groups that are refused by the silence of others: each is probed by itself. */
  private readonly shared = new Map<string, Shut>();
  private answered: number | undefined;
  private current: CloudHealth = { state: 'UNKNOWN' };
  private refusing = false;

  /**
   * @param changed told of every change of the state, after it
   * @param now ms since the epoch
   */
  constructor(
    private readonly changed: (after: CloudHealth, before: HealthState) => void,
    private readonly now: () => number = Date.now,
    private readonly circuit: { shutAfterMs: number; changed?: (refusing: boolean, reason?: string) => void } = { shutAfterMs: 0 },
  ) {}

  /** Decides whether a call of a group may go to the cloud now. A group without a silence of its own shares the lot of a cloud that is DOWN. */
  admit(group: string): Admission {
    const refused = this.shutFor(group);
    if (!refused) return { way: 'open' };
    const { shut, reason } = refused;
    const inMs = this.leftOf(shut);
    if (inMs > 0) return { way: 'shut', again: { reason, inMs } };
    const { pauseMs } = shut;
    Object.assign(shut, { until: this.now() + pauseMs, pauseMs: Math.min(LONGEST_PAUSE_MS, pauseMs * 2) });
    return { way: 'probe', again: { reason, inMs: pauseMs } };
  }

  /** Tells whether calls of a group are refused, apart from probes. */
  refuses(group: string): Refusal | undefined {
    const refused = this.shutFor(group);
    return refused && { reason: refused.reason, inMs: Math.max(1, this.leftOf(refused.shut)) };
  }

  /** Time that is left of a pause, in ms: none where the clock was set back. */
  private leftOf({ until }: Shut): number {
    const inMs = until - this.now();
    return inMs > LONGEST_PAUSE_MS ? 0 : inMs;
  }

  private shutFor(group: string): { reason: string; shut: Shut } | undefined {
    const own = this.silences.get(group);
    if (own?.shut) return { reason: own.reason, shut: own.shut };
    if (this.current.state !== 'DOWN') return undefined;
    // That changes are not answered says nothing of reads.
    const lines = [...this.silences].filter(([line]) => group.endsWith(CHANGES) || !line.endsWith(CHANGES));
    const other = lines.map(([, silence]) => silence).find(({ shut }) => shut !== undefined);
    if (!other?.shut) return undefined;
    const shut = this.shared.get(group) ?? { ...other.shut };
    this.shared.set(group, shut);
    return { reason: other.reason, shut };
  }

  /** Tells how the cloud is now. */
  get health(): CloudHealth {
    return this.current;
  }

  /**
   * Takes note of a call of a group that ended; `error`: the way in which it failed.
   * @param ms how long it took @param passing it passed on what comes from elsewhere, which may be what is silent
   */
  ended(group: string, error?: ProviderError, ms = 0, passing = false): void {
    const now = this.now();
    if (error && NO_ANSWER.includes(error.kind)) {
      const { failures = 0, first = now, lost = 0, lostSince = now - ms, shut } = this.silences.get(group) ?? {};
      const silence: Silence = { failures: failures + 1, first, last: now, reason: error.message, lost: 0, lostSince: now };
      if (LOST.includes(error.kind)) {
        Object.assign(silence, { lost: passing ? lost : lost + 1, lostSince: lost === 0 ? now - ms : lostSince, ...(shut && { shut }) });
        this.shutIfLost(silence, now);
      }
      this.silences.set(group, silence);
    } else {
      const own = group.replace(CHANGES, '');
      for (const line of [own, own + CHANGES]) this.silences.delete(line);
      this.answered = now;
      for (const [other, { last }] of this.silences) if (now - last > FORGOTTEN_MS) this.silences.delete(other);
    }
    this.judge(now);
    this.tellRefusing();
  }

  /** Takes note of a refusal of one thing (busy, no room): it counts neither way, and whoever comes next may find out. */
  answeredOfOne(group: string): void {
    const shut = this.silences.get(group)?.shut ?? this.shared.get(group);
    if (shut) shut.until = this.now();
  }

  private shutIfLost(silence: Silence, now: number): void {
    const { shutAfterMs } = this.circuit;
    if (silence.shut || shutAfterMs === 0 || silence.lost < SILENT_AFTER || now - silence.lostSince < shutAfterMs) return;
    silence.shut = { until: now + FIRST_PAUSE_MS, pauseMs: FIRST_PAUSE_MS * 2 };
  }

  private tellRefusing(): void {
    const shut = [...this.silences.values()].find((silence) => silence.shut !== undefined);
    if (this.refusing === (shut !== undefined)) return;
    this.refusing = shut !== undefined;
    this.circuit.changed?.(this.refusing, shut?.reason);
  }

  private judge(now: number): void {
    const before = this.current;
    const silent = [...this.silences.values()].filter(({ failures }) => failures >= SILENT_AFTER);
    const latest = silent.reduce<Silence | undefined>((a, b) => (a && a.last >= b.last ? a : b), undefined);
    const state = this.stateOf(silent);
    if (state === before.state && latest?.reason === before.reason) return;
    const since = state === before.state ? before.since : now;
    if (state !== 'DOWN') this.shared.clear();
    this.current = { state, ...(since !== undefined && { since }), ...(latest && { reason: latest.reason }) };
    if (state !== before.state) this.changed(this.current, before.state);
  }

  /** A silent group is all of the cloud unless another has answered since it fell silent. */
  private stateOf(silent: readonly Silence[]): HealthState {
    const { answered } = this;
    if (silent.length === 0) return answered === undefined ? 'UNKNOWN' : 'UP';
    const others = answered !== undefined && silent.some(({ first }) => answered >= first);
    return others ? 'DEGRADED' : 'DOWN';
  }
}
