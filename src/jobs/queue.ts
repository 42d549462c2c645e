/**
 * Tells workers that Jobs want work. The Job row is the truth: a queue may lose, repeat or delay messages, and
 * whatever it loses is found by the sweep. Messages carry the Job id and nothing else.
 */
export interface JobQueue {
  /** Makes a Job known to a worker, not before `delayMs`. Repeating an id is harmless and never ignored for good. */
  tell(jobId: string, delayMs?: number): Promise<void>;
  /** Starts handing ids to `work`, at most `concurrency` at once in this process. `work` never rejects. */
  start(work: (jobId: string) => Promise<void>, concurrency: number): Promise<void>;
  /** Stops handing out, waits for what is in hand at most `graceMs`, then lets go. */
  close(graceMs?: number): Promise<void>;
  /** Undefined when well, else what is wrong in words. */
  trouble(): string | undefined;
}
