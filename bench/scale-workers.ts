import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisQueue } from '../src/jobs/redis-queue';
import { memoryOf, type Point } from './curves';
import { noOpJob, quiet } from './no-op';
import type { Place } from './places';
import { processorTime } from './processor';
import { startProcess, type Running } from './processes';

const JOBS = 1_000;
/** Jobs that each worker has in hand at once. */
const AT_ONCE = 10;
/** Interval between two looks whether all have ended, in ms. */
const LOOK_MS = 20;

/** Workers over one PostgreSQL and one Redis, and Jobs that do nothing. */
export async function workers(count: number, made: Promise<Place>, redis: string): Promise<Point> {
  const place = await made;
  const store = await place.open();
  const prefix = randomUUID();
  const queue = new RedisQueue({ url: redis, prefix, log: quiet });
  const children: Running[] = [];
  const args = [place.config.store?.url ?? '', place.config.secrets.key, redis, prefix, String(AT_ONCE)];
  while (children.length < count) children.push(await startProcess('bench/worker-child.ts', args, /working/));
  const own = (): number => children.reduce((sum, { pid }) => sum + processorTime(pid), 0);
  const rates: number[] = [];
  const run = async (): Promise<number> => {
    const ids = Array.from({ length: JOBS }, () => randomUUID());
    for (let at = 0; at < JOBS; at += AT_ONCE) {
      await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => store.transaction((unit) => unit.insertJob(noOpJob(id)))));
    }
    const [begun, before, from] = [own(), await place.spent(), performance.now()];
    await Promise.all(ids.map((id) => queue.notify(id)));
    while ((await store.holds(undefined, 1)).size > 0) await sleep(LOOK_MS);
    rates.push(JOBS / ((performance.now() - from) / 1_000));
    const after = await place.spent();
    return ([...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0) + own() - begun) / JOBS;
  };
  return {
    size: count === 1 ? '1 worker' : `${count} workers`,
    figures: { 'a Job that does nothing': run },
    standing: {
      'Jobs a second, best of the rounds': { unit: 'Jobs/s', read: () => Promise.resolve(Math.max(...rates)) },
      'memory at rest': { unit: 'MiB', read: () => Promise.resolve(children.reduce((sum, { pid }) => sum + memoryOf(pid), 0)) },
    },
    async close() {
      for (const child of children) await child.stop();
      await queue.close();
      await store.close();
      await place.close();
    },
  };
}
