import { Redis } from 'ioredis';
import { RedisQueue } from '../../src/jobs/redis-queue';
import type { Moment } from '../../src/jobs/engine-context';
import { isFinished } from '../../src/store/store';
import { describeWith } from '../backends/need';
import { redisAvailable, startRedis, type RedisServer } from '../backends/redis';
import { house, keptLog, noted, workflow } from '../jobs/harness';
import { queueContract } from './contract';
import { elapse, waitUntil } from '../harness/wait';

describeWith('redis-server', redisAvailable(), () => {
  let server: RedisServer;
  let prefix = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.remove();
    // BullMQ's own pauses after connection errors (5 s) outlive its close.
    await elapse(5_500);
  });

  describe('contract', () => {
    beforeEach(() => void prefix++);
    queueContract(() => ({ make: () => new RedisQueue({ url: server.url, prefix: `test-${prefix}`, log: keptLog() }) }));
  });

  test('messages reach the worker of another process and leave nothing behind', async () => {
    const options = { url: server.url, prefix: 'two', log: keptLog() };
    const teller = new RedisQueue(options);
    const worker = new RedisQueue(options);
    const seen: string[] = [];
    await worker.start(async (id) => void seen.push(id), 2);
    for (let index = 0; index < 20; index++) await teller.notify(`job-${index}`);
    await waitUntil(() => seen.length >= 20);
    expect(new Set(seen).size).toBe(20);
    await Promise.all([teller.close(500), worker.close(500)]);
    const client = new Redis(server.url);
    const kept = await client.keys('two:jobs:[0-9]*');
    client.disconnect();
    expect(kept).toEqual([]);
  });

  test('a Redis that may throw messages away is trouble', async () => {
    await server.configure('maxmemory-policy', 'allkeys-lru');
    const queue = new RedisQueue({ url: server.url, log: keptLog() });
    try {
      await queue.notify('a');
      await waitUntil(() => queue.trouble() !== undefined);
      expect(queue.trouble()).toContain('maxmemory-policy is allkeys-lru');
    } finally {
      await queue.close();
      await server.configure('maxmemory-policy', 'noeviction');
    }
  });

  test('without Redis, tell, start and close come back, the trouble is told, and it passes when Redis comes', async () => {
    const own = await startRedis();
    await own.stop();
    const log = keptLog();
    const queue = new RedisQueue({ url: own.url, notifyMs: 300, log });
    const seen: string[] = [];
    await queue.start(async (id) => void seen.push(id), 1);
    await queue.notify('lost');
    await queue.notify('lost too');
    expect(queue.trouble()).toContain('Redis does not answer');
    await own.start();
    await waitUntil(() => queue.trouble() === undefined);
    await queue.notify('found');
    await waitUntil(() => seen.includes('found'));
    await own.stop();
    await queue.close(100);
    await own.remove();
  });

  test('100 jobs while Redis is flushed, killed, stopped and restarted: none lost, none in two hands at once', async () => {
    const own = await startRedis();
    const at = await house();
    const inHand = new Map<string, number>();
    const runs = new Map<string, number>();
    let twice = 0;
    const onBoundary = async ({ job, step, moment }: { job: string; step: string; moment: Moment }) => {
      if (moment === 'before') {
        const count = (inHand.get(job) ?? 0) + 1;
        if (count > 1) twice++;
        inHand.set(job, count);
        runs.set(`${job} ${step}`, (runs.get(`${job} ${step}`) ?? 0) + 1);
      } else if (moment === 'ran') inHand.set(job, (inHand.get(job) ?? 1) - 1);
    };
    const steps = ['one', 'two', 'three'].map((name) =>
      noted([], name, async ({ memory }) => {
        await elapse(10);
        return memory === null ? { wait: 400 * Math.random(), remember: true } : { done: name };
      }),
    );
    const queues = [0, 1].map(() => new RedisQueue({ url: own.url, notifyMs: 300, log: keptLog() }));
    const [first] = await Promise.all(
      queues.map((queue) => at.process([workflow('hundred', steps)], { queue, onBoundary, sweepMs: 250, leaseMs: 5_000 })),
    );
    try {
      const ids = await Promise.all(Array.from({ length: 100 }, () => at.accept('hundred')));
      const telling = first?.notify(ids);
      await elapse(200);
      await own.flush();
      await elapse(300);
      await own.kill();
      await elapse(300);
      await own.start();
      await elapse(200);
      await own.restart();
      await own.flush();
      await telling;
      for (const id of ids) expect(await at.end(id)).toMatchObject({ state: 'SUCCESS' });
      expect(twice).toBe(0);
      expect(new Set(runs.values())).toEqual(new Set([2]));
      expect((await at.store.jobs({ states: ['SUCCESS'] })).filter(isFinished)).toHaveLength(100);
    } finally {
      await at.remove();
      await own.remove();
    }
  });
});
