import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSite, inFolder, ROOT, tagsOf, targetOf, type BuiltSite } from './built';

/** The built documentation is whole: nothing in it leads nowhere, and nothing needs anybody else. */
let site: BuiltSite;
let pages: { path: string; html: string; tags: ReturnType<typeof tagsOf> }[];

beforeAll(() => {
  site = buildSite();
  pages = site.files
    .filter((file) => file.endsWith('.html'))
    .map((path) => ({ path, html: site.page(path), tags: tagsOf(site.page(path)) }));
});
afterAll(() => site.remove());

test('every link leads to a page and a place in it, every picture and script to its file', () => {
  const places = new Map(pages.map(({ path, tags }) => [path, new Set(tags.map(({ attributes }) => attributes.get('id')))]));
  const dead: string[] = [];
  let links = 0;
  for (const { path, tags } of pages)
    for (const { attributes } of tags)
      for (const name of ['href', 'src', 'data-index', 'data-home']) {
        const href = attributes.get(name);
        const target = href === undefined ? undefined : targetOf(path, href);
        if (!target) continue;
        links += 1;
        if (!site.files.includes(target.file)) dead.push(`${path}: ${href}`);
        else if (target.anchor !== undefined && !places.get(target.file)?.has(target.anchor)) dead.push(`${path}: ${href}`);
      }
  expect(links).toBeGreaterThan(1_000);
  expect(dead).toEqual([]);
});

test('no page asks another host for anything, or has a script or a style of its own', () => {
  const found = pages.flatMap(({ path, tags }) =>
    tags.flatMap(({ name, attributes }) => {
      const foreign = name !== 'a' && ['href', 'src'].some((each) => /^(https?:)?\/\//.test(attributes.get(each) ?? ''));
      const inline =
        name === 'style' ||
        name === 'base' ||
        (name === 'script' && !attributes.has('src')) ||
        [...attributes.keys()].some((each) => /^(style$|on)/.test(each));
      return foreign || inline ? [`${path}: <${name} ${[...attributes].join(' ')}>`] : [];
    }),
  );
  expect(found).toEqual([]);
});

test('every page is reached from the first by the navigation', () => {
  const linksOf = (path: string): string[] => {
    const [, navigation = ''] = /<nav class="pages"[^>]*>(.*?)<\/nav>/s.exec(site.page(path)) ?? [];
    return tagsOf(navigation).flatMap(({ attributes }) => targetOf(path, attributes.get('href') ?? 'about:')?.file ?? []);
  };
  const reached = new Set(['index.html']);
  for (const path of reached) for (const file of linksOf(path)) reached.add(file);
  const others = pages.map(({ path }) => path).filter((path) => !reached.has(path) && !path.startsWith('files/'));
  expect(others).toEqual([]);
  // Files that pages name are reached from these.
  const named = new Set(
    pages.flatMap(({ path, tags }) => tags.flatMap(({ attributes }) => targetOf(path, attributes.get('href') ?? 'about:')?.file ?? [])),
  );
  expect(pages.map(({ path }) => path).filter((path) => !named.has(path))).toEqual([]);
});

test('each page has a title of its own words, and one first heading', () => {
  for (const { path, html } of pages) {
    expect([path, html.match(/<h1[ >]/g)?.length]).toEqual([path, 1]);
    expect([path, html]).toEqual([path, expect.stringMatching(/<title>.+ · CIMI gateway<\/title>/)]);
  }
});

test('the diagrams are current (node scripts/make-diagrams.mjs draws them)', () => {
  const drawn = inFolder('make-diagrams.mjs');
  const folder = join(ROOT, 'docs/pictures/diagrams');
  const contents = (from: string) => Object.fromEntries(readdirSync(from).map((name) => [name, readFileSync(join(from, name), 'utf8')]));
  expect(Object.keys(contents(drawn)).length).toBeGreaterThan(5);
  expect(contents(folder)).toEqual(contents(drawn));
  for (const text of Object.values(contents(drawn)))
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|@import/);
  rmSync(drawn, { recursive: true });
});
