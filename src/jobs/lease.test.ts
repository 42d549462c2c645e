import { keptLog } from '../../test/jobs/harness';
import type { JobRow, Store } from '../store/store';
import { Lease, LeaseLost } from './lease';

/** A lease by itself, over a store that only renews, with timers that only the test moves. */
const LEASE_MS = 30_000;
const NOW = Date.UTC(2026, 0, 1);
const log = keptLog();
let renew: jest.Mock<Promise<boolean>, [string, number, number]>;
let lease: Lease;

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
  log.lines.length = 0;
  renew = jest.fn<Promise<boolean>, [string, number, number]>(async () => true);
  const row = { id: 'j', epoch: 3, leaseUntil: NOW + 5_000 + LEASE_MS } as JobRow;
  lease = new Lease(row, { renewLease: renew } as unknown as Store, LEASE_MS, log);
});
afterEach(() => {
  lease.end();
  jest.useRealTimers();
});

test('renews itself at each third of its length, by the epoch that it was given', async () => {
  await jest.advanceTimersByTimeAsync(9_999);
  expect(renew).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  expect(renew.mock.calls).toEqual([['j', 3, LEASE_MS]]);
  await jest.advanceTimersByTimeAsync(20_000);
  expect(renew).toHaveBeenCalledTimes(3);
  expect(lease.lost).toBe(false);
  expect(lease.signal.aborted).toBe(false);
});

test('is lost once the database says so, and asks no more', async () => {
  renew.mockResolvedValue(false);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(lease.lost).toBe(true);
  expect(lease.signal.reason).toEqual(new Error('the lease of job j was lost'));
  await jest.advanceTimersByTimeAsync(60_000);
  expect(renew).toHaveBeenCalledTimes(1);
  await expect(lease.assure()).rejects.toEqual(new LeaseLost('job j'));
});

test('outlives a database that cannot be asked, for less than its whole length', async () => {
  const away = new Error('away');
  renew.mockRejectedValue(away);
  await jest.advanceTimersByTimeAsync(29_999);
  expect(lease.lost).toBe(false);
  expect(log.lines).toEqual(
    Array.from({ length: 2 }, () => ({ level: 'warn', words: 'the lease could not be renewed', fields: { job: 'j', err: away } })),
  );
  await jest.advanceTimersByTimeAsync(1);
  expect(lease.lost).toBe(true);
});

test('starts its length anew at each renewal', async () => {
  await jest.advanceTimersByTimeAsync(10_000);
  renew.mockRejectedValue(new Error('away'));
  await jest.advanceTimersByTimeAsync(29_999);
  expect(lease.lost).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(lease.lost).toBe(true);
});

test('that has ended asks no more, and no answer under way brings it back', async () => {
  let answer: (kept: boolean) => void = () => undefined;
  renew.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  await jest.advanceTimersByTimeAsync(10_000);
  lease.end();
  answer(false);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(renew).toHaveBeenCalledTimes(1);
  expect(lease.lost).toBe(false);
});

test('is assured without the database while it is young', async () => {
  jest.setSystemTime(NOW + LEASE_MS - 1);
  await lease.assure();
  expect(renew).not.toHaveBeenCalled();
});

test('is assured by the database after a sleep that only the wall clock shows', async () => {
  jest.setSystemTime(NOW + LEASE_MS);
  await lease.assure();
  expect(renew).toHaveBeenCalledTimes(1);
  await lease.assure();
  expect(renew).toHaveBeenCalledTimes(1);
});

test('tells the time of the database, carried on by the steady clock', async () => {
  expect(lease.now()).toBe(NOW + 5_000);
  await jest.advanceTimersByTimeAsync(1_234);
  jest.setSystemTime(NOW - 86_400_000);
  expect(lease.now()).toBe(NOW + 5_000 + 1_234);
});

test('passes a shutdown on to the step, and is not lost by it', () => {
  lease.abort('the process is shutting down');
  expect(lease.signal.reason).toEqual(new Error('the process is shutting down'));
  expect(lease.lost).toBe(false);
});
