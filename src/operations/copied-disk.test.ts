import { createHash } from 'node:crypto';
import { passing, stopClock } from '../../test/harness/wait';
import type { Disk, Extent } from '../disks/disk';
import { ProviderError } from '../clouds/errors';
import { digestOf as digestOfDisk } from '../disks/content-digest';
import { CopiedDisk, type CopyPoint } from './copied-disk';

const KIB = 1024;
const SIZE = 64 * KIB;
const piece = (offset: number): Extent => ({ offset, data: new Uint8Array(KIB).fill(1 + offset / KIB) });

afterEach(() => void jest.useRealTimers());

interface Reported {
  share: number;
  message: string;
  digest?: string;
  reached?: CopyPoint;
}

function copied(extents: readonly Extent[], more: Partial<Disk> = {}, besides: { reopen?: () => Promise<Disk>; resume?: CopyPoint } = {}) {
  const { reopen, resume } = besides;
  const reports: Reported[] = [];
  let givenUp = 0;
  const disk: Disk = {
    size: SIZE,
    rereadable: true,
    async *extents(from) {
      yield* await Promise.resolve(extents.filter(({ offset }) => offset >= from));
    },
    ...more,
  };
  const limits = {
    ...{ idleMs: 1000, stalled: 'the other side took nothing more', giveUp: () => void (givenUp += 1) },
    ...{ signal: new AbortController().signal, reopen },
    report: async (progress: Reported) => void reports.push(await Promise.resolve(progress)),
  };
  return { disk: new CopiedDisk(disk, limits, resume), reports, givenUp: () => givenUp };
}

async function read(disk: Disk, from = 0, each: (extent: Extent) => Promise<void> = () => Promise.resolve()): Promise<void> {
  for await (const extent of disk.extents(from)) await each(extent);
}

const digestOf = (...pieces: readonly Extent[]) => {
  const bytes = Buffer.alloc(SIZE);
  for (const extent of pieces) if ('data' in extent) bytes.set(extent.data, extent.offset);
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
};

test('the digest of what has passed is told at the end, with the whole share', async () => {
  const { disk, reports } = copied([piece(0), piece(8 * KIB)]);
  await read(disk);
  expect(reports).toEqual([{ share: 1, message: 'Copied 0.00 GiB', digest: digestOf(piece(0), piece(8 * KIB)) }]);
});

test.each([
  ['data, where it is known how much there is', { allocated: 4 * KIB }, [0.25, 0.5, 0.75, 1]],
  ['place, where it is not', {}, [1 / 64, 17 / 64, 33 / 64, 49 / 64]],
])('the share is that of the %s, told as time goes by', async (_, more, shares) => {
  const pieces = [0, 16, 32, 48].map((at) => piece(at * KIB));
  const quick = copied(pieces, more);
  await read(quick.disk);
  // Nothing is told within two seconds but the end.
  expect(quick.reports.map(({ share }) => share)).toEqual([1]);
  stopClock();
  const slow = copied(pieces, more);
  await passing(3_000);
  await read(slow.disk, 0, () => passing(3_000));
  expect(slow.reports.map(({ share }) => share)).toEqual([...shares, 1]);
});

test('whoever reads from the middle on is given the rest alone, and the digest is that of all', async () => {
  const all = [piece(0), piece(KIB), piece(2 * KIB)];
  const { disk, reports } = copied(all);
  for (const from of [0, 2 * KIB, KIB, KIB + 512]) {
    const given: number[] = [];
    for await (const { offset } of disk.extents(from)) given.push(offset);
    expect(given).toEqual([from, ...[KIB, 2 * KIB].filter((offset) => offset > from)]);
    expect(reports.at(-1)?.digest).toBe(digestOf(...all));
  }
});

