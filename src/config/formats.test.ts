import { keepsLogin } from './formats';

test.each([
  ['postgres://u:12#hush@h/d', false],
  ['postgres://u:12/hush@h/d', false],
  ['postgres://u:12?hush@h/d', false],
  ['postgres://u:p@1#hush@h/d', false],
  ['postgres://u:p@1/hush@h/d', false],
  ['postgres://u:hu#sh@h/d', false],
  ['redis://:12#hush@h:6379/0', false],
  ['postgres://u:12%23hush@h:5432/d', true],
  ['postgres://u:a@b@h/d', true],
  ['postgres://h/d?user=u%40x&sslmode=require', true],
  ['postgres:///d?host=/run/postgresql', true],
  ['postgres://u@[::1]:5432/d', true],
  ['redis://h', true],
  ['rediss://:p%2Fq@h:6379/1', true],
])('the login of %s ends where it should: %s', (url, keeps) => {
  expect(keepsLogin(url)).toBe(keeps);
});
