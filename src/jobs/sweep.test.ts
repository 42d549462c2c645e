import { keptLog } from '../../test/jobs/harness';
import type { EngineContext } from './engine-context';
import { Sweep } from './sweep';

const log = keptLog();
const retention = { events: { keepMs: 1, perTenant: 2 }, audit: { keepMs: 5, perTenant: 6 }, retired: { remainsMs: 3, idMs: 4 } };
let due: string[];
let trouble: string | undefined;
let work: jest.Mock<Promise<void>, [string]>;
let raiseMark: jest.Mock<Promise<void>, []>;
const notify = jest.fn(async (_id: string) => undefined);
const store = {
  dueJobs: jest.fn(async (limit: number) => due.slice(0, limit).map((id) => ({ id }))),
  removeExpiredJobs: jest.fn(async (_limit: number, _refused: number) => 0),
  removeEvents: jest.fn(async (_retention: object, _limit: number) => 0),
  removeEntries: jest.fn(async (_retention: object, _limit: number) => 0),
  forgetRetired: jest.fn(async (_retention: object, _limit: number) => 0),
  mergeCounts: jest.fn(async () => undefined),
};
let sweep: Sweep;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  jest.clearAllMocks();
  [due, trouble, log.lines.length] = [[], undefined, 0];
  work = jest.fn<Promise<void>, [string]>(async () => undefined);
  raiseMark = jest.fn<Promise<void>, []>(async () => undefined);
  const queue = { notify, trouble: () => trouble };
  const engine = { store, queue, log, sweepMs: 3_000, concurrency: 2, refusedPerTenant: 7, retention } as unknown as EngineContext;
  sweep = new Sweep(engine, work, raiseMark);
});
afterEach(async () => {
  const closed = sweep.close(0);
  await jest.advanceTimersByTimeAsync(0);
  await closed;
  jest.useRealTimers();
});

test('what is due is brought by the queue while it is well', async () => {
  due = ['a', 'b'];
  await sweep.once();
  expect(notify.mock.calls).toEqual([['a'], ['b']]);
  expect(work).not.toHaveBeenCalled();
  expect(store.dueJobs).toHaveBeenCalledWith(200);
  expect(store.removeExpiredJobs).toHaveBeenCalledWith(500, 7);
  expect(raiseMark).toHaveBeenCalledTimes(1);
});

test('while the queue is in trouble this process works it, no more at once than it may, and none twice', async () => {
  const ends = new Map<string, () => void>();
  work.mockImplementation((id) => new Promise((resolve) => ends.set(id, resolve)));
  [due, trouble] = [['a', 'b', 'c'], 'Redis does not answer'];
  const first = sweep.once();
  await new Promise(setImmediate);
  expect([...ends.keys()]).toEqual(['a', 'b']);
  ends.get('a')?.();
  await first;
  expect([...ends.keys()]).toEqual(['a', 'b', 'c']);
  due = ['b', 'c'];
  await sweep.once();
  expect(work).toHaveBeenCalledTimes(3);
  expect(notify).not.toHaveBeenCalled();
  for (const end of ends.values()) end();
});

test('one sweep joins the other', async () => {
  await Promise.all([sweep.once(), sweep.once()]);
  expect(store.dueJobs).toHaveBeenCalledTimes(1);
  await sweep.once();
  expect(store.dueJobs).toHaveBeenCalledTimes(2);
});

test('what was kept for long enough goes in batches, once a minute', async () => {
  store.removeEvents.mockResolvedValueOnce(500).mockResolvedValueOnce(3);
  store.forgetRetired.mockResolvedValue(1);
  await sweep.once();
  expect(store.removeEvents.mock.calls).toEqual(Array(3).fill([retention.events, 500]));
  expect(store.forgetRetired.mock.calls).toEqual(Array(20).fill([retention.retired, 500]));
  expect(store.mergeCounts).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(59_999);
  await sweep.once();
  expect(store.mergeCounts).toHaveBeenCalledTimes(1);
  jest.advanceTimersByTime(1);
  store.forgetRetired.mockResolvedValue(0);
  await sweep.once();
  expect(store.mergeCounts).toHaveBeenCalledTimes(2);
});

test('begins at once, goes on every few seconds, and ends when it is closed', async () => {
  sweep.start();
  await sweep.once();
  expect(store.dueJobs).toHaveBeenCalledTimes(1);
  await jest.advanceTimersByTimeAsync(3_000);
  expect(store.dueJobs).toHaveBeenCalledTimes(2);
  await sweep.close(0);
  await jest.advanceTimersByTimeAsync(9_000);
  expect(store.dueJobs).toHaveBeenCalledTimes(2);
});

test('a sweep that fails is logged, and the next one comes', async () => {
  const away = new Error('away');
  store.dueJobs.mockRejectedValueOnce(away);
  await sweep.once();
  expect(log.lines).toEqual([{ level: 'warn', words: 'the sweep for due jobs failed', fields: { err: away } }]);
  due = ['a'];
  await sweep.once();
  expect(notify).toHaveBeenCalledWith('a');
});

test('closing waits for what it works itself, not for ever', async () => {
  [due, trouble] = [['a'], 'Redis does not answer'];
  work.mockImplementation(() => new Promise(() => undefined));
  await sweep.once();
  const closed = sweep.close(1_000);
  await jest.advanceTimersByTimeAsync(1_000);
  await closed;
  expect(log.lines).toEqual([{ level: 'warn', words: 'jobs are still running; their leases will expire', fields: {} }]);
});
