import { ourFiles, textOf } from './files';

const page = textOf('docs/readings.md');
const rows = [...page.matchAll(/^\| (D\d{3}) \| [^|]+ \| [^|]+ \| [^|]+ \|$/gm)].map(([, id]) => String(id));

test('each reading has one row: clause, contradiction, reading', () => {
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((id, index) => rows.indexOf(id) !== index)).toEqual([]);
});

test('every reading that code, tests or documents cite has its row', () => {
  const dangling: string[] = [];
  for (const path of ourFiles(/\.(ts|md|mjs|cjs|json|ya?ml)$/))
    for (const [id] of textOf(path).matchAll(/\bD[01]\d\d\b/g)) if (!rows.includes(id)) dangling.push(`${path}: ${id}`);
  expect(dangling).toEqual([]);
});

test('a row that says when it was changed is in the list of changes, and the other way round', () => {
  const changed = [...page.matchAll(/^\| \d{4}-\d\d-\d\d \| (D\d{3}) \|/gm)].map(([, id]) => String(id));
  expect(changed.length).toBeGreaterThan(0);
  expect(changed.filter((id) => !rows.includes(id))).toEqual([]);
  const dated = [...page.matchAll(/^\| (D\d{3}) \|.*changed \d{4}-\d\d-\d\d.*\|$/gm)].map(([, id]) => String(id));
  expect(dated.filter((id) => !changed.includes(id))).toEqual([]);
});
