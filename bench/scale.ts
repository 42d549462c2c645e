import { postgresAvailable, startPostgres } from '../test/backends/postgres';
import { redisAvailable, startRedis } from '../test/backends/redis';
import type { Line } from './rounds';
import { CURVES, type Servers } from './scale-curves';

/**
 * @param tell told of all lines after each curve
 * @param asked names of curves, each with sizes of its own where wanted; none: all
 * @throws Error on a name that is none
 */
export async function measureScale(rounds: number, tell: (lines: readonly Line[]) => Promise<void>, asked = ''): Promise<Line[]> {
  const words = asked.split(' ').filter((word) => word !== '');
  const wanted = (words.length > 0 ? words : Object.keys(CURVES)).map((word) => {
    const [name = '', sizes] = word.split('=');
    return { name, curve: CURVES[name], sizes: sizes?.split(',').map(Number) };
  });
  const unknown = wanted.filter(({ curve }) => !curve).map(({ name }) => name);
  if (unknown.length > 0) throw new Error(`no curve ${unknown.join(', ')}; there are ${Object.keys(CURVES).join(', ')}`);
  return withServers(async (servers) => {
    const lines: Line[] = [];
    for (const { name, curve, sizes } of wanted) {
      if (!curve || (curve.served && !servers)) {
        console.error(`SKIPPED: ${name}, no PostgreSQL and Redis here`);
        continue;
      }
      console.error(`measuring ${name} …`);
      lines.push(...(await curve.measure(sizes ?? curve.sizes, rounds, servers ?? { postgres: '', redis: '' })));
      await tell(lines);
    }
    return lines;
  });
}

async function withServers<T>(work: (servers: Servers | undefined) => Promise<T>): Promise<T> {
  if (postgresAvailable() !== true || redisAvailable() !== true) return work(undefined);
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  try {
    return await work({ postgres: postgres.url, redis: redis.url });
  } finally {
    await postgres.stop();
    await redis.remove();
  }
}
