import { isOlder } from './versions';

test.each([
  ['6.5', '6.7', true],
  ['6.7', '6.7', false],
  ['6.7', '6.7.2', true],
  ['6.7.3', '6.7.2', false],
  ['8.0.2.0', '6.7.2', false],
  ['10.0', '6.7', false],
  ['unknown', '6.7', false],
] as const)('%s is older than %s: %s', (version, than, older) => {
  expect(isOlder(version, than)).toBe(older);
});
