import fc from 'fast-check';
import { awaitingRefusal } from './early-answer';

async function* partsOf(sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) yield await Promise.resolve(Buffer.from(Array.from({ length: size }, () => at++ % 251)));
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return parts;
}

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test.each([[[]], [[0]], [[16_384]], [[10_000, 6_384]], [[1, 0, 2]]])('%j bytes go at once', async (sizes) => {
  const parts = await all(awaitingRefusal(partsOf(sizes)));
  expect(Buffer.concat(parts).equals(Buffer.concat(await all(partsOf(sizes))))).toBe(true);
});

test('all bytes pass, in their order, after one pause', async () => {
  const size = fc.integer({ min: 0, max: 40_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(size, { maxLength: 6 }), async (sizes) => {
      const passed = all(awaitingRefusal(partsOf(sizes)));
      await jest.advanceTimersByTimeAsync(1_000);
      const parts = await passed;
      expect(Buffer.concat(parts).equals(Buffer.concat(await all(partsOf(sizes))))).toBe(true);
    }),
    { numRuns: 50 },
  );
});
