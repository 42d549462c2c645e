import { METHOD_KINDS } from '../../src/clouds/driver';
import { textOf } from './files';

/** A block of code that says which file it is holds just that file. */
const BLOCK = /^<!-- (examples\/\S+) -->\n\n```\w+\n(.*?)^```$/gms;
const PAGES: readonly (readonly [page: string, files: readonly string[]])[] = [
  ['docs/drivers.md', ['examples/driver-minimal/index.mjs']],
  ['docs/extending.md', ['examples/types-rack/index.mjs']],
];

test.each(PAGES)('%s shows its example as it is (node scripts/make-examples.mjs writes it)', (page, files) => {
  const blocks = [...textOf(page).matchAll(BLOCK)].map(([, file = '', text = '']) => ({ file, text }));
  expect(blocks.map(({ file }) => file)).toEqual(files);
  for (const { file, text } of blocks) expect(text).toBe(textOf(file));
});

test('the guide for drivers has every method of the contract under its kind', () => {
  const rows = [...textOf('docs/drivers.md').matchAll(/^\| (read|repeatable|once) +\| (.*?) +\|/gm)];
  const told = rows.flatMap(([, kind = '', methods = '']) => [...methods.matchAll(/`(\w+)`/g)].map(([, method]) => [method, kind]));
  expect(Object.fromEntries(told)).toEqual(METHOD_KINDS);
});
