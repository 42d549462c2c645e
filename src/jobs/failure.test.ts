import { ProviderError } from '../clouds/errors';
import { errorOf, returnCodeOf, withoutSecrets, statusMessageOf } from './failure';

test('return codes stay out of the numbers of the standard and differ by kind', () => {
  expect(returnCodeOf('auth')).toBe(10001);
  expect(returnCodeOf('toString')).toBe(returnCodeOf('invalid'));
});

test('words carry code and request id, once', () => {
  const error = new ProviderError('quota', 'too many', { code: 'Limit', requestId: 'r-1' });
  expect(statusMessageOf(error)).toBe('too many (Limit, request id r-1)');
  expect(statusMessageOf(new ProviderError('quota', statusMessageOf(error), { code: 'Limit', requestId: 'r-1' }))).toBe(
    'too many (Limit, request id r-1)',
  );
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
