import { setTimeout as sleep } from 'node:timers/promises';
import { StaleError, type JobProgress, type JobRow, type UnitOfWork } from '../store/store';
import type { Hand } from './context';
import { isSpoken, isStoreAway } from './failure';
import { LeaseLost } from './lease';

/** An error that came from the workflow's part of a transaction, not from the engine's or the store. */
export class HookFault extends Error {
  constructor(override readonly cause: unknown) {
    super('a workflow failed inside a transaction');
    this.name = 'HookFault';
  }
}

const PAUSES_MS: readonly number[] = [50, 250, 1_000];

/**
 * One transaction of the worker. Tried again after store errors while the lease holds, since the work it records
 * has been done already; `work` must therefore bear to be called again.
 * @throws LeaseLost when another worker has the Job; HookFault when the workflow's part fails; else the store's error.
 */
export async function write<T>(hand: Hand, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    if (hand.lease.lost) throw new LeaseLost(hand.lease.row.id);
    try {
      return await hand.kit.store.transaction(work);
    } catch (error) {
      if (isStale(error) && !(await stillHeld(hand))) throw lost(hand);
      const pause = PAUSES_MS[attempt];
      if (pause === undefined || isHopeless(error)) throw error instanceof HookFault && isStoreAway(error.cause) ? error.cause : error;
      await sleep(pause);
    }
  }
}

/** The workflow's part of a transaction: its errors are told from the store's. */
export async function hook<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new HookFault(error);
  }
}

/** One write to the Job in a transaction of its own. */
export function advance(hand: Hand, progress: JobProgress): Promise<JobRow> {
  return write(hand, (unit) => unit.advanceJob(hand.lease.row.id, hand.lease.row.epoch, progress));
}

function isStale(error: unknown): boolean {
  return error instanceof StaleError || (error instanceof HookFault && error.cause instanceof StaleError);
}

function isHopeless(error: unknown): boolean {
  if (!(error instanceof HookFault)) return false;
  const { cause } = error;
  return isSpoken(cause) || cause instanceof TypeError || cause instanceof ReferenceError || cause instanceof RangeError;
}

async function stillHeld({ kit, lease }: Hand): Promise<boolean> {
  return kit.store.renewLease(lease.row.id, lease.row.epoch, kit.leaseMs);
}

function lost(hand: Hand): LeaseLost {
  hand.lease.lose();
  return new LeaseLost(hand.lease.row.id);
}
