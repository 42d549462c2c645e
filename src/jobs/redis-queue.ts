import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { JobLog } from './engine-context';
import type { JobQueue, Work } from './queue';
import { withTimeout } from './with-timeout';

export interface RedisQueueOptions {
  /** `redis://[[user]:password@]host[:port][/db]`, or rediss://. Redis 6.2 or later with maxmemory-policy noeviction. */
  url: string;
  /** Prefix of all keys; the same in every process of one installation. Default `cimi`. */
  prefix?: string;
  /** Longest wait of `notify` for Redis, ms. Default 1,000. */
  notifyMs?: number;
  log: JobLog;
}

const NAME = 'jobs';
const LETTING_GO_MS = 2_000;

/**
 * The queue of several processes, on Redis by BullMQ. A message has an id of its own, never the Job's: BullMQ ignores
 * an add whose id it still knows, so that a Job notified while a worker has it would not be brought again. What Redis
 * forgets is found by the sweep, so a notification that fails is trouble to be shown, not an error.
 */
export class RedisQueue implements JobQueue {
  private readonly sender: Redis;
  private readonly queue: Queue<{ job: string }>;
  private readonly running = new Set<Promise<void>>();
  /** Count of those running that have been let go. */
  private leaving = 0;
  private readonly tellMs: number;
  private readonly connected: Promise<void>;
  private worker: Worker<{ job: string }> | undefined;
  private unreachable: string | undefined = 'Redis has not answered yet';
  private unfit: string | undefined;
  private closed = false;

  constructor(private readonly options: RedisQueueOptions) {
    this.tellMs = options.notifyMs ?? 1_000;
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

  async notify(jobId: string, delayMs = 0): Promise<void> {
    if (this.closed) return;
    try {
      if (this.sender.status === 'connecting' || this.sender.status === 'connect') await withTimeout(this.connected, this.tellMs);
      if (this.sender.status !== 'ready') throw new Error('not connected');
      await withTimeout(this.queue.add('job', { job: jobId }, delayMs > 0 ? { delay: Math.ceil(delayMs) } : {}), this.tellMs);
      this.found();
    } catch (error) {
      this.lost(error instanceof Error ? error.message : String(error));
    }
  }

  async start(work: Work, concurrency: number): Promise<void> {
    this.worker = new Worker<{ job: string }>(NAME, (message) => this.hand(message.data.job, work, concurrency), {
      connection: { url: this.options.url, maxRetriesPerRequest: null, retryStrategy },
      prefix: this.options.prefix ?? 'cimi',
      concurrency,
      skipVersionCheck: true,
      runRetryDelay: 500,
      drainDelay: 5,
    });
    this.worker.on('error', (error) => this.options.log.debug({ err: error }, 'the worker on Redis met an error'));
    await withTimeout(this.connected, this.tellMs).catch(() => this.lost('no connection yet'));
  }

  /** Always false: Redis chooses the process. */
  hasHandedOut(): boolean {
    return false;
  }

  async close(graceMs = 0): Promise<void> {
    if (this.closed) return;
    const { worker, queue, sender } = this;
    await worker?.pause(true);
    await withTimeout(Promise.all(this.running), graceMs).catch(() =>
      this.options.log.warn({}, 'jobs are still running; their leases will expire'),
    );
    this.closed = true;
    const force = this.running.size > 0 || sender.status !== 'ready';
    const parts = [worker?.close(force) ?? Promise.resolve(), queue.close()];
    await withTimeout(Promise.allSettled(parts), LETTING_GO_MS).catch(() => this.options.log.debug({}, 'Redis did not let go in time'));
    sender.disconnect();
  }

  trouble(): string | undefined {
    return this.unreachable ?? this.unfit;
  }

  /**
   * Resolves when the Job was let go, or has been worked: its message is done with then, and the next may come.
   * @param most Jobs that have been let go and are not done yet
   */
  private hand(jobId: string, work: Work, most: number): Promise<void> {
    return new Promise((resolve) => {
      let gone = false;
      const letGo = (): void => {
        if (gone || this.leaving >= most) return;
        gone = true;
        this.leaving += 1;
        resolve();
      };
      const worked: Promise<void> = work(jobId, letGo).finally(() => {
        this.running.delete(worked);
        if (gone) this.leaving -= 1;
        resolve();
      });
      this.running.add(worked);
    });
  }

  private found(): void {
    if (this.unreachable !== undefined) this.options.log.info({}, 'the queue on Redis is well');
    this.unreachable = undefined;
  }

  private lost(reason: string): void {
    if (this.closed) return;
    if (this.unreachable === undefined)
      this.options.log.warn({ trouble: reason }, 'the queue on Redis is in trouble; the sweep picks jobs up');
    this.unreachable = `Redis does not answer: ${reason}`;
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

const OLDEST: readonly [number, number] = [6, 2];
const CONNECT_MS = 5_000;

/**
 * Asks Redis about itself: its version, and whether it may throw messages away.
 * @returns the reason why it can't carry the queue; undefined where it can
 * @throws the client's error where Redis does not answer
 */
export async function unfitness(client: Redis): Promise<string | undefined> {
  const lines = (await client.info()).split(/\r?\n/);
  const facts = new Map(lines.map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1)]));
  const policy = facts.get('maxmemory_policy');
  const version = facts.get('redis_version') ?? '';
  if (policy !== undefined && policy !== 'noeviction')
    return `Redis may throw messages away: its maxmemory-policy is ${policy}, it must be noeviction`;
  if (isOlder(version)) return `Redis ${version} is too old, at least ${OLDEST.join('.')} is needed`;
  return undefined;
}

/**
 * Tries Redis once, changing nothing there.
 * @throws Error where it can't be reached, refuses the login or is not set up as it must be
 */
export async function checkRedis(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: CONNECT_MS });
  let reason: Error | undefined;
  client.on('error', (error: Error) => (reason = error));
  try {
    await client.connect();
    const trouble = await unfitness(client);
    if (trouble !== undefined) throw new Error(trouble);
  } catch (error) {
    throw reason ?? error;
  } finally {
    client.disconnect();
  }
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return version !== '' && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]));
}
