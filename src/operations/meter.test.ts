import type { Found } from './resource-handler';
import { isExpired, isRecording, meterHandler } from './meter';

/** A Meter records until its stopTime or its expiresTime, whichever comes first (Table 49; D171, D172). */
const NOW = Date.parse('2026-11-30T12:00:00Z');

test.each([
  [{}, true],
  [{ stopTime: '2026-11-30T12:00:01Z' }, true],
  [{ stopTime: '2026-11-30T12:00:00Z' }, false],
  [{ stopTime: '2026-11-30T13:00:00+01:00' }, false],
  [{ expiresTime: '2026-11-30T11:59:59.999Z' }, false],
  [{ expiresTime: '2999-01-01T00:00:00Z', stopTime: '2026-01-01T00:00:00Z' }, false],
  [{ stopTime: 'no time' }, true],
])('%p records: %p', (values, expected) => {
  expect(isRecording(values, NOW)).toBe(expected);
});

test('it expires at its expiresTime', () => {
  expect(isExpired({ expiresTime: '2026-11-30T12:00:00Z' }, NOW)).toBe(true);
  expect(isExpired({ expiresTime: '2026-11-30T12:00:00.001Z', stopTime: '2001-01-01T00:00:00Z' }, NOW)).toBe(false);
  expect(isExpired({}, NOW)).toBe(false);
});

const LATER = '2026-11-30T12:00:01Z';
const [PAST, LAST] = ['2026-11-30T12:00:00Z', '2026-11-30T12:00:02Z'];
test.each([
  [{}, undefined],
  [{ stopTime: PAST, expiresTime: PAST }, undefined],
  [{ stopTime: LATER }, LATER],
  [{ stopTime: LAST, expiresTime: LATER }, LATER],
  [{ stopTime: PAST, expiresTime: LAST }, LAST],
])('what is offered of %p changes by itself at %p', (values, expected) => {
  const found = { values } as unknown as Found;
  expect(meterHandler.changesAt?.(found, NOW)).toBe(expected === undefined ? undefined : Date.parse(expected));
});
