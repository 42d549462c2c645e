import type { Disk, Extent } from '../disks/disk';
import { TransferRates, pacedBytes, pacedDisk, TransferRate } from './rate';

const MIB = 2 ** 20;
const never = new AbortController().signal;

/** A rate of 1 MiB/s by a clock that only waits move on. */
function rateOf() {
  let now = 0;
  const rate = new TransferRate(
    MIB,
    () => now,
    (ms) => {
      now += ms;
      return Promise.resolve();
    },
  );
  return { rate, rest: (ms: number) => (now += ms), elapsed: () => now };
}

async function collected<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of all) found.push(one);
  return found;
}

test('a second of bytes passes at once, the rest at the rate, in whatever pieces', async () => {
  const { rate, elapsed } = rateOf();
  for (let piece = 0; piece < 40; piece += 1) await rate.pass(MIB / 4, never);
  expect(elapsed()).toBe(9_000);
});

test('a rest saves no more than a second', async () => {
  const { rate, rest, elapsed } = rateOf();
  await rate.pass(MIB, never);
  rest(3_600_000);
  await rate.pass(3 * MIB, never);
  expect(elapsed()).toBe(3_602_000);
});

test('two transfers share it', async () => {
  const waits: number[] = [];
  const rate = new TransferRate(
    MIB,
    () => 0,
    (ms) => Promise.resolve(waits.push(ms)),
  );
  await Promise.all([rate.pass(2 * MIB, never), rate.pass(MIB, never)]);
  expect(waits).toEqual([1_000, 2_000]);
});

test('a disk is what it was; only data takes its time', async () => {
  const { rate, elapsed } = rateOf();
  const all: Extent[] = [
    { offset: 0, data: new Uint8Array(MIB).fill(1) },
    { offset: MIB, zeros: 100 * MIB },
    { offset: 101 * MIB, data: new Uint8Array(MIB).fill(2) },
  ];
  const disk: Disk = {
    ...{ size: 102 * MIB, allocated: 2 * MIB, rereadable: true },
    async *extents(from) {
      yield* await Promise.resolve(all.filter(({ offset }) => offset >= from));
    },
  };
  const paced = pacedDisk(disk, rate, never);
  expect(paced).toMatchObject({ size: 102 * MIB, allocated: 2 * MIB, rereadable: true });
  expect(await collected(paced.extents(0))).toEqual(all);
  expect(elapsed()).toBe(1_000);
  expect(await collected(paced.extents(101 * MIB))).toEqual(all.slice(2));
  expect(pacedDisk(disk, undefined, never)).toBe(disk);
});

test('who gives up waits no longer', async () => {
  const stop = new AbortController();
  const rate = new TransferRate(1);
  async function* bytes() {
    yield await Promise.resolve(new Uint8Array(MIB));
  }
  const passing = collected(pacedBytes(bytes(), rate, stop.signal));
  stop.abort();
  await expect(passing).rejects.toMatchObject({ kind: 'unavailable', maybeDone: false });
});

describe('rates of copies', () => {
  test('are those of the last five of each way together', () => {
    const rates = new TransferRates();
    expect(rates.of('a', 'b')).toBeUndefined();
    rates.note('a', 'b', { bytes: 1_000_000, ms: 1 });
    for (let count = 0; count < 4; count += 1) rates.note('a', 'b', { bytes: 1000, ms: 1000 });
    rates.note('a', 'b', { bytes: 6000, ms: 1000 });
    expect(rates.of('a', 'b')).toBe(2000);
    expect(rates.of('b', 'a')).toBeUndefined();
  });
});
