import { setTimeout as sleep } from 'node:timers/promises';
import type { JobQueue } from '../../src/jobs/queue';

/** Makes queues over one backend; two made by one maker are two processes. */
export interface QueueMaker {
  make(): JobQueue;
}

const until = async (true_: () => boolean, ms = 5_000): Promise<void> => {
  for (const deadline = Date.now() + ms; !true_(); await sleep(5)) if (Date.now() > deadline) throw new Error('it did not happen');
};

/** What every queue promises (src/jobs/queue.ts). */
export function queueContract(maker: () => QueueMaker): void {
  const open: JobQueue[] = [];
  const make = (): JobQueue => {
    const queue = maker().make();
    open.push(queue);
    return queue;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.close(100)));
  });

  test('hands every told id to the worker, told before or after its start', async () => {
    const queue = make();
    const seen: string[] = [];
    await queue.tell('early');
    await queue.start(async (id) => void seen.push(id), 4);
    await queue.tell('late');
    await until(() => seen.length === 2);
    expect(new Set(seen)).toEqual(new Set(['early', 'late']));
    expect(queue.trouble()).toBeUndefined();
  });

  test('not before its delay, and not much after', async () => {
    const queue = make();
    const times = new Map<string, number>();
    const begun = performance.now();
    await queue.start(async (id) => void times.set(id, performance.now() - begun), 4);
    await queue.tell('later', 1_200);
    await queue.tell('soon', 100);
    await queue.tell('now');
    await until(() => times.size === 3);
    expect([...times.keys()]).toEqual(['now', 'soon', 'later']);
    expect(times.get('soon')).toBeGreaterThanOrEqual(99);
    expect(times.get('later')).toBeGreaterThanOrEqual(1_199);
    expect(times.get('later')).toBeLessThan(6_000);
  });

  test('an id told again while in hand is handed out again', async () => {
    const queue = make();
    let runs = 0;
    let release: (() => void) | undefined;
    await queue.start(async () => {
      runs++;
      if (runs === 1) await new Promise<void>((resolve) => (release = resolve));
    }, 1);
    await queue.tell('a');
    await until(() => release !== undefined);
    await queue.tell('a');
    release?.();
    await until(() => runs >= 2);
  });

  test('an id told again after it was done is handed out again', async () => {
    const queue = make();
    const seen: string[] = [];
    await queue.start(async (id) => void seen.push(id), 2);
    for (let count = 1; count <= 3; count++) {
      await queue.tell('a');
      await until(() => seen.length === count);
    }
  });

  test('a delayed tell is not lost to an earlier or later one of the same id', async () => {
    const queue = make();
    const times: number[] = [];
    const begun = performance.now();
    await queue.start(async () => void times.push(performance.now() - begun), 2);
    await queue.tell('a', 300);
    await queue.tell('a', 100);
    await queue.tell('a');
    await until(() => times.length === 3);
    expect(times[2]).toBeGreaterThanOrEqual(299);
  });

  test('never more in hand than asked for, and as many as asked for', async () => {
    const queue = make();
    let inHand = 0;
    let most = 0;
    let done = 0;
    await queue.start(async () => {
      most = Math.max(most, ++inHand);
      await sleep(20);
      inHand--;
      done++;
    }, 3);
    await Promise.all(Array.from({ length: 12 }, (_, index) => queue.tell(`job-${index}`)));
    await until(() => done === 12);
    expect(most).toBe(3);
  });

  test('close waits for what is in hand and takes no more', async () => {
    const queue = make();
    const seen: string[] = [];
    let finished = 0;
    await queue.start(async (id) => {
      seen.push(id);
      await sleep(150);
      finished++;
    }, 1);
    await queue.tell('a');
    await queue.tell('b');
    await until(() => seen.length === 1);
    await queue.close(2_000);
    expect(finished).toBe(1);
    await sleep(200);
    expect(seen).toHaveLength(1);
  });

  test('close gives up waiting after its grace', async () => {
    const queue = make();
    let begun = false;
    await queue.start(async () => {
      begun = true;
      await sleep(5_000, undefined, { ref: false });
    }, 1);
    await queue.tell('a');
    await until(() => begun);
    const at = performance.now();
    await queue.close(100);
    expect(performance.now() - at).toBeLessThan(3_000);
  });
}
