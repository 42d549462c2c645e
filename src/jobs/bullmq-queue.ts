import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { JobLog } from './kit';
import type { JobQueue } from './queue';
import { unfitness } from './redis-check';
import { within } from './within';

export interface BullMqOptions {
  /** `redis://[[user]:password@]host[:port][/db]`, or rediss://. Redis 6.2 or later with maxmemory-policy noeviction. */
  url: string;
  /** Prefix of all keys; the same in every process of one installation. Default `cimi`. */
  prefix?: string;
  /** How long `tell` waits for Redis at most, ms. Default 1,000. */
  tellMs?: number;
  log: JobLog;
}

const NAME = 'jobs';
const LETTING_GO_MS = 2_000;

/**
 * The queue of several processes, on Redis by BullMQ. A message has an id of its own, never the Job's: BullMQ ignores
 * an add whose id it still knows, so that a Job told while in hand would not be brought again. What Redis forgets is
 * found by the sweep, so a tell that fails is trouble to be shown, not an error.
 */
export class BullMqQueue implements JobQueue {
  private readonly sender: Redis;
  private readonly queue: Queue<{ job: string }>;
  private readonly inHand = new Set<Promise<void>>();
  private readonly tellMs: number;
  private readonly connected: Promise<void>;
  private worker: Worker<{ job: string }> | undefined;
  private unreachable: string | undefined = 'Redis has not answered yet';
  private unfit: string | undefined;
  private closed = false;

  constructor(private readonly options: BullMqOptions) {
    this.tellMs = options.tellMs ?? 1_000;
    this.sender = new Redis(options.url, { maxRetriesPerRequest: 1, enableOfflineQueue: false, retryStrategy });
    this.sender.on('error', (error: Error) => this.lost(error.message));
    this.sender.on('close', () => this.lost('the connection is closed'));
    this.connected = new Promise((resolve) => this.sender.once('ready', () => resolve()));
    this.sender.on('ready', () => {
      this.found();
      void this.examine();
    });
    this.queue = new Queue<{ job: string }>(NAME, {
      connection: this.sender,
      prefix: options.prefix ?? 'cimi',
      skipVersionCheck: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    });
    this.queue.on('error', (error) => this.options.log.debug({ err: error }, 'the queue on Redis met an error'));
  }

  async tell(jobId: string, delayMs = 0): Promise<void> {
    if (this.closed) return;
    try {
      if (this.sender.status === 'connecting' || this.sender.status === 'connect') await within(this.connected, this.tellMs);
      if (this.sender.status !== 'ready') throw new Error('not connected');
      await within(this.queue.add('job', { job: jobId }, delayMs > 0 ? { delay: Math.ceil(delayMs) } : {}), this.tellMs);
      this.found();
    } catch (error) {
      this.lost(error instanceof Error ? error.message : String(error));
    }
  }

  async start(work: (jobId: string) => Promise<void>, concurrency: number): Promise<void> {
    this.worker = new Worker<{ job: string }>(NAME, (message) => this.hand(work(message.data.job)), {
      connection: { url: this.options.url, maxRetriesPerRequest: null, retryStrategy },
      prefix: this.options.prefix ?? 'cimi',
      concurrency,
      skipVersionCheck: true,
      runRetryDelay: 500,
      drainDelay: 5,
    });
    this.worker.on('error', (error) => this.options.log.debug({ err: error }, 'the worker on Redis met an error'));
    await within(this.connected, this.tellMs).catch(() => this.lost('no connection yet'));
  }

  async close(graceMs = 0): Promise<void> {
    if (this.closed) return;
    const { worker, queue, sender } = this;
    await worker?.pause(true);
    await within(Promise.all(this.inHand), graceMs).catch(() =>
      this.options.log.warn({}, 'jobs are still in hand; they are left to their leases'),
    );
    this.closed = true;
    const force = this.inHand.size > 0 || sender.status !== 'ready';
    const parts = [worker?.close(force) ?? Promise.resolve(), queue.close()];
    await within(Promise.allSettled(parts), LETTING_GO_MS).catch(() => this.options.log.debug({}, 'Redis did not let go in time'));
    sender.disconnect();
  }

  trouble(): string | undefined {
    return this.unreachable ?? this.unfit;
  }

  private async hand(work: Promise<void>): Promise<void> {
    this.inHand.add(work);
    try {
      await work;
    } finally {
      this.inHand.delete(work);
    }
  }

  private found(): void {
    if (this.unreachable !== undefined) this.options.log.info({}, 'the queue on Redis is well');
    this.unreachable = undefined;
  }

  private lost(words: string): void {
    if (this.closed) return;
    if (this.unreachable === undefined)
      this.options.log.warn({ trouble: words }, 'the queue on Redis is in trouble; jobs go on by the sweep');
    this.unreachable = `Redis does not answer: ${words}`;
  }

  private async examine(): Promise<void> {
    try {
      this.unfit = await unfitness(this.sender);
      if (this.unfit) this.options.log.warn({ trouble: this.unfit }, 'Redis is not set up as it must be');
    } catch (error) {
      this.options.log.debug({ err: error }, 'Redis could not be asked about itself');
    }
  }
}

function retryStrategy(times: number): number {
  return Math.min(2_000, 100 * times);
}
