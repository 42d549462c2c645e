import type { Cloud } from '../clouds/cloud';
import { ListSnapshots } from './list-snapshots';
import type { CloudListAsked, ReadableFound, Reading } from './reading';

/** Bounds of what is kept of lists that were put together. */
const readingOf = (tenant: string, { hides = false, isKnown = true } = {}): Reading =>
  ({
    tenant,
    context: {
      catalogue: { pathOf: () => 'machines' },
      store: { recent: { mark: () => 0, changed: () => (isKnown ? new Set() : undefined) } },
      policy: { rights: { hides } },
    },
  }) as unknown as Reading;
const [a, b] = [readingOf('a'), readingOf('b')];
const CLOUDS = new Map(['sim', 'other'].map((key) => [key, { key } as Cloud]));
const askedAt = (at: number, key = 'sim'): CloudListAsked => ({
  type: 'Machine',
  cloud: CLOUDS.get(key) as Cloud,
  seen: { value: [], at, later: new Map() },
});
const founds = (count: number) => Array.from({ length: count }, (_, index) => ({ path: `machines/${index}` }) as ReadableFound);

/** Asks for a list, which is then put together where it is not followed. */
async function put(snapshots: ListSnapshots, reading: Reading, asked: CloudListAsked, count: number): Promise<void> {
  expect(await snapshots.current(reading, asked)).toBeUndefined();
  snapshots.add(reading, asked, 0, founds(count));
}

test('lists of an earlier answer of the provider are let go of with all of it, whoever asks for the next', async () => {
  const snapshots = new ListSnapshots();
  await put(snapshots, a, askedAt(1), 2);
  await put(snapshots, a, askedAt(1, 'other'), 1);
  await put(snapshots, b, askedAt(1), 3);
  expect((await snapshots.current(a, askedAt(1)))?.length).toBe(2);
  expect((await snapshots.current(b, askedAt(1)))?.length).toBe(3);
  await put(snapshots, b, askedAt(2), 3);
  expect(await snapshots.current(a, askedAt(1))).toBeUndefined();
  expect((await snapshots.current(a, askedAt(1, 'other')))?.length).toBe(1);
});

test('a list of an answer that is the last no more by the time it is put together is not kept', async () => {
  const snapshots = new ListSnapshots();
  expect(await snapshots.current(a, askedAt(1))).toBeUndefined();
  await put(snapshots, b, askedAt(2), 3);
  snapshots.add(a, askedAt(1), 0, founds(2));
  expect((await snapshots.current(b, askedAt(2)))?.length).toBe(3);
  expect(await snapshots.current(a, askedAt(1))).toBeUndefined();
});

test.each<[string, Reading, Partial<CloudListAsked>]>([
  ['another tenant', b, {}],
  ['somebody from whom rules hide something', readingOf('a', { hides: true }), {}],
  ['who asks for another type', a, { type: 'Volume' }],
  ['who asks for a cloud that was connected anew', a, { cloud: { key: 'sim' } as Cloud }],
  ['anybody, where it is not known what has changed', readingOf('a', { isKnown: false }), {}],
])('%s is given none', async (_who, who, other) => {
  const snapshots = new ListSnapshots();
  await put(snapshots, a, askedAt(1), 2);
  expect(await snapshots.current(who, { ...askedAt(1), ...other })).toBeUndefined();
});

test('of what somebody sees from whom rules hide something nothing is kept for the others', async () => {
  const snapshots = new ListSnapshots();
  await put(snapshots, readingOf('a', { hides: true }), askedAt(1), 2);
  expect(await snapshots.current(a, askedAt(1))).toBeUndefined();
});

test('lists in which there is nothing count, too: the longest unused give way, and none that is in use', async () => {
  jest.useFakeTimers();
  const snapshots = new ListSnapshots();
  await put(snapshots, a, askedAt(1), 1);
  const many = 24_999;
  for (let index = 0; index < many; index += 1) snapshots.add(readingOf(`t${index}`), askedAt(1), 0, founds(1));
  expect((await snapshots.current(a, askedAt(1)))?.length).toBe(1);
  snapshots.add(b, askedAt(1), 0, []);
  expect(await snapshots.current(b, askedAt(1))).toBeUndefined();
  jest.advanceTimersByTime(6_000);
  expect((await snapshots.current(a, askedAt(1)))?.length).toBe(1);
  snapshots.add(b, askedAt(1), 0, []);
  expect(await snapshots.current(b, askedAt(1))).toEqual([]);
  expect(await snapshots.current(readingOf('t0'), askedAt(1))).toBeUndefined();
  expect((await snapshots.current(readingOf('t1'), askedAt(1)))?.length).toBe(1);
  jest.useRealTimers();
});
