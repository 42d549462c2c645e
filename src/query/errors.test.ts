import { quoted, QueryError } from './errors';

test('a parameter that is wrong as a whole is named without a place', () => {
  const error = new QueryError('is too long', '$filter');
  expect(error).toMatchObject({ name: 'QueryError', status: 400, parameter: '$filter', message: '$filter: is too long' });
  expect(error.position).toBeUndefined();
});

test('the place is counted in characters from 1', () => {
  expect(new QueryError('is no number', '$first', 7)).toMatchObject({ position: 7, message: '$first, character 7: is no number' });
});

test('what a client sent is quoted, and cut where it is long', () => {
  expect(quoted('name')).toBe('"name"');
  expect(quoted('x'.repeat(1000)).length).toBeLessThan(60);
});
