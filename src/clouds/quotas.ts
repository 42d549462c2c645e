import type { QUOTAS } from '../model/cloud';
import type { HealthState } from './health';
import { steadyTime } from '../model/steady-time';

/** Kinds of things of which an account may have so many, or so much. */
export type QuotaOf = (typeof QUOTAS)[number];

/** Bound of an account, in numbers of things; of memory in KiB, of the capacity of Volumes in kB. */
export interface Quota {
  of: QuotaOf;
  limit: number;
  used: number;
}

/** Returns what a quota leaves, in its unit: nothing where more is used than it allows. */
export const leftOf = ({ limit, used }: Quota): number => Math.max(0, limit - used);

/** Age up to which quotas are shown without reading them again, and time after which they are tried again where that failed, in ms. */
const GOOD_MS = 300_000;

/**
 * Keeps what is known of an account's quotas for those who look at the cloud: nobody waits for them, a cloud that has not answered
 * anything yet, or is away, is not asked, and quotas that cannot be read are not shown.
 */
export class KnownQuotas {
  private known: readonly Quota[] | undefined;
  private readAt = -Infinity;

  /** @param now ms since the epoch */
  constructor(
    private readonly read: () => Promise<readonly Quota[]>,
    private readonly now: () => number = steadyTime,
  ) {}

  /** Tells what is known now, and has it read again where it is old. @param state of the cloud */
  get(state: HealthState): readonly Quota[] {
    if (state !== 'UP' && state !== 'DEGRADED') return [];
    if (this.now() - this.readAt > GOOD_MS) {
      this.readAt = this.now();
      void this.read().then(
        (quotas) => (this.known = quotas),
        // The guard has noted the failure: in the health of the cloud and in the metrics.
        () => (this.known = undefined),
      );
    }
    return this.known ?? [];
  }
}
