import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FOLDER = join(__dirname, '..', '..', '.backends');
const INSTALL = 'test -e "$1" || { s="$1"; shift; npm install --no-save --no-package-lock --silent --prefix . "$@" && touch "$s"; }';

/** Packages of npm's that only tests use, in a folder of their own below .backends. */
export interface NpmPackages {
  folder: string;
  /** Tells whether they are there. */
  installed(): boolean;
  /** Installs them unless they are there; safe to call from several processes. */
  install(): Promise<void>;
}

/** @param packages each with its version */
export function npmPackages(name: string, packages: readonly string[]): NpmPackages {
  const folder = join(FOLDER, name);
  const stamp = join(folder, `${packages.join('+').replaceAll('/', '-')}.installed`);
  return {
    folder,
    installed: () => existsSync(stamp),
    async install() {
      if (existsSync(stamp)) return;
      await mkdir(folder, { recursive: true });
      const words = ['-w', '300', `${folder}.lock`, 'sh', '-ec', INSTALL, 'sh', stamp, ...packages];
      await promisify(execFile)('flock', words, { cwd: folder, timeout: 300_000 });
    },
  };
}
