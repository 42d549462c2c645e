import { Ledger, type Footing } from './ledger';

const FAR = Number.MAX_SAFE_INTEGER;

/** Makes something of a read of these topics, while something else happens. */
async function madeOf(ledger: Ledger, topics: readonly string[], meanwhile: () => void = () => undefined): Promise<Footing | undefined> {
  const { footing } = await ledger.watch(async () => {
    for (const topic of topics) ledger.read(topic);
    await Promise.resolve();
    meanwhile();
  });
  return footing;
}

test('what was made counts until something changes that was read for it', async () => {
  const ledger = new Ledger();
  const footing = (await madeOf(ledger, ['a', 'b'])) as Footing;
  ledger.changed('c');
  expect(ledger.stands(footing, 0)).toBe(true);
  ledger.changed('b');
  expect(ledger.stands(footing, 0)).toBe(false);
});

test('a change of everything concerns everything, also what read nothing', async () => {
  const ledger = new Ledger();
  const footing = (await madeOf(ledger, [])) as Footing;
  expect(ledger.stands(footing, FAR)).toBe(true);
  ledger.changedAll();
  expect(ledger.stands(footing, 0)).toBe(false);
});

test('what changes while it is made does not count at all', async () => {
  const ledger = new Ledger();
  expect(await madeOf(ledger, ['a'], () => ledger.changed('a'))).toBeUndefined();
  expect(await madeOf(ledger, [], () => ledger.changedAll())).toBeUndefined();
  expect(await madeOf(ledger, ['a'], () => ledger.changed('b'))).toBeDefined();
});

test('a read whose changes nobody tells keeps everything that is being made from counting', async () => {
  const ledger = new Ledger();
  expect(await madeOf(ledger, ['a'], () => ledger.readUntold())).toBeUndefined();
  ledger.readUntold();
  expect(await madeOf(ledger, ['a'])).toBeDefined();
});

test('it counts no longer than the first of the times up to which what was read does', async () => {
  const ledger = new Ledger();
  const { footing } = await ledger.watch(() => {
    ledger.readUntil(2_000);
    ledger.readUntil(1_000);
    return Promise.resolve();
  });
  expect(ledger.stands(footing as Footing, 1_000)).toBe(true);
  expect(ledger.stands(footing as Footing, 1_001)).toBe(false);
});

test('what another reads at the same time counts as read, so that no join of two readings is missed', async () => {
  const ledger = new Ledger();
  let other: Promise<unknown> = Promise.resolve();
  const footing = (await madeOf(ledger, ['a'], () => {
    other = madeOf(ledger, ['b']);
  })) as Footing;
  await other;
  ledger.changed('b');
  expect(ledger.stands(footing, 0)).toBe(false);
});

test('what reads more than a bounded number of topics is not kept, and notes are thrown away', async () => {
  const ledger = new Ledger();
  expect(
    await madeOf(
      ledger,
      Array.from({ length: 1_000 }, (_, index) => `topic ${index}`),
    ),
  ).toBeUndefined();
  const many = Array.from({ length: 100_001 }, () => 'the same');
  expect(await madeOf(ledger, many)).toBeUndefined();
  expect(await madeOf(ledger, ['a'])).toBeDefined();
});

test('of the paths that changed, those since a mark are known, each once; not those before what changed everything', () => {
  const ledger = new Ledger();
  ledger.changedAt('a');
  const mark = ledger.mark();
  expect(ledger.changedSince(mark)).toEqual(new Set());
  for (const path of ['b', 'c', 'b']) ledger.changedAt(path);
  expect(ledger.changedSince(mark)).toEqual(new Set(['b', 'c']));
  expect(ledger.changedSince(ledger.mark())).toEqual(new Set());
  ledger.changedAll();
  expect(ledger.changedSince(mark)).toBeUndefined();
  const after = ledger.mark();
  ledger.changedAt('d');
  expect(ledger.changedSince(after)).toEqual(new Set(['d']));
});

test('paths are forgotten in time: what changed since a mark that is too old is not known', () => {
  const ledger = new Ledger();
  const old = ledger.mark();
  for (let number = 0; number < 2_000; number += 1) ledger.changedAt(`path ${number}`);
  expect(ledger.changedSince(old)?.size).toBe(2_000);
  const recent = ledger.mark();
  ledger.changedAt('one more');
  expect(ledger.changedSince(old)).toBeUndefined();
  expect(ledger.changedSince(recent)).toEqual(new Set(['one more']));
});
