import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ourFiles, textOf } from './files';

const pages = ourFiles(/\.md$/);

/** Anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );
}

/** Links of a page within the repository, code left out. */
function linksOf(page: string): { file: string; anchor: string | undefined }[] {
  const prose = textOf(page)
    .replace(/^```.*?^```/gms, '')
    .replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .filter(([, target = '']) => !/^[a-z]+:/.test(target))
    .map(([, target = '']) => {
      const [path = '', anchor] = target.split('#');
      return { file: path === '' ? page : normalize(join(dirname(page), path)), anchor };
    });
}

test('every link between our pages leads to a file, and to a heading where it names one', () => {
  const dead: string[] = [];
  for (const page of pages)
    for (const { file, anchor } of linksOf(page)) {
      if (!existsSync(join(__dirname, '..', '..', file))) dead.push(`${page}: ${file}`);
      else if (anchor !== undefined && !anchorsOf(file).includes(anchor)) dead.push(`${page}: ${file}#${anchor}`);
    }
  expect(pages.length).toBeGreaterThan(40);
  expect(dead).toEqual([]);
});

/** Files and folders that a page names in its prose, from the root of the repository. */
function pathsOf(page: string): string[] {
  const prose = textOf(page).replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/`((?:src|drivers|sdk|cli|test|docs|config|scripts|bench)\/[\w./-]*\w)`/g)].map(([, path = '']) => path);
}

test('every file that a page names is there; decisions and the changelog speak of their day', () => {
  const today = pages.filter((page) => page !== 'CHANGELOG.md' && !/^docs\/decisions\/\d/.test(page));
  const named = today.flatMap((page) => pathsOf(page).map((path) => ({ page, path })));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ path }) => !existsSync(join(__dirname, '..', '..', path)))).toEqual([]);
});