describe('a reading that breaks off in passing', () => {
  const broken = new ProviderError('unavailable', 'broke off', { maybeDone: false });
  const all = [piece(0), piece(KIB), piece(2 * KIB)];
  const breaking = (after: number): Partial<Disk> => ({
    async *extents(from) {
      yield* await Promise.resolve(all.filter(({ offset }) => offset >= from && offset < after));
      throw broken;
    },
  });
  const whole = copied(all).disk;

  test('goes on where it broke, of what is opened again', async () => {
    let opened = 0;
    const reopen = () => Promise.resolve(((opened += 1), whole));
    const { disk, reports } = copied([], breaking(2 * KIB), { reopen });
    const given: number[] = [];
    for await (const { offset } of disk.extents(0)) given.push(offset);
    expect([given, opened]).toEqual([[0, KIB, 2 * KIB], 1]);
    expect(reports.at(-1)?.digest).toBe(digestOf(...all));
  });

  test.each<[string, Partial<Disk>, (() => Promise<Disk>) | undefined]>([
    ['nothing tells whether it would be the same', breaking(KIB), undefined],
    ['nothing had come yet', breaking(0), () => Promise.resolve(whole)],
    ['it can be read once', { ...breaking(KIB), rereadable: false }, () => Promise.resolve(whole)],
  ])('ends where %s', async (_why, more, reopen) => {
    const { disk } = copied([], more, reopen ? { reopen } : {});
    await expect(read(disk)).rejects.toBe(broken);
    expect(disk.failure).toBe(broken);
  });

  test('ends where it is another by then', async () => {
    const another = new ProviderError('conflict', 'changed', { maybeDone: false });
    const { disk } = copied([], breaking(KIB), { reopen: () => Promise.reject(another) });
    await expect(read(disk)).rejects.toBe(another);
  });
});

test('of a disk that is not hashed whole another attempt reads the rest alone, and tells the same digest', async () => {
  const size = 2 ** 40;
  const MIB = 2 ** 20;
  const all = Array.from({ length: 80 }, (_, index) => ({ offset: index * 16 * MIB, data: new Uint8Array(MIB).fill(index + 1) }));
  const begun: number[] = [];
  const more: Partial<Disk> = {
    size,
    async *extents(from) {
      begun.push(from);
      yield* await Promise.resolve(all.filter(({ offset }) => offset >= from));
    },
  };
  const first = copied([], more);
  const point = (offset: number) => ({ key: 'half', offset, state: 'the driver’s' });
  for await (const { offset } of first.disk.extents(0)) {
    // The taking side is three blocks behind.
    await first.disk.keep(point(Math.max(0, offset - 3 * 16 * MIB)));
    if (offset >= 70 * 16 * MIB) break;
  }
  const kept = first.reports.flatMap(({ reached }) => reached ?? []);
  // 70 MiB have passed, and it is kept each 32 MiB.
  expect(kept.length).toBe(2);
  const resume = kept.at(-1);
  const second = copied([], more, resume ? { resume } : {});
  const given: number[] = [];
  for await (const { offset } of second.disk.extents(resume?.point.offset ?? 0)) given.push(offset);
  expect(given[0]).toBe(resume?.point.offset);
  expect(begun[1]).toBeGreaterThan(50 * 16 * MIB);
  expect(second.reports.at(-1)?.digest).toBe(await digestOfDisk({ size, rereadable: true, extents: more.extents as Disk['extents'] }));
  await first.disk.keep(point(size), true);
  expect(first.reports.at(-1)?.reached?.point.offset).toBe(size);
});

test('whoever takes nothing more is given up, for that reason', async () => {
  stopClock();
  const { disk, givenUp } = copied([piece(0), piece(KIB)]);
  const reading = disk.extents(0)[Symbol.asyncIterator]();
  const first = reading.next();
  await passing(0);
  await first;
  await passing(999);
  expect(givenUp()).toBe(0);
  await passing(1);
  expect(givenUp()).toBe(1);
  expect(disk.failure).toMatchObject({ kind: 'timeout', message: 'the other side took nothing more', maybeDone: true });
});

test('what the reading breaks off with is kept, whatever the other side makes of it', async () => {
  const broken = new Error('broke off');
  const { disk } = copied([], {
    async *extents() {
      yield await Promise.resolve(piece(0));
      throw broken;
    },
  });
  await expect(read(disk)).rejects.toBe(broken);
  expect(disk.failure).toBe(broken);
});
