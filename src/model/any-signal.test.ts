import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '../../test/harness/wait';
import { anySignal } from './any-signal';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage until the promise has come. */
async function underCollection<T>(promise: Promise<T>): Promise<T> {
  let came: { value: T } | undefined;
  void promise.then((value) => (came = { value }));
  return (
    await eventually(() => {
      collect();
      return came;
    })
  ).value;
}

/** Waits as a request does: nobody holds the signal but its listener, and nobody the deadline but the signal. */
const waiting = (...others: AbortSignal[]) =>
  new Promise<unknown>((resolve) => {
    const signal = anySignal(AbortSignal.timeout(100), ...others);
    signal.addEventListener('abort', () => resolve((signal.reason as DOMException).name));
  });

describe('A signal of several', () => {
  test('keeps a deadline that nobody else holds, whatever is collected meanwhile', async () => {
    expect(await underCollection(waiting())).toBe('TimeoutError');
    expect(await underCollection(waiting(new AbortController().signal))).toBe('TimeoutError');
  });

  test('keeps the deadlines of a signal that it is made from', async () => {
    const nested = new Promise<unknown>((resolve) => {
      const signal = anySignal(anySignal(AbortSignal.timeout(100)), new AbortController().signal);
      signal.addEventListener('abort', () => resolve((signal.reason as DOMException).name));
    });
    expect(await underCollection(nested)).toBe('TimeoutError');
  });

  test('tells an abort that nobody listened to', async () => {
    const stopped = () => {
      const controller = new AbortController();
      const made = anySignal(controller.signal);
      controller.abort('stop');
      return made;
    };
    const signal = stopped();
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect([signal.aborted, signal.reason]).toEqual([true, 'stop']);
  });

  test('is collected once nobody uses it', async () => {
    const long = new AbortController();
    const unused = new WeakRef(anySignal(long.signal, AbortSignal.timeout(1e6)));
    await eventually(() => {
      collect();
      return unused.deref() === undefined ? true : undefined;
    });
    expect(long.signal.aborted).toBe(false);
  });
});
