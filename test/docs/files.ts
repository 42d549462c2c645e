import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
/** Folders with what we write ourselves. */
const FOLDERS = ['.github', 'bench', 'config', 'docs', 'drivers', 'examples', 'scripts', 'src', 'test'];

/** Text of a file, by its path from the root of the repository. */
export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Paths from the root of all files below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}

/** Paths of all files of ours whose name matches, the root's own among them. */
export function ourFiles(name: RegExp): string[] {
  const top = readdirSync(ROOT, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  return [...top, ...FOLDERS.flatMap(filesIn)].filter((path) => name.test(path));
}
