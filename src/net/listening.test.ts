import { isSamePlace } from './listening';

test.each([
  ['127.0.0.1', '127.0.0.1', true],
  ['localhost', '127.0.0.1', true],
  ['LOCALHOST', '::1', true],
  ['0.0.0.0', '192.0.2.7', true],
  ['::', '192.0.2.7', true],
  ['::', '0.0.0.0', true],
  ['0:0:0:0:0:0:0:1', '::1', true],
  ['::ffff:127.0.0.1', '127.0.0.1', true],
  ['gateway.example', 'gateway.example', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['127.0.0.1', '::1', false],
  ['0.0.0.0', '::1', false],
  ['fe80::1%eth0', 'fe80::1%eth1', false],
  ['gateway.example', 'operators.example', false],
])('%s and %s are one place: %s', (one, other, same) => {
  expect(isSamePlace({ host: one, port: 9 }, { host: other, port: 9 })).toBe(same);
  expect(isSamePlace({ host: other, port: 9 }, { host: one, port: 9 })).toBe(same);
});

test('other ports, and those that the system chooses, are never one place', () => {
  expect(isSamePlace({ host: '::', port: 9 }, { host: '::', port: 10 })).toBe(false);
  expect(isSamePlace({ host: '::', port: 0 }, { host: '::', port: 0 })).toBe(false);
});
