import { isFinished, type JobRow } from '../store/store';
import type { JobRunner } from './job-runner';
import type { CimiRequest } from './messages';
import { preferencesOf } from './prefer';
import { lookUntil, Seats } from './seats';

export interface WaitingOptions {
  /** Longest wait of `Prefer: wait`, in ms. */
  longestMs: number;
  /** Answers of one tenant that may wait at once because of `Prefer: wait`. */
  perTenant: number;
  /** Aborted when the gateway stops: what waits is answered as it is then, and nothing waits any more. */
  ending?: AbortSignal;
}

const APPLIED = 'Preference-Applied';

/** End of a wait. */
export interface Waited {
  /** The Job after it; undefined where the store can't tell. */
  job: JobRow | undefined;
  /** `Preference-Applied`, where a preference was. */
  headers: Readonly<Record<string, string>>;
}

/**
 * Lets answers wait for their Jobs: for as long as the client prefers (RFC 7240), within the operator's bounds, else as long
 * as the gateway would by itself. A wait is only a wait: neither its end nor the client's going away stops the Job.
 */
export class Waiting {
  private readonly seats: Seats;

  constructor(
    private readonly jobs: JobRunner,
    private readonly options: WaitingOptions,
  ) {
    this.seats = new Seats(options.perTenant, options.ending);
  }

  /**
   * Waits for the Job of a change.
   * @param ownMs how long the gateway waits by itself, where the client says nothing
   */
  async for(request: CimiRequest, job: JobRow, ownMs: number): Promise<Waited> {
    const preferred = await this.preferred(request, job);
    if (preferred) return preferred;
    if (isFinished(job)) return { job, headers: {} };
    if (preferencesOf(request.headers.prefer).respondAsync) return { job, headers: { [APPLIED]: 'respond-async' } };
    return { job: ownMs > 0 ? await this.jobs.waitFor(job.id, ownMs, request.client?.signal) : job, headers: {} };
  }

  /** Waits where the client would rather have that; undefined where it would not, or its tenant has too many that wait. */
  async preferred(request: CimiRequest, job: JobRow): Promise<Waited | undefined> {
    const { wait } = preferencesOf(request.headers.prefer);
    if (wait === undefined || this.seats.areEnding) return undefined;
    const { ms, headers } = this.granted(wait);
    if (isFinished(job)) return { job, headers };
    const seat = this.seats.take(request);
    if (!seat) return undefined;
    request.client?.idle();
    return { job: await this.jobs.waitFor(job.id, ms, seat.signal).finally(seat.leave), headers };
  }

  /**
   * Waits until there is something, for as long as the client prefers; undefined where it prefers no wait, or its tenant has too many.
   * @param look asked again and again until it finds something
   */
  async untilThere<T>(
    request: CimiRequest,
    look: () => Promise<T | undefined>,
  ): Promise<{ found: T | undefined; headers: Readonly<Record<string, string>> } | undefined> {
    const { wait } = preferencesOf(request.headers.prefer);
    const seat = wait === undefined ? undefined : this.seats.take(request);
    if (wait === undefined || !seat) return undefined;
    const { ms, headers } = this.granted(wait);
    request.client?.idle();
    return { found: await lookUntil(look, ms, seat.signal).finally(seat.leave), headers };
  }

  private granted(wait: number): { ms: number; headers: Readonly<Record<string, string>> } {
    const ms = Math.min(wait * 1000, this.options.longestMs);
    return { ms, headers: { [APPLIED]: `wait=${Math.floor(ms / 1000)}` } };
  }
}
