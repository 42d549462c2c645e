// Builds the documentation (docs/, and what it links to) into dist/docs: static pages with a navigation and a search of their own, which
// need no other host, and no script but to search. `npm run docs`; docs/decisions tells why by these means.
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import MiniSearch from 'minisearch';
import { between, navigationOf } from './docs-navigation.mjs';
import { DOCS_ROOT, pagesOf } from './docs-pages.mjs';
import { SEARCHED } from '../site/searched.mjs';
import { bundled, hashed, writeStatic } from './static-files.mjs';

const HOME = 'index.html';

/**
 * Builds the site into a folder, which has nothing else then.
 * @returns paths of the files that became part of its scripts, relative to the root
 */
export async function buildDocs(target = join(DOCS_ROOT, 'dist', 'docs')) {
  const { outputFiles, inputs } = await bundled(['site/search.mjs', 'site/style.css']);
  const { pages, pictures } = pagesOf();
  rmSync(target, { recursive: true, force: true });
  /** Writes a file of the site for good. @returns its name */
  const keep = (name, contents) => {
    const known = hashed(name, contents);
    writeStatic(target, known, contents);
    return known;
  };
  const [script, style] = outputFiles.map(({ path, contents }) =>
    keep(`assets/${path.endsWith('.css') ? 'style.css' : 'search.js'}`, contents),
  );
  const index = keep('assets/index.json', JSON.stringify(indexOf(pages)));
  const shown = new Map([...pictures].map(([file, name]) => [file, keep(name, readFileSync(join(DOCS_ROOT, file)))]));
  const navigation = navigationOf(pages);
  const template = readFileSync(join(DOCS_ROOT, 'site', 'page.html'), 'utf8');
  // The first page last: who finds it finds all.
  const last = [...pages].sort(([, a], [, b]) => Number(a.url === HOME) - Number(b.url === HOME));
  for (const [file, page] of last) {
    const link = (url) => between(page.url, url);
    const parts = {
      TITLE: page.plainTitle,
      STYLE: link(style),
      SCRIPT: link(script),
      INDEX: link(index),
      HOME: link(HOME),
      NAVIGATION: navigation(file),
      CONTENTS: contentsOf(page),
      PAGE: page.html.replace(/\bPICTURE:([^"]+)/g, (_all, name) => link(shown.get(name))),
    };
    writeStatic(
      target,
      page.url,
      template.replace(/\{\{(\w+)\}\}/g, (_all, name) => parts[name]),
    );
  }
  return inputs;
}

/** Headings of a page's sections, where there are enough to choose from. */
function contentsOf({ headings }) {
  const sections = headings.filter(({ level }) => level === 2);
  if (sections.length < 3) return '';
  const items = sections.map(({ id, html }) => `<li><a href="#${id}">${html}</a></li>`);
  return `<nav class="contents" aria-label="On this page"><p>On this page</p><ul>${items.join('')}</ul></nav>`;
}

/** Entries that the search of the pages reads: each section of each page by its words. */
function indexOf(pages) {
  const index = new MiniSearch(SEARCHED);
  const sections = [...pages.values()].flatMap(({ plainTitle, url, sections }) =>
    sections.map(({ title, anchor, text }) => ({
      title,
      page: plainTitle,
      url: anchor ? `${url}#${anchor}` : url,
      text,
      start: text.slice(0, 140),
    })),
  );
  index.addAll(sections.map((section, id) => ({ id, ...section })));
  return index;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDocs(process.argv[2] && resolve(process.argv[2]));
