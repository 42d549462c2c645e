// The pages of the documentation: those of docs, and whatever else they link to in the repository, as HTML.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import MarkdownIt from 'markdown-it';
import { between } from './docs-navigation.mjs';

export const DOCS_ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PICTURES = new Set(['.webp', '.svg']);
/** Where a diagram's picture is, by its source; scripts/make-diagrams.mjs makes it. */
export const diagramFile = (source) => `docs/pictures/diagrams/${createHash('sha256').update(source).digest('hex').slice(0, 12)}.svg`;

const textOf = (file) => readFileSync(join(DOCS_ROOT, file), 'utf8');
const isFile = (file) => existsSync(join(DOCS_ROOT, file)) && statSync(join(DOCS_ROOT, file)).isFile();

/** Path of a page in the site: that of its file, docs being the root. */
export function urlOf(file) {
  if (!file.endsWith('.md')) return `files/${file.replace(/(^|\/)\./g, '$1')}.html`;
  const path = file.replace(/^(docs|\.github)\//, '').replace(/\.md$/, '');
  if (posix.basename(path) !== 'README') return `${path.toLowerCase()}.html`;
  if (file.startsWith('docs/')) return `${path.slice(0, -'README'.length)}index.html`;
  return path === 'README' ? 'readme.html' : `${posix.dirname(path)}.html`;
}

/**
 * Reads and renders all pages.
 * @returns pages by their file, and names of the pictures that they show by their file
 */
export function pagesOf() {
  const written = readdirSync(join(DOCS_ROOT, 'docs'), { recursive: true }).map((name) => posix.join('docs', ...name.split(/[\\/]/)));
  const waiting = written.filter((file) => file.endsWith('.md')).sort();
  const found = new Map();
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    if (found.has(file)) continue;
    const page = file.endsWith('.md') ? parse(file) : sourceOf(file);
    found.set(file, page);
    waiting.push(...page.targets);
  }
  const pictures = new Map();
  const pages = new Map([...found].map(([file, page]) => [file, { ...page, ...render(file, page, found, pictures) }]));
  return { pages, pictures };
}

const markdown = new MarkdownIt({ html: true });
const escape = (text) => markdown.utils.escapeHtml(text);

/** A file that is no page: its text. */
function sourceOf(file) {
  return { url: urlOf(file), tokens: markdown.parse(`# ${file.replaceAll('_', '\\_')}\n\n${fenced(textOf(file))}`, {}), targets: [] };
}

function fenced(text) {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `${fence}\n${text.trimEnd()}\n${fence}\n`;
}

function parse(file) {
  const tokens = markdown.parse(textOf(file), {});
  const targets = tokens.flatMap(({ children }) => (children ?? []).flatMap((token) => targetOf(file, token)?.file ?? []));
  return { url: urlOf(file), tokens, targets: targets.filter((target) => isFile(target) && !PICTURES.has(extname(target))) };
}

/** The file within the repository that a link leads to, and the heading there. */
function targetOf(file, token) {
  if (token.type !== 'link_open') return undefined;
  const [path, anchor] = token.attrGet('href').split('#');
  if (/^[a-z]+:/.test(path)) return undefined;
  return { file: path === '' ? file : posix.normalize(posix.join(posix.dirname(file), decodeURI(path))), anchor };
}

