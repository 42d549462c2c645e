import { preferencesOf } from './prefer';

test.each([
  [undefined, {}],
  ['', {}],
  ['wait=10', { wait: 10 }],
  ['Wait = 10', { wait: 10 }],
  ['wait="10"', { wait: 10 }],
  ['wait=0', { wait: 0 }],
  ['wait=4000000000', { wait: 2 ** 31 }],
  [`wait=${'9'.repeat(400)}`, { wait: 2 ** 31 }],
  ['respond-async', { respondAsync: true }],
  ['respond-async, wait=10', { wait: 10, respondAsync: true }],
  ['return=minimal; x="a, b", wait=10;strict', { wait: 10 }],
  ['foo="wait=5, \\"wait=6\\"", wait=7', { wait: 7 }],
])('RFC 7240 2: %s', (header, preferences) => {
  expect(preferencesOf(header)).toEqual(preferences);
});

test('RFC 7240 2: of two that are the same, the first counts', () => {
  expect(preferencesOf('wait=1, WAIT=2')).toEqual({ wait: 1 });
  expect(preferencesOf('wait=soon, wait=2')).toEqual({});
});

test.each(['wait', 'wait=', 'wait=soon', 'wait=-1', 'wait=1.5', 'wait=1e3', '"', 'wait="', '=5', ',,;', 'wait 5', 'ẅait=5'])(
  'RFC 7240 2: what cannot be read is ignored: %s',
  (header) => {
    expect(preferencesOf(header)).toEqual({});
  },
);

test('a header of any length is read in no time', () => {
  expect(preferencesOf(`${'"'.repeat(20_000)}, wait=1`)).toEqual({ wait: 1 });
  expect(preferencesOf(`${'a="\\'.repeat(20_000)}, wait=1`)).toEqual({ wait: 1 });
  expect(preferencesOf(`${'x;'.repeat(20_000)}, wait=1`)).toEqual({ wait: 1 });
});
