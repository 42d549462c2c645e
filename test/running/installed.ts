import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** Part of a lock file about a package. */
interface Locked {
  optional?: boolean;
  libc?: readonly string[];
}

/**
 * Makes the package as `npm run pack` does, in a folder that has nothing else: with the packages that its lock names, those of the lock
 * of this checkout, which `npm ci` takes from the registry. Remove it with {@link removeInstalled}.
 * @returns the folder; the package is below node_modules/cimi-gateway
 */
export function installPackage(): { folder: string; at: string } {
  const folder = mkdtempSync(join(tmpdir(), 'cimi-package-'));
  const at = join(folder, 'node_modules', 'cimi-gateway');
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'pack.mjs'), at], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the package was not made:\n${stderr}`);
  const { packages } = JSON.parse(readFileSync(join(at, 'npm-shrinkwrap.json'), 'utf8')) as { packages: Record<string, Locked> };
  for (const [path, locked] of Object.entries(packages)) {
    if (path === '' || !isForHere(locked)) continue;
    const from = join(ROOT, path);
    if (!existsSync(from) && locked.optional) continue;
    cpSync(from, join(at, path), { recursive: true });
  }
  return { folder, at };
}

/** Tells whether a package is for the C library that Node has here. */
function isForHere({ libc }: Locked): boolean {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return !libc || libc.includes(header.glibcVersionRuntime === undefined ? 'musl' : 'glibc');
}

export const removeInstalled = ({ folder }: { folder: string }): void => rmSync(folder, { recursive: true, force: true });

/** Files below a folder, by their paths from there. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile());

/** Size of all files below a folder, in bytes. */
export const bytesBelow = (folder: string): number => filesBelow(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
