import { atLeast, negotiate } from './microversions';

test('versions compare as numbers', () => {
  expect(atLeast('2.9', '2.52')).toBe(false);
  expect(atLeast('2.100', '2.52')).toBe(true);
  expect(atLeast('2.52', '2.52')).toBe(true);
  expect(atLeast('3.0', '2.52')).toBe(true);
  expect(atLeast(undefined, '2.1')).toBe(false);
});

const NOVA = 'http://nova/v2.1';
test.each([
  ['newer than wanted', { version: { id: 'v2.1', version: '2.95', min_version: '2.1' } }, NOVA, '2.93'],
  ['older than wanted', { version: { id: 'v2.1', version: '2.60', min_version: '2.1' } }, NOVA, '2.60'],
  ['only later ones', { version: { id: 'v2.1', version: '2.120', min_version: '2.100' } }, NOVA, undefined],
  ['none (v2.0)', { version: { id: 'v2.0', version: '', min_version: '' } }, 'http://nova/v2', undefined],
  ['a list, as Cinder has it', { versions: [{ id: 'v3.0', version: '3.70', min_version: '3.0' }] }, 'http://cinder/v3', '3.66'],
  [
    'a list with old ones',
    {
      versions: [
        { id: 'v2.0', version: '' },
        { id: 'v3.0', version: '3.27', min_version: '3.0' },
      ],
    },
    'http://c/v3',
    '3.27',
  ],
  ['something else', 'hello', NOVA, undefined],
  ['nothing', {}, NOVA, undefined],
])('%s', (_what, document, root, expected) => {
  expect(negotiate(document, root, root === NOVA ? '2.93' : '3.66')).toBe(expected);
});
