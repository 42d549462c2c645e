import { postgresAvailable } from '../backends/postgres';
import { redisAvailable } from '../backends/redis';
import { describeWith } from '../backends/need';
import { soak } from './soak';

/** A bounded part of `npm run soak`. */
const SEED = Number(process.env.SOAK_SEED ?? 20261202);
const redis = redisAvailable();

/** Thirteen rounds are the warm-up of a longer run: caches fill, code is compiled. What leaks in earnest is more. */
const SLACK = 6;

const bounded = { seed: SEED, clients: 2, slack: SLACK, goesOn: (rounds: number) => rounds < 13 };

test(`one process on SQLite keeps nothing of what comes and goes (SOAK_SEED=${SEED})`, async () => {
  const { violations, acts } = await soak({ ...bounded, store: 'sqlite' });
  expect(violations).toEqual([]);
  expect(acts).toBeGreaterThan(0);
});

describeWith('PostgreSQL and Redis', redis === true ? postgresAvailable() : redis, () => {
  test(`gateways and workers keep nothing of what comes and goes (SOAK_SEED=${SEED})`, async () => {
    const { violations, acts } = await soak(bounded);
    expect(violations).toEqual([]);
    expect(acts).toBeGreaterThan(0);
  });
});
