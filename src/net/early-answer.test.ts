import fc from 'fast-check';
import { awaitingRefusal } from './early-answer';

/** Bytes of which each differs from its neighbours. */
const bytesOf = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, at) => at % 251));

async function* inParts(whole: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) yield await Promise.resolve(whole.subarray(at, (at += size)));
}

/** Takes all; `passed` tells what has come so far. */
function taking(bytes: AsyncIterable<Uint8Array>): { passed: () => Buffer; ended: Promise<void> } {
  const parts: Uint8Array[] = [];
  const ended = (async () => {
    for await (const part of bytes) parts.push(part);
  })();
  return { passed: () => Buffer.concat(parts), ended };
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('16 KiB go at once, what follows after one pause, and all bytes in their order', async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40_000 }), fc.constantFrom(0, 1, 16_383, 16_384, 16_385)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sizes, async (all) => {
      const whole = bytesOf(all.reduce((sum, size) => sum + size, 0));
      const { passed, ended } = taking(awaitingRefusal(inParts(whole, all)));
      await new Promise(setImmediate);
      expect(passed().equals(whole.subarray(0, 16_384))).toBe(true);
      await jest.advanceTimersByTimeAsync(500);
      await ended;
      expect(passed().equals(whole)).toBe(true);
    }),
    { numRuns: 100 },
  );
});
