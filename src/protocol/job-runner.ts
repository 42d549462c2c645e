import type { JobRow, UnitOfWork } from '../store/store';

/** Handling of Jobs, as the protocol needs it; the composition root gives the engine's. */
export interface JobRunner {
  /** Tells the workers. Never rejects: what is lost is found by the sweep. */
  notify(jobId: string): Promise<void>;
  /** The Job as it is when it ends, after `ms`, or when the signal aborts. */
  waitFor(jobId: string, ms: number, signal?: AbortSignal): Promise<JobRow | undefined>;
  /** The Job once a worker of this process has just taken it; undefined at once where none here is about to. */
  leasedHere(jobId: string): Promise<JobRow | undefined>;
  /** Asks an unfinished Job to stop. @param also what the transaction that takes the stop records */
  requestStop(jobId: string, also?: (unit: UnitOfWork) => Promise<void>): Promise<JobRow | undefined>;
  /** Tells whether a stop would be taken: a delete that has begun goes on to its end. */
  mayStop(job: JobRow): boolean;
}
