import * as fc from 'fast-check';
import type { Item } from '../../src/clouds/driver';
import { sizesOption, weighed } from '../../src/clouds/sizes';
import type { Found } from '../../src/operations/resource-handler';
import { chooseSize, type Wish } from '../../src/operations/sizing';
import { foundOf, keyOr } from './kit';

/** The rule of decision 0025, for whatever sizes a cloud has. */

const ARCHS = ['x86_64', 'ARM'];
const figure = fc.oneof(fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 1, max: 64 }));
const size = fc.record({
  cpu: figure,
  memory: figure.map((gib) => gib * 1_048_576),
  disks: fc.array(
    fc.integer({ min: 1, max: 500 }).map((gb) => ({ capacity: gb * 1_000_000, format: 'raw' })),
    { maxLength: 3 },
  ),
  cpuArch: fc.constantFrom(...ARCHS),
  rank: fc.integer({ min: 0, max: 3 }),
  excluded: fc.option(fc.constant('has GPUs'), { nil: undefined, freq: 4 }),
  zones: fc.option(fc.subarray(['a', 'b', 'c']), { nil: undefined }),
});
const offer = fc.array(size, { minLength: 1, maxLength: 25 }).map((all) =>
  all.map(({ rank, excluded, zones, ...values }, n) => {
    const item: Item = { key: `size${n}`, values: { name: `Size ${n}`, ...values }, choice: { rank, excluded, zones } };
    return foundOf(item);
  }),
);
const wish: fc.Arbitrary<Wish> = fc
  .record({
    cpu: fc.option(figure, { nil: undefined }),
    memory: figure.map((gib) => gib * 1_048_576),
    disks: fc.option(
      fc.array(
        fc.integer({ min: 1, max: 500 }).map((gb) => ({ capacity: gb * 1_000_000 })),
        { maxLength: 3 },
      ),
      { nil: undefined },
    ),
    cpuArch: fc.constantFrom(undefined, ...ARCHS),
    zone: fc.constantFrom(undefined, 'a', 'b'),
    atMost: fc.constantFrom(1, 1.5, 2, 4),
    moreDisks: fc.boolean(),
  })
  .map(({ cpuArch, zone, atMost, moreDisks, ...figures }) => ({ figures, cpuArch, zone, atMost, moreDisks, cloud: 'sim' }));

function chosen(asked: Wish, sizes: readonly Found[]): Found | undefined {
  const key = outcome(asked, sizes);
  return key.startsWith('refused') ? undefined : sizes.find((each) => each.key === key);
}

const outcome = (asked: Wish, sizes: readonly Found[]): string => {
  try {
    return chooseSize(asked, sizes).found.key ?? '';
  } catch (error) {
    return `refused: ${error instanceof Error ? error.message : ''}`;
  }
};

const asNumber = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

test('what is chosen breaks no bound, no exclusion, no architecture and no zone', () => {
  fc.assert(
    fc.property(wish, offer, (asked, sizes) => {
      const found = chosen(asked, sizes);
      fc.pre(found !== undefined);
      for (const name of ['cpu', 'memory'] as const) {
        const want = asked.figures[name];
        if (want === undefined) continue;
        expect(asNumber(found.values[name])).toBeGreaterThanOrEqual(asNumber(want));
        expect(asNumber(found.values[name])).toBeLessThanOrEqual(asNumber(want) * asked.atMost);
      }
      expect(found.item?.choice?.excluded).toBeUndefined();
      expect(found.values.cpuArch).toBe(asked.cpuArch ?? 'x86_64');
      if (asked.zone !== undefined && found.item?.choice?.zones) expect(found.item.choice.zones).toContain(asked.zone);
    }),
    { numRuns: 500 },
  );
});

test('what has just the figures is taken before anything larger', () => {
  fc.assert(
    fc.property(offer, fc.nat(), (sizes, n) => {
      const one = sizes[n % sizes.length];
      fc.pre(one !== undefined && one.item?.choice?.excluded === undefined);
      const { cpu, memory, cpuArch } = one.values;
      const found = chosen({ figures: { cpu, memory }, cpuArch: String(cpuArch), atMost: 2, moreDisks: true, cloud: 'sim' }, sizes);
      expect([found?.values.cpu, found?.values.memory]).toEqual([cpu, memory]);
    }),
  );
});

test('the choice does not depend on the order of the list, and the same wish gets the same', () => {
  fc.assert(
    fc.property(wish, offer, fc.nat(), (asked, sizes, seed) => {
      const turned = [...sizes.slice(seed % sizes.length), ...sizes.slice(0, seed % sizes.length)];
      expect(outcome(asked, turned)).toBe(outcome(asked, sizes));
      expect(outcome(asked, [...sizes].reverse())).toBe(outcome(asked, sizes));
    }),
  );
});

test('disks choose among sizes of the same figures only, and never make them larger', () => {
  fc.assert(
    fc.property(wish, offer, (asked, sizes) => {
      const { disks: _disks, ...figures } = asked.figures;
      const bare = chosen({ ...asked, figures, moreDisks: true }, sizes);
      const found = chosen({ ...asked, moreDisks: true }, sizes);
      const area = (one: Found | undefined) => asNumber(one?.values.memory) * (figures.cpu === undefined ? 1 : asNumber(one?.values.cpu));
      expect(area(found)).toBe(area(bare));
    }),
  );
});

test('a refusal names sizes with their ids, where there is one that would do for the machine at all', () => {
  fc.assert(
    fc.property(wish, offer, (asked, sizes) => {
      const words = outcome({ ...asked, moreDisks: true }, sizes);
      fc.pre(words.startsWith('refused'));
      expect(words).toMatch(/the nearest are machineConfigs\/sim\.size\d+|none is for such a machine/);
      expect(words).toContain(`at most ${asked.atMost} times`);
    }),
  );
});

test.each([
  ['t3.*', 't3.large', true],
  ['t3.*', 't3a.large', false],
  ['t?.large', 't3.large', true],
  ['*', '', true],
  ['*.large', 'm5.xlarge', false],
  ['m[5].*', 'm5.large', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
])('the pattern %s means %s: %s', (pattern, name, means) => {
  const option = sizesOption.parse({ exclude: [pattern] });
  expect(weighed(option, [name], { rank: 0 }).excluded === undefined).toBe(!means);
});

test('a pattern takes no long time, whatever it is matched with', () => {
  const option = sizesOption.parse({ exclude: [`${'*a'.repeat(120)}b`] });
  expect(weighed(option, ['a'.repeat(250)], { rank: 0 }).excluded).toBeUndefined();
});

test('a cloud without any size refuses in words', () => {
  expect(keyOr([], { cpu: 1, memory: 1 })).toMatch(/^refused: no machine configuration of cloud 'sim'/);
});
