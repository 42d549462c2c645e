// Draws the Mermaid diagrams of docs, docs/pictures/diagrams, for the built documentation; a test fails while one is missing or too many.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { renderMermaidSVG } from 'beautiful-mermaid';
import { diagramFile, DOCS_ROOT } from './docs-pages.mjs';

const COLOURS = { bg: '#ffffff', fg: '#16202e', muted: '#16202e', line: '#4b5768' };
const DARK = { bg: '#10151d', fg: '#e9eef5', muted: '#e9eef5', line: '#adb9c9' };
const MARGIN = 20;

const variables = (colours) =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value};`)
    .join('');

/** Draws a diagram that asks nobody for fonts, follows the reader's theme, and has room for words that reach beyond it. */
function draw(source) {
  const drawn = renderMermaidSVG(source, COLOURS)
    .replace(/@import url\([^)]*\);/, '')
    .replaceAll("'Inter', ", '')
    .replace(/(<svg [^>]*) style="[^"]*"/, '$1')
    .replace('<style>', `<style>svg{${variables(COLOURS)}background:var(--bg)}@media(prefers-color-scheme:dark){svg{${variables(DARK)}}}`);
  const [left, right] = reach(drawn);
  return drawn.replace(/viewBox="0 0 ([\d.]+) ([\d.]+)" width="[\d.]+"/, (_all, width, height) => {
    const from = Math.min(0, left);
    const wide = Math.max(Number(width), right) - from;
    return `viewBox="${from} 0 ${wide} ${height}" width="${wide}"`;
  });
}

/** Leftmost and rightmost places that words may take, where a letter is at most 0.62 of its size wide. */
function reach(svg) {
  const spans = [...svg.matchAll(/<text ([^>]*)>([^<]*)/g)].map(([, attributes, words]) => {
    const number = (name) => Number(new RegExp(`\\b${name}="([-\\d.]+)"`).exec(attributes)?.[1] ?? 0);
    const width = words.length * number('font-size') * 0.62;
    const middle = /text-anchor="middle"/.test(attributes);
    const from = number('x') - (middle ? width / 2 : 0);
    return [from - MARGIN, from + width + MARGIN];
  });
  return [Math.floor(Math.min(0, ...spans.map(([from]) => from))), Math.ceil(Math.max(0, ...spans.map(([, to]) => to)))];
}

/** Sources of all diagrams of docs. */
function diagrams() {
  const pages = readdirSync(join(DOCS_ROOT, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md'));
  return pages.flatMap((name) =>
    [...readFileSync(join(DOCS_ROOT, 'docs', name), 'utf8').matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, source]) => source),
  );
}

// `node scripts/make-diagrams.mjs [FOLDER]`
const folder = process.argv[2] ?? join(DOCS_ROOT, dirname(diagramFile('')));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const source of diagrams()) writeFileSync(join(folder, basename(diagramFile(source))), draw(source));
