import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';

/** The documentation as it is built: its files, read as a browser would. */

export const ROOT = join(__dirname, '../..');

export interface BuiltSite {
  folder: string;
  /** Paths of all files but the compressed ones. */
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

/** Builds the documentation into a folder of its own. */
export function buildSite(): BuiltSite {
  const folder = inFolder('build-docs.mjs');
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = all.map((entry) => posix.join(entry.parentPath.slice(folder.length + 1), entry.name));
  return {
    folder,
    files: files.filter((file) => !/\.(br|gz)$/.test(file)).sort(),
    page: (path) => readFileSync(join(folder, path), 'utf8'),
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
