import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { explained, groups, threshold } from '../../mutation.config.json';

const root = join(__dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'mutation.md'), 'utf8');
const parts: [string, { files: string[]; tests: string[] }][] = Object.entries(groups).flatMap(([name, all]) =>
  all.map((part): [string, { files: string[]; tests: string[] }] => [name, part]),
);

/** Files of a place that is a file or a folder, as paths from the root. */
function filesIn(place: string): string[] {
  if (!existsSync(join(root, place))) return [];
  if (!statSync(join(root, place)).isDirectory()) return [place];
  return readdirSync(join(root, place), { recursive: true }).map((name) => join(place, String(name)));
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');

test.each(parts)('%s: what is changed is there, and so are the tests', (_name, { files, tests }) => {
  for (const file of files) expect([file, filesIn(file).some((path) => path.endsWith('.ts') && !isTest(path))]).toEqual([file, true]);
  for (const file of tests) expect([file, filesIn(file).some(isTest)]).toEqual([file, true]);
});

test('each file belongs to one group', () => {
  const files = parts.flatMap(([, part]) => part.files);
  expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([]);
});

test('docs/mutation.md has a row for every group and none that is gone, and says the threshold', () => {
  const rows = [...page.matchAll(/^\| `([\w-]+)` /gm)].map(([, name]) => String(name));
  expect(rows).toEqual(Object.keys(groups));
  expect(page).toContain(`${threshold} %`);
});

test('what is explained is still there, and has a reason', () => {
  const entries: readonly { file: string; line: string; change: string; reason: string }[] = explained;
  for (const { file, line, change, reason } of entries) {
    const lines = readFileSync(join(root, file), 'utf8')
      .split('\n')
      .map((one) => one.trim());
    expect([file, line, lines.includes(line)]).toEqual([file, line, true]);
    expect(change).toMatch(/ → /);
    expect(reason.length).toBeGreaterThan(20);
  }
});
