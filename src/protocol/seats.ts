import { setTimeout as sleep } from 'node:timers/promises';
import type { CimiRequest } from './messages';

/** Place of an answer that stays open for long. */
export interface Seat {
  /** Aborted when its client is gone, or the gateway stops. */
  signal: AbortSignal;
  /** Frees it; again means nothing. */
  leave: () => void;
}

/** Pause between two looks for what another process may bring, ms. */
const LOOK_MS = 500;

/** Seats for answers that stay open: so many of each tenant at once, each until its connection or the gateway ends. */
export class Seats {
  private readonly taken = new Map<string, number>();
  private readonly enders = new Set<AbortController>();
  private ended = false;

  /**
   * @param perTenant seats of one tenant
   * @param ending aborted when the gateway stops
   */
  constructor(
    private readonly perTenant: number,
    ending?: AbortSignal,
  ) {
    ending?.addEventListener('abort', () => this.end(), { once: true });
  }

  /** True once the gateway stops: nobody gets a seat any more. */
  get areEnding(): boolean {
    return this.ended;
  }

  /** Takes a seat; undefined where the tenant has no more, or the gateway stops. */
  take({ principal: { tenant }, client }: Pick<CimiRequest, 'principal' | 'client'>): Seat | undefined {
    const signal = client?.signal;
    const others = this.taken.get(tenant) ?? 0;
    if (this.ended || others >= this.perTenant) return undefined;
    this.taken.set(tenant, others + 1);
    const ender = new AbortController();
    const end = (): void => ender.abort();
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
    this.enders.add(ender);
    const leave = (): void => {
      signal?.removeEventListener('abort', end);
      if (this.enders.delete(ender)) this.free(tenant);
    };
    return { signal: ender.signal, leave };
  }

  private free(tenant: string): void {
    const left = (this.taken.get(tenant) ?? 1) - 1;
    if (left > 0) this.taken.set(tenant, left);
    else this.taken.delete(tenant);
  }

  private end(): void {
    this.ended = true;
    for (const ender of this.enders) ender.abort();
  }
}

/**
 * Looks again and again until something is there; undefined where the time is over before that, or the signal ends it.
 * @param ms how long it is looked for
 */
export async function lookUntil<T>(look: () => Promise<T | undefined>, ms: number, signal: AbortSignal): Promise<T | undefined> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    const leftMs = end - performance.now();
    if (found !== undefined || leftMs <= 0 || signal.aborted) return found;
    await pause(Math.min(LOOK_MS, leftMs), signal);
  }
}

/** Pauses, no longer than until the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
