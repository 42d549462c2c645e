import { bulkhead, BulkheadRejectedError } from 'cockatiel';

/** Error where too much work waits already; the caller should come back in a moment. */
export class BusyError extends Error {
  /** @param what what there is too much of, in words */
  constructor(what: string) {
    super(what);
    this.name = 'BusyError';
  }
}

/**
 * Runs work when its turn comes.
 * @throws BusyError where too much waits already, and what the work throws
 */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Lets a few pieces of work go on at once, in the order of asking.
 * @param concurrency how many at once
 * @param waiting how many more may wait
 * @param message what there is too much of when more than that would wait
 */
export function createLimit(concurrency: number, waiting: number, message: string): Limit {
  const policy = bulkhead(concurrency, waiting);
  return (work) =>
    policy.execute(work).catch((error: unknown) => {
      throw error instanceof BulkheadRejectedError ? new BusyError(message) : error;
    });
}
