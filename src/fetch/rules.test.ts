import { checkUri, NOTHING_FETCHED, type FetchRules } from './rules';

const RULES: FetchRules = {
  ...NOTHING_FETCHED,
  hosts: ['images.example.org', '*.mirror.example', 'build.example:8443', '[2001:db8::1]:99'],
};
const verdict = (uri: string, rules = RULES, from?: string) => {
  const answer = checkUri(uri, rules, from === undefined ? undefined : new URL(from));
  return answer instanceof URL ? answer.href : answer.kind;
};

test.each([
  ['https://images.example.org/a.qcow2', 'https://images.example.org/a.qcow2'],
  ['https://IMAGES.example.org:443/a?b=c#d', 'https://images.example.org/a?b=c'],
  ['https://images.example.org./a', 'https://images.example.org./a'],
  ['https://a.mirror.example/', 'https://a.mirror.example/'],
  ['https://a.b.mirror.example/', 'https://a.b.mirror.example/'],
  ['https://build.example:8443/x', 'https://build.example:8443/x'],
  ['https://[2001:db8::1]:99/', 'https://[2001:db8::1]:99/'],
  ['https://mirror.example/', 'host'],
  ['https://.mirror.example/', 'host'],
  ['https://evilmirror.example/', 'host'],
  ['https://images.example.org.evil.example/', 'host'],
  ['https://images.example.org:8443/', 'host'],
  ['https://build.example/', 'host'],
  ['https://images.example.org@evil.example/', 'invalid'],
  ['https://user@images.example.org/', 'invalid'],
  ['https://:secret@images.example.org/', 'invalid'],
  ['http://images.example.org/', 'scheme'],
  ['file:///etc/passwd', 'scheme'],
  ['ftp://images.example.org/', 'scheme'],
  ['data:,x', 'scheme'],
  ['urn:simulator:image:x', 'scheme'],
  ['images.example.org/a', 'invalid'],
  ['https://', 'invalid'],
  ['', 'invalid'],
])('%s: %s', (uri, expected) => expect(verdict(uri)).toBe(expected));

test('without hosts the feature is off, and the words name the key', () => {
  expect(checkUri('https://images.example.org/', NOTHING_FETCHED)).toMatchObject({
    kind: 'off',
    message: expect.stringContaining('fetch.hosts') as string,
  });
});

test('all hosts, http: only where the configuration says so, on the ports of the schemes', () => {
  const all: FetchRules = { ...RULES, hosts: ['*'], schemes: ['https', 'http'] };
  expect(verdict('http://anything.example/', all)).toBe('http://anything.example/');
  expect(verdict('http://anything.example:8080/', all)).toBe('host');
  expect(verdict('http://anything.example:443/', all)).toBe('host');
});

test('a redirect is held against the same rules, and never leads from https to http', () => {
  const both: FetchRules = { ...RULES, schemes: ['https', 'http'] };
  const from = 'https://images.example.org/a/b';
  expect(verdict('../c', both, from)).toBe('https://images.example.org/c');
  expect(verdict('//evil.example/', both, from)).toBe('host');
  expect(verdict('http://images.example.org/', both, from)).toBe('scheme');
  expect(verdict('https://images.example.org/', both, 'http://images.example.org/')).toBe('https://images.example.org/');
  expect(verdict('https://u:p@images.example.org/', both, from)).toBe('invalid');
});

test('words name the host and nothing secret', () => {
  const answer = checkUri('https://evil.example/path?token=s3cret', RULES);
  expect(JSON.stringify(answer)).toContain('evil.example');
  expect(JSON.stringify(answer)).not.toContain('s3cret');
});
