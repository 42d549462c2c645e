import { integerOf, isDateTime, isDuration } from './lexical';

describe('xs:dateTime (XML Schema 1.0, part 2: 3.2.7)', () => {
  it.each([
    '2012-05-25T13:30:15-05:00',
    '2012-05-25T13:30:15',
    '2012-05-25T13:30:15Z',
    '2012-05-25T13:30:15.123456789012Z',
    '-0044-03-15T00:00:00Z',
    '12012-05-25T13:30:15Z',
    '2012-01-01T00:00:00Z',
    '2012-12-31T23:59:59Z',
    '2012-02-29T00:00:00Z',
    '2000-02-29T00:00:00Z',
    '2011-02-28T00:00:00Z',
    '2012-05-25T24:00:00.000Z',
    '2012-05-25T13:30:15+14:00',
    '2012-05-25T13:30:15-13:59',
  ])('%s is one', (text) => {
    expect(isDateTime(text)).toBe(true);
  });

  it.each([
    ['a date alone', '2012-05-25'],
    ['a year of three digits', '212-05-25T13:30:15Z'],
    ['five digits, the first a zero', '02012-05-25T13:30:15Z'],
    ['no year 0000', '0000-05-25T13:30:15Z'],
    ['no month 00', '2012-00-25T13:30:15Z'],
    ['no month 13', '2012-13-25T13:30:15Z'],
    ['no day 00', '2012-05-00T13:30:15Z'],
    ['no May 32', '2012-05-32T13:30:15Z'],
    ['no April 31', '2012-04-31T13:30:15Z'],
    ['no leap day in 2011', '2011-02-29T00:00:00Z'],
    ['no leap day in 1900', '1900-02-29T00:00:00Z'],
    ['no February 30', '2012-02-30T00:00:00Z'],
    ['no hour 25', '2012-05-25T25:00:00Z'],
    ['past midnight by a minute', '2012-05-25T24:01:00Z'],
    ['past midnight by a second', '2012-05-25T24:00:01Z'],
    ['past midnight by a fraction', '2012-05-25T24:00:00.1Z'],
    ['no minute 60', '2012-05-25T13:60:15Z'],
    ['no second 60', '2012-05-25T13:30:60Z'],
    ['no zone beyond 14 hours', '2012-05-25T13:30:15+14:01'],
    ['no zone of 15 hours', '2012-05-25T13:30:15-15:00'],
    ['no minute 60 of a zone', '2012-05-25T13:30:15+01:60'],
    ['a fraction without digits', '2012-05-25T13:30:15.Z'],
    ['something before', 'x2012-05-25T13:30:15Z'],
    ['something behind', '2012-05-25T13:30:15Zx'],
  ])('%s: %s is none', (_, text) => {
    expect(isDateTime(text)).toBe(false);
  });

  it('every month has its last day and no later one', () => {
    const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (const [index, last] of days.entries()) {
      const at = (day: number): string => `2013-${String(index + 1).padStart(2, '0')}-${day}T00:00:00Z`;
      expect([at(last), isDateTime(at(last)), isDateTime(at(last + 1))]).toEqual([at(last), true, false]);
    }
  });
});

describe('xs:duration (XML Schema 1.0, part 2: 3.2.6)', () => {
  it.each(['P1Y', 'P10Y', 'P12M', 'P30D', 'PT24H', 'PT90M', 'PT10S', 'PT1.25S', '-P1D', 'P1Y2M3DT4H5M6.7S', 'P10DT10H'])(
    '%s is one',
    (text) => {
      expect(isDuration(text)).toBe(true);
    },
  );
  it.each(['', 'P', 'PT', 'P1YT', '1D', 'P1H', 'PT1D', 'P1M1Y', 'PT1.S', 'PT.5S', 'P1.5D', '+P1D', 'P-1D', 'xP1D', 'P1Dx'])(
    '%j is none',
    (text) => {
      expect(isDuration(text)).toBe(false);
    },
  );
});

describe('xs:integer (XML Schema 1.0, part 2: 3.3.13)', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['+12', 12],
    ['-12', -12],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s is %d', (text, expected) => {
    expect(integerOf(text)).toBe(expected);
  });
  it.each(['', '+', '1.0', '1e3', '0x10', ' 1', '1 ', '1a', 'a1', '9007199254740992'])('%j is none that can be held', (text) => {
    expect(integerOf(text)).toBeUndefined();
  });
});
