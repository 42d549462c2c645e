import { fakeClockAvailable } from '../backends/fake-clock';
import { motoAvailable } from '../backends/moto';
import { describeWith, type Availability } from '../backends/need';
import { postgresAvailable } from '../backends/postgres';
import { redisAvailable } from '../backends/redis';
import { smallDiskAvailable } from '../backends/small-disk';
import { chaos } from './chaos';

/** A bounded part of `npm run chaos`. */
const SEED = Number(process.env.CHAOS_SEED ?? 20261202);
const redis = redisAvailable();
const both = (one: Availability, other: Availability): Availability => (one === true ? other : one);

test(`one process on SQLite dies at random, and nothing is lost, made twice or left (CHAOS_SEED=${SEED})`, async () => {
  const { violations, changes } = await chaos({ seed: SEED, times: 4, clients: 1, store: 'sqlite' });
  expect(violations).toEqual([]);
  expect(changes).toBeGreaterThan(0);
});

describeWith(
  'PostgreSQL, Redis, moto and libfaketime',
  both(both(fakeClockAvailable(), redis), both(postgresAvailable(), motoAvailable())),
  () => {
    test(`clocks are apart and jump, and nothing old is shown, lost, made twice or left (CHAOS_SEED=${SEED})`, async () => {
      const settings = { seed: SEED, times: 10, only: 'clock jumps', clients: 2, clouds: ['ec2'], clocks: true } as const;
      const { violations, changes } = await chaos(settings);
      expect(violations).toEqual([]);
      expect(changes).toBeGreaterThan(0);
    });
  },
);

describeWith('a small disk', smallDiskAvailable(), () => {
  test(`the disk of one process on SQLite is full for a while, and nothing is lost, made twice or left (CHAOS_SEED=${SEED})`, async () => {
    const { violations, changes } = await chaos({ seed: SEED, times: 3, only: 'disk full', clients: 1, store: 'sqlite' });
    expect(violations).toEqual([]);
    expect(changes).toBeGreaterThan(0);
  });
});

describeWith('PostgreSQL and Redis', both(redis, postgresAvailable()), () => {
  test(`processes die at random, and nothing is lost, made twice or left (CHAOS_SEED=${SEED})`, async () => {
    const { violations, changes, lists } = await chaos({ seed: SEED, times: 8, clients: 1 });
    expect(violations).toEqual([]);
    expect(changes).toBeGreaterThan(0);
    expect(lists).toBeGreaterThan(0);
  });

  test(`PostgreSQL fails over to its standby, and nothing is lost, made twice or left (CHAOS_SEED=${SEED})`, async () => {
    const { violations, changes, faults } = await chaos({ seed: SEED, times: 2, only: 'postgres fails over', clients: 1 });
    expect(violations).toEqual([]);
    expect(changes).toBeGreaterThan(0);
    expect(faults).toEqual({ 'postgres fails over': 2 });
  });
});
