import { judge, wordsOf, type Allowance } from './flat';

/** The rule by which a soak tells what grew. */
const MINUTE = 60_000;

const measured = (values: readonly number[], allowance: Allowance = { most: 2, perHour: 4 }) => ({
  ...{ name: 'live memory of gateway-1', unit: 'MiB', allowance, values },
  at: values.map((_, index) => index * MINUTE),
});
const isFlat = (values: readonly number[], allowance?: Allowance): boolean => judge(measured(values, allowance)).flat;
/** An hour, a value a minute. */
const hour = (value: (minute: number) => number): number[] => Array.from({ length: 60 }, (_, minute) => value(minute));

test('what stays is flat, whatever single peaks there are', () => {
  expect(isFlat(hour(() => 60))).toBe(true);
  expect(isFlat(hour((minute) => (minute % 7 === 0 ? 200 : 60)))).toBe(true);
  expect(isFlat(hour((minute) => (minute === 59 ? 500 : 60)))).toBe(true);
});

test('what falls, or fills in the warm-up, is flat', () => {
  expect(isFlat(hour((minute) => 100 - minute))).toBe(true);
  expect(isFlat(hour((minute) => Math.min(minute, 12) * 10))).toBe(true);
});

test('what grows by more than the allowance an hour is not', () => {
  expect(isFlat(hour((minute) => 60 + (3 * minute) / 60))).toBe(true);
  expect(isFlat(hour((minute) => 60 + (5 * minute) / 60))).toBe(false);
});

test('a single step that stays is growth', () => {
  expect(isFlat(hour((minute) => (minute < 40 ? 60 : 63)))).toBe(false);
});

test('a short run is held against the allowance in all', () => {
  const [little, much] = [1, 3].map((growth) => Array.from({ length: 12 }, (_, at) => 60 + (growth * at) / 6));
  expect([isFlat(little ?? []), isFlat(much ?? [])]).toEqual([true, false]);
});

test('rows that follow the pace of the load are flat, rows that nobody removes are not', () => {
  const rows = { most: 50, part: 0.5 };
  expect(
    isFlat(
      hour((minute) => (minute < 30 ? 1000 : 1400)),
      rows,
    ),
  ).toBe(true);
  expect(
    isFlat(
      hour((minute) => minute * 20),
      rows,
    ),
  ).toBe(false);
});

test('what grew is told in words', () => {
  const verdict = judge(measured(hour((minute) => 60 + minute)));
  expect(wordsOf(verdict)).toBe('live memory of gateway-1 grew from 82 to 112 MiB in 30 minutes: 60 MiB an hour');
});

test('too few measurements tell nothing', () => {
  expect(() => judge(measured([1, 2, 3]))).toThrow(/was measured 3 times: too few/);
});
