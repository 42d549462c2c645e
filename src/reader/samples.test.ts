import { decimal } from './samples';

test.each([
  [12.5, '12.5'],
  [0, '0'],
  [-0, '0'],
  [33.333333333, '33.3333'],
  [123456789, '123457000'],
  [1.5e21, '1500000000000000000000'],
  [0.000000123456789, '0.000000123457'],
  [1e-25, '0'],
])('%p is %s: plain decimals, six digits, no exponent', (value, text) => {
  expect(decimal(value)).toBe(text);
});
