import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The documentation as it is built: its files, read as a browser would. */

export const ROOT = join(__dirname, '../..');

export interface BuiltSite {
  folder: string;
  /** Paths of all files, as a browser asks for them. */
  files: string[];
  /** Markup of a page. */
  page(path: string): string;
  remove(): void;
}

/** Runs a builder of scripts with a folder of its own. */
export function inFolder(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cimi-docs-'));
  execFileSync(process.execPath, [join(ROOT, 'scripts', script), folder], { cwd: ROOT });
  return folder;
}

/** Reads a file as a browser gets it. */
export function contentOf(folder: string, path: string): string {
  const file = join(folder, path);
  return existsSync(`${file}.gz`) ? gunzipSync(readFileSync(`${file}.gz`)).toString() : readFileSync(file, 'utf8');
}

/** Builds the documentation into a folder of its own. */
export function buildSite(): BuiltSite {
  const folder = inFolder('build-docs.mjs');
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = all.map((entry) => posix.join(entry.parentPath.slice(folder.length + 1), entry.name));
  return {
    folder,
    files: files.map((file) => file.replace(/\.gz$/, '')).sort(),
    page: (path) => contentOf(folder, path),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Tags of a page, with their attributes. */
export function tagsOf(html: string): { name: string; attributes: Map<string, string> }[] {
  return [...html.matchAll(/<([a-z][a-z0-9]*)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*\/?>/g)].map(([, name = '', attributes = '']) => ({
    name,
    attributes: new Map([...attributes.matchAll(/([^\s=]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [key, value])),
  }));
}

/** The file of the site, and the place in it, that a link of a page leads to; undefined: out of the site. */
export function targetOf(page: string, href: string): { file: string; anchor: string | undefined } | undefined {
  if (/^[a-z]+:/.test(href)) return undefined;
  const [path = '', anchor] = href.split('#');
  const at = path === '' ? page : posix.join(posix.dirname(page), path);
  const file = /(^|\/)\.?$/.test(at) ? posix.join(at, 'index.html') : at;
  return { file, anchor: anchor === undefined ? undefined : decodeURIComponent(anchor) };
}