/** Renders a page; links lead to pages of the site, and become plain text where there is none. */
function render(file, { tokens, url }, found, pictures) {
  const shown = (path) => {
    pictures.set(path, `pictures/${posix.basename(path)}`);
    return `PICTURE:${path}`;
  };
  const ids = new Map();
  const headings = [];
  const sections = [];
  const lists = [];
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const inline = tokens[at + 1];
      const title = plain(inline.children);
      const slug = slugOf(title);
      const times = ids.get(slug) ?? 0;
      ids.set(slug, times + 1);
      const id = times === 0 ? slug : `${slug}-${times}`;
      token.attrSet('id', id);
      const level = Number(token.tag.slice(1));
      headings.push({
        level,
        id,
        title,
        html: markdown.renderer.render(
          inline.children.filter(({ type }) => !/^link/.test(type)),
          markdown.options,
          {},
        ),
      });
      sections.push({ title, anchor: level === 1 ? undefined : id, text: '' });
      if (level === 2) lists.push({ title: escape(title), links: [] });
    } else if (token.type === 'inline') {
      relink(file, url, token, found, shown);
      if (tokens[at - 1]?.type !== 'heading_open') addText(sections, plain(token.children));
      const linked = token.children.flatMap((child) => child.meta?.page ?? []);
      if (tokens[at - 2]?.type === 'list_item_open') lists.at(-1)?.links.push(...linked);
    } else if (token.type === 'fence') {
      // Recorded messages are found by their headings: their words are in every one of them.
      if (token.info !== 'mermaid' && token.info !== 'http') addText(sections, token.content);
      // One that nobody drew yet stays words: a test says so, and no start fails for it.
      const drawn = token.info === 'mermaid' && isFile(diagramFile(token.content));
      token.meta = { picture: drawn ? shown(diagramFile(token.content)) : undefined, title: headings.at(-1)?.title };
    } else if (token.type === 'html_block') token.content = token.content.replace(/<!--.*?-->/gs, '');
    // A heading without words is none.
    if (token.type === 'th_open' && tokens[at + 1].content === '') token.tag = tokens[at + 2].tag = 'td';
    const style = token.attrGet('style');
    if (style) token.attrs = [...token.attrs.filter(([name]) => name !== 'style'), ['class', style.replace('text-align:', '')]];
  }
  const [first] = headings;
  const html = markdown.renderer.render(tokens, markdown.options, {});
  return { headings, sections, lists, html, title: first?.html ?? escape(file), plainTitle: escape(first?.title ?? file) };
}

function addText(sections, text) {
  const last = sections.at(-1);
  if (last) last.text = `${last.text} ${text}`.trim();
}

function relink(file, url, inline, found, shown) {
  const open = [];
  for (const token of inline.children) {
    if (token.type === 'link_open') {
      const target = targetOf(file, token);
      const page = target && found.get(target.file);
      open.push(!target || page !== undefined || PICTURES.has(extname(target.file)));
      if (page) {
        const anchor = target.anchor === undefined ? '' : `#${target.anchor}`;
        token.meta = { page: target.file };
        token.attrSet('href', target.file === file && anchor ? anchor : `${between(url, page.url)}${anchor}`);
      } else if (target && PICTURES.has(extname(target.file))) token.attrSet('href', shown(target.file));
      // What leads out of the site does not tell from where.
      else if (!target) token.attrSet('rel', 'noreferrer');
    }
    // A folder, or what else is no text: named, and not to be had here.
    if (/^link/.test(token.type) && !open.at(-1)) token.hidden = true;
    if (token.type === 'link_close') open.pop();
    if (token.type === 'image') token.attrSet('src', shown(posix.normalize(posix.join(posix.dirname(file), token.attrGet('src')))));
  }
}

const plain = (tokens) =>
  tokens
    .map(({ type, content, children }) =>
      type === 'softbreak' ? ' ' : children?.length ? plain(children) : /^(text|code_inline)/.test(type) ? content : '',
    )
    .join('');

/** The anchor that GitHub gives a heading. */
const slugOf = (title) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-');

const { rules } = markdown.renderer;
// What scrolls can be scrolled by the keyboard.
rules.table_open = () => '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n';
rules.table_close = () => '</table></div>\n';
rules.code_block = (tokens, at) => `<pre tabindex="0"><code>${escape(tokens[at].content)}</code></pre>\n`;
rules.fence = (tokens, at) => {
  const { content, meta } = tokens[at];
  const source = `<pre tabindex="0"><code>${escape(content)}</code></pre>\n`;
  if (!meta.picture) return source;
  const alt = `Diagram: ${escape(meta.title ?? '')}`;
  return `<div class="diagram" tabindex="0" role="group" aria-label="${alt}"><img src="${meta.picture}" alt="${alt}"></div><details><summary>The same in words</summary>${source}</details>\n`;
};
