import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RETURN_CODES } from '../../src/jobs/failure';
import { REFUSED } from '../../src/operations/job';
import { textOf } from './files';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
const documented = new Map([...page.matchAll(/^\| (1\d{4}) +\| (\w+)/gm)].map(([, code, kind]) => [Number(code), kind]));

test('every return code is documented, under its kind', () => {
  for (const [kind, code] of Object.entries(RETURN_CODES)) expect([code, documented.get(code)]).toEqual([code, kind]);
});

test('no documented return code is stale', () => {
  const known = new Set([...Object.values(RETURN_CODES), REFUSED]);
  expect([...documented.keys()].filter((code) => !known.has(code))).toEqual([]);
});

test('troubleshooting has every word of a return code', () => {
  const words = [...textOf('docs/troubleshooting.md').matchAll(/^## (\w+)\n\n(1\d{4})/gm)].map(([, word, code]) => [Number(code), word]);
  expect(Object.fromEntries(words)).toEqual(
    Object.fromEntries([...documented].filter(([code]) => code !== REFUSED).map(([code, kind]) => [code, kind])),
  );
});
