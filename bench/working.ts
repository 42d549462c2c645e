import { postgresAvailable, startPostgres } from '../test/backends/postgres';
import { redisAvailable, startRedis } from '../test/backends/redis';
import { startProcess } from './processes';
import { interleave, line, type Line, type Subject } from './rounds';

const JOBS = 1_000;
const AT_ONCE = 10;
/** Suffix of Jobs whose end changes their resource and leaves an event. */
const TELLING = ', end with row and event';

/** Jobs per second with a step that does nothing, against a BullMQ worker that does nothing. */
export async function measureJobs(rounds: number): Promise<Line[]> {
  if (redisAvailable() !== true) {
    console.error('SKIPPED: jobs per second, no redis-server here');
    return [];
  }
  const redis = await startRedis();
  const postgres = postgresAvailable() === true ? await startPostgres() : undefined;
  const run =
    (who: string, kind = 'nothing') =>
    async (): Promise<number> => {
      const env = { BENCH_REDIS: redis.url, BENCH_POSTGRES: postgres?.url ?? '' };
      const args = [who, String(JOBS), String(AT_ONCE), kind];
      const { said, stop } = await startProcess('bench/jobs-child.ts', args, /rate ([\d.]+)/, { env });
      await stop();
      return Number(said[1]);
    };
  try {
    const subjects: Record<string, Subject> = {
      bare: run('bare'),
      'sqlite, embedded queue': run('sqlite'),
      'sqlite, Redis': run('sqlite-redis'),
      ...(postgres ? { 'PostgreSQL, Redis': run('postgres-redis') } : {}),
      [`sqlite, embedded queue${TELLING}`]: run('sqlite', 'telling'),
      ...(postgres ? { [`PostgreSQL, Redis${TELLING}`]: run('postgres-redis', 'telling') } : {}),
    };
    const { bare = [], ...ours } = await interleave(rounds, subjects, false);
    return Object.entries(ours).map(([name, figure]) =>
      line(
        {
          measure: `jobs with a no-op step: ${name}`,
          reference: `bare BullMQ worker, concurrency ${AT_ONCE},`,
          ...(name.endsWith(TELLING) ? {} : { aim: { least: name.startsWith('PostgreSQL') ? 0.4 : 0.6 } }),
        },
        'jobs/s',
        figure,
        bare,
      ),
    );
  } finally {
    await redis.remove();
    await postgres?.stop();
  }
}
