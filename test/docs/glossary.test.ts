import { standardResources } from '../../src/model/standard';
import { textOf } from './files';
import { declaredIn } from './imports';

const page = textOf('docs/glossary.md');
const rows = [...page.matchAll(/^\| (?!term|-)(.+?) +\| (.+?) +\| (.*?) *\| (.*?) *\|$/gm)].map(
  ([, term = '', meaning = '', code = '', more = '']) => ({ term, meaning, code, more }),
);
const names = rows.flatMap(({ term, code }) =>
  [...code.matchAll(/`(\w+)` in `([^`]+)`/g)].map(([, name = '', file = '']) => ({ term, name, file })),
);

test('each term stands once, in order', () => {
  const [standard = '', gateway = ''] = page.split('## Words of the gateway');
  for (const part of [standard, gateway]) {
    const terms = rows.map(({ term }) => term).filter((term) => part.includes(`\n| ${term} `));
    expect(terms).toEqual([...terms].sort((a, b) => a.localeCompare(b, 'en')));
  }
  expect(new Set(rows.map(({ term }) => term)).size).toBe(rows.length);
  expect(rows.length).toBeGreaterThan(50);
});

test.each(names)('$term is $name in $file', ({ name, file }) => {
  expect(declaredIn(file)).toContain(name);
});

test('a clause that a term names is one of the standard', () => {
  const requirements = JSON.parse(textOf('test/conformance/requirements.json')) as { clause: string }[];
  const clauses = new Set([...requirements, ...standardResources].map(({ clause }) => clause));
  const named = rows.flatMap(({ more }) => (/^\d/.test(more) ? more.split(', ') : []));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((clause) => clause !== '3' && !clauses.has(clause))).toEqual([]);
});
