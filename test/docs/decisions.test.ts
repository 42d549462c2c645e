import { basename } from 'node:path';
import { filesIn, ourFiles, textOf } from './files';

const index = textOf('docs/decisions/README.md');
const files = filesIn('docs/decisions')
  .map((path) => basename(path))
  .filter((name) => name !== 'README.md');
const rows = [...index.matchAll(/^\| \[(\d{4})\]\((\S+)\) +\| (.*?) +\| .*? \| (.*?) +\|$/gm)].map(([, number, file, title, later]) => ({
  number,
  file,
  title,
  later,
}));
const numberOf = (file: string): number => Number(file.slice(0, 4));

/** Numbers that the index says were never used: single ones and ranges. */
function explained(): number[] {
  const [, holes = ''] = index.split('## Numbers without a file');
  return [...holes.matchAll(/^\| (\d{4})(?:–(\d{4}))? +\| \S/gm)].flatMap(([, from, to]) =>
    Array.from({ length: Number(to ?? from) - Number(from) + 1 }, (_, step) => Number(from) + step),
  );
}

test('the index lists every decision once, in order, by its own title', () => {
  const titled = files.map((file) => {
    const [, number, title] = /^# (\d{4}) (.+)$/m.exec(textOf(`docs/decisions/${file}`)) ?? [];
    return { number, file, title };
  });
  expect(rows.map(({ number, file, title }) => ({ number, file, title }))).toEqual(titled);
  expect(titled.filter(({ number, file }) => !file.startsWith(`${number}-`))).toEqual([]);
});

test('each decision says since when it stands', () => {
  const undated = files.filter((file) => !/^# .+\n\n\d{4}-\d\d-\d\d · accepted\b/.test(textOf(`docs/decisions/${file}`)));
  expect(undated).toEqual([]);
});

test('numbers have no hole that the index does not explain, and no file stands where it explains one', () => {
  const used = files.map(numberOf);
  const all = Array.from({ length: Math.max(...used) }, (_, before) => before + 1);
  expect(all.filter((number) => !used.includes(number))).toEqual(explained());
});

test('a decision that another one or the code cites by number is there', () => {
  const known = new Set(files.map((file) => file.slice(0, 4)));
  const cited = [
    ...files.flatMap((file) => [...textOf(`docs/decisions/${file}`).matchAll(/\b(00\d\d)\b/g)]),
    ...rows.flatMap(({ later = '' }) => [...later.matchAll(/\b(00\d\d)\b/g)]),
    ...ourFiles(/\.(ts|md|cjs|yaml)$/).flatMap((path) => [...textOf(path).matchAll(/\bdecisions? (\d{4})\b/gi)]),
  ].map(([, number]) => String(number));
  expect(cited.length).toBeGreaterThan(20);
  expect(cited.filter((number) => !known.has(number))).toEqual([]);
});
