import { ProviderError } from '../clouds/errors';
import { backoffMs, errorOf, returnCodeOf, withoutSecrets, wordsOf } from './failure';

test('backoff doubles with jitter up to half a minute and honours what the provider asks', () => {
  const pauses = [0, 1, 2, 3, 20].map((failures) => backoffMs(failures, undefined, () => 0.999));
  expect(pauses).toEqual([500, 1000, 1999, 3998, 29985]);
  expect(backoffMs(0, undefined, () => 0)).toBe(250);
  expect(backoffMs(0, 9_000, () => 0)).toBe(9_000);
  expect(backoffMs(20, 1, () => 0)).toBe(15_000);
});

test('return codes stay out of the numbers of the standard and differ by kind', () => {
  expect(returnCodeOf('auth')).toBe(10001);
  expect(returnCodeOf('toString')).toBe(returnCodeOf('invalid'));
});

test('words carry code and request id, once', () => {
  const error = new ProviderError('quota', 'too many', { code: 'Limit', requestId: 'r-1' });
  expect(wordsOf(error)).toBe('too many (Limit, request id r-1)');
  expect(wordsOf(new ProviderError('quota', wordsOf(error), { code: 'Limit', requestId: 'r-1' }))).toBe('too many (Limit, request id r-1)');
});

test('a remembered failure becomes the same kind of error again', () => {
  expect(errorOf({ message: 'm', returnCode: 10005, kind: 'quota', requestId: 'r' })).toMatchObject({
    name: 'ProviderError',
    kind: 'quota',
    requestId: 'r',
  });
  expect(errorOf({ message: 'm', returnCode: 10011, kind: 'internal' })).toMatchObject({ name: 'StepFailure', kind: 'internal' });
});

test('secrets are taken out at any depth, the longer first; other values stay', () => {
  const input = { name: 'visible', login: [{ secret: 'abcd' }, { secret: 'abcdef' }], shared: { secret: { deep: 'deep-one' } } };
  expect(withoutSecrets('visible abcdef abcd deep-one', input, new Set(['secret']))).toBe('visible [secret] [secret] [secret]');
});
