import type { JobQueue } from '../../src/jobs/queue';
import { elapse, stays, takesAtLeast, waitUntil } from '../harness/wait';

/** Makes queues over one backend; two made by one maker are two processes. */
export interface QueueMaker {
  make(): JobQueue;
}

/** Tests what every queue promises (src/jobs/queue.ts). */
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
    await queue.notify('early');
    await queue.start(async (id) => void seen.push(id), 4);
    await queue.notify('late');
    await waitUntil(() => seen.length === 2);
    expect(new Set(seen)).toEqual(new Set(['early', 'late']));
    expect(queue.trouble()).toBeUndefined();
  });

  test('not before its delay, and by then', async () => {
    const queue = make();
    const seen: string[] = [];
    await queue.start(async (id) => void seen.push(id), 4);
    await takesAtLeast(2_000, async () => {
      await queue.notify('later', 2_000);
      await queue.notify('soon', 700);
      await queue.notify('now');
      await waitUntil(() => seen.length === 3);
    });
    expect(seen).toEqual(['now', 'soon', 'later']);
  });

  test('an id told again while in hand is handed out again', async () => {
    const queue = make();
    let runs = 0;
    let release: (() => void) | undefined;
    await queue.start(async () => {
      runs++;
      if (runs === 1) await new Promise<void>((resolve) => (release = resolve));
    }, 1);
    await queue.notify('a');
    await waitUntil(() => release !== undefined);
    await queue.notify('a');
    release?.();
    await waitUntil(() => runs >= 2);
  });

  test('an id told again after it was done is handed out again', async () => {
    const queue = make();
    const seen: string[] = [];
    await queue.start(async (id) => void seen.push(id), 2);
    for (let count = 1; count <= 3; count++) {
      await queue.notify('a');
      await waitUntil(() => seen.length === count);
    }
  });

  test('a delayed tell is not lost to an earlier or later one of the same id', async () => {
    const queue = make();
    let times = 0;
    await queue.start(async () => void times++, 2);
    await takesAtLeast(300, async () => {
      await queue.notify('a', 300);
      await queue.notify('a', 100);
      await queue.notify('a');
      await waitUntil(() => times === 3);
    });
  });

  test('never more in hand than asked for, and as many as asked for', async () => {
    const queue = make();
    let inHand = 0;
    let most = 0;
    let done = 0;
    await queue.start(async () => {
      most = Math.max(most, ++inHand);
      await waitUntil(() => most === 3);
      await elapse(20);
      inHand--;
      done++;
    }, 3);
    await Promise.all(Array.from({ length: 12 }, (_, index) => queue.notify(`job-${index}`)));
    await waitUntil(() => done === 12);
    expect(most).toBe(3);
  });

  test('what is at its last write makes room for others, for as many as there is room for; it is waited for at the end', async () => {
    const queue = make();
    const seen: string[] = [];
    const finish: (() => void)[] = [];
    let finished = 0;
    await queue.start(async (id, letGo) => {
      seen.push(id);
      letGo();
      letGo();
      await new Promise<void>((resolve) => finish.push(resolve));
      finished++;
    }, 2);
    await Promise.all(Array.from({ length: 7 }, (_, index) => queue.notify(`job-${index}`)));
    await waitUntil(() => seen.length === 4);
    await stays(50, () => expect(seen).toHaveLength(4));
    for (const one of finish.splice(0)) one();
    await waitUntil(() => seen.length === 7);
    const closed = queue.close(60_000);
    for (const one of finish) one();
    await closed;
    expect([finished, new Set(seen).size]).toEqual([7, 7]);
  });

  test('close waits for what is in hand and takes no more', async () => {
    const queue = make();
    const seen: string[] = [];
    let finished = 0;
    await queue.start(async (id) => {
      seen.push(id);
      await elapse(150);
      finished++;
    }, 1);
    await queue.notify('a');
    await queue.notify('b');
    await waitUntil(() => seen.length === 1);
    await queue.close(60_000);
    expect(finished).toBe(1);
    await stays(200, () => expect(seen).toHaveLength(1));
  });

  test('close gives up waiting after its grace', async () => {
    const queue = make();
    let begun = false;
    await queue.start(async () => {
      begun = true;
      await new Promise(() => undefined);
    }, 1);
    await queue.notify('a');
    await waitUntil(() => begun);
    await queue.close(100);
  });
}
