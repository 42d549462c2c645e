import { durationSeconds, instantOf } from './time';

describe('xs:date and xs:dateTime (XML Schema 1.0, part 2: 3.2.7 and 3.2.9)', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01', 0],
    ['1970-01-02', 86_400_000],
    ['1970-01-01T01:02:03', 3_723_000],
    ['1970-01-01T23:59:59Z', 86_399_000],
    ['1970-01-01T24:00:00Z', 86_400_000],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['9999-12-31T00:00:00Z', Date.UTC(9999, 11, 31)],
    ['2016-02-29', 1_456_704_000_000],
    ['1970-01-01T00:00:00.25-00:30', 1_800_250],
    ['1970-01-01T00:00:00.123456Z', 123.456],
    ['1970-01-01T02:59:00+02:59', 0],
    ['1970-01-01T14:00:00+14:00', 0],
    ['1969-12-31T10:00:00-14:00', 0],
    // A plus sign that was not percent-encoded.
    ['1970-01-01T01:00:00 01:00', 0],
    ['1970-01-01+01:00', -3_600_000],
  ])('%s is an instant', (text, expected) => {
    expect(instantOf(text)).toBe(expected);
  });

  it.each([
    ['no such year', '0000-01-01'],
    ['no such month', '2015-13-01'],
    ['no such month', '2015-00-01'],
    ['no such day', '2015-02-29'],
    ['no such day', '2015-04-31'],
    ['no such day', '2015-04-00'],
    ['no seconds', '2015-01-01T10:00'],
    ['no digit of the fraction', '2015-01-01T10:00:00.'],
    ['no such hour', '2015-01-01T25:00:00Z'],
    ['past the end of the day', '2015-01-01T24:01:00Z'],
    ['past the end of the day', '2015-01-01T24:00:01Z'],
    ['past the end of the day', '2015-01-01T24:00:00.5Z'],
    ['no such minute', '2015-01-01T10:60:00Z'],
    ['no such second', '2015-01-01T10:00:60Z'],
    ['no such minute of the zone', '2015-01-01T10:00:00+02:60'],
    ['no such zone', '2015-01-01T10:00:00+14:01'],
    ['no such zone', '2015-01-01T10:00:00-15:00'],
    ['something before', 'x2015-01-01'],
    ['something behind', '2015-01-01x'],
    ['five digits of the year', '12015-01-01'],
  ])('%s: %s', (_, text) => {
    expect(instantOf(text)).toBeUndefined();
  });
});

describe('xs:duration (XML Schema 1.0, part 2: 3.2.6)', () => {
  it.each([
    ['PT0S', 0],
    ['P1DT1H1M1.5S', 90_061.5],
    ['P12DT34H56M78.25S', 12 * 86_400 + 34 * 3_600 + 56 * 60 + 78.25],
    ['PT10S', 10],
    ['PT2M', 120],
    ['PT1H', 3_600],
    ['-P1D', -86_400],
    // 365.2425 days: the average year of the Gregorian calendar.
    ['P1Y', 31_556_952],
    ['P10Y', 315_569_520],
    ['P1M', 2_629_746],
    ['P12M', 31_556_952],
  ])('%s', (text, expected) => {
    expect(durationSeconds(text)).toBe(expected);
  });

  it.each(['P', 'PT', 'P1DT', '1D', 'P1H', 'PT1Y', 'P1S', 'PT1.S', 'PT.5S', 'P1.5D', '+P1D', 'xP1D', 'P1Dx'])('%s is none', (text) => {
    expect(durationSeconds(text)).toBeUndefined();
  });
});
