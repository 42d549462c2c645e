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

/** Calls of a group in a row that failed. */
interface Silence {
  failures: number;
  /** Ends of the first and the last of them, ms since the epoch. */
  first: number;
  last: number;
  reason: string;
}

/** Calls in a row without an answer after which a group is silent: one that succeeds in between proves a hiccup. */
const SILENT_AFTER = 3;
/** Time after which the silence of a group that nobody asks any more says nothing of now, while others answer, in ms. */
const FORGOTTEN_MS = 600_000;

/** Kinds of errors that are no answer to what was asked: all others show that the cloud is there and thinks. */
const NO_ANSWER: readonly ErrorKind[] = ['unavailable', 'timeout', 'auth', 'throttled'];

/** Keeps how one cloud is, by the ends of the calls to it. */
export class HealthWatch {
  private readonly silences = new Map<string, Silence>();
  private answered: number | undefined;
  private current: CloudHealth = { state: 'UNKNOWN' };

  /**
   * @param changed told of every change of the state, after it
   * @param now ms since the epoch
   */
  constructor(
    private readonly changed: (after: CloudHealth, before: HealthState) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** Tells how the cloud is now. */
  get health(): CloudHealth {
    return this.current;
  }

  /** Takes note of a call of a group that ended; `error`: the way in which it failed. */
  ended(group: string, error?: ProviderError): void {
    const now = this.now();
    if (error && NO_ANSWER.includes(error.kind)) {
      const { failures = 0, first = now } = this.silences.get(group) ?? {};
      this.silences.set(group, { failures: failures + 1, first, last: now, reason: error.message });
    } else {
      this.silences.delete(group);
      this.answered = now;
      for (const [other, { last }] of this.silences) if (now - last > FORGOTTEN_MS) this.silences.delete(other);
    }
    this.judge(now);
  }

  private judge(now: number): void {
    const before = this.current;
    const silent = [...this.silences.values()].filter(({ failures }) => failures >= SILENT_AFTER);
    const latest = silent.reduce<Silence | undefined>((a, b) => (a && a.last >= b.last ? a : b), undefined);
    const state = this.stateOf(silent);
    if (state === before.state && latest?.reason === before.reason) return;
    const since = state === before.state ? before.since : now;
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
