import { dirname } from 'node:path';
import { filesIn, textOf } from './files';

const page = textOf('docs/testing.md');
const [, table = ''] = /^## Suites$(.*?)^## /ms.exec(page) ?? [];
const named = [...table.matchAll(/^\| (.+?) +\|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path),
);
const folders = [...new Set(filesIn('test').map((path) => dirname(path)))];

test('every folder of tests has its row, and every row its folder', () => {
  expect(folders.length).toBeGreaterThan(20);
  expect([...named].sort()).toEqual(folders.sort());
});

test('the phases are those of npm test', () => {
  const script = textOf('scripts/test.mjs');
  const phases = [...page.matchAll(/^\d\. \*\*/gm)];
  // What is run again alone is no phase of its own.
  expect(phases).toHaveLength([...script.matchAll(/\bphase\('(?!alone')/g)].length);
});

test('every script of package.json that proves something is told', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const others = ['build', 'pack', 'image', 'docs', 'build:sdk', 'start'];
  // A part of the check is told by its name.
  const told = (name: string) => page.includes(`npm run ${name}`) || page.includes(`\`${name.replace(/^check:/, '')}\``);
  const untold = Object.keys(scripts).filter((name) => !others.includes(name) && !told(name) && name !== 'test');
  expect(untold).toEqual([]);
});
