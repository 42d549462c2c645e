import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability } from './need';

const FOLDER = join(__dirname, '..', '..', '.backends');

/** A package of Python's in a virtual environment of its own below .backends. */
export interface PythonPackage {
  /** Tells whether it can be installed and run here; needs python3 with venv, and flock. */
  available(): Availability;
  /** Installs it unless it is there; safe to call from several processes. */
  install(): Promise<void>;
  /** Path of the environment's interpreter. */
  python: string;
}

/** Describes a package at a version. */
export function pythonPackage(name: string, version: string): PythonPackage {
  const venv = join(FOLDER, `${name}-venv`);
  const stamp = join(venv, `${name}-${version}.installed`);
  return {
    python: join(venv, 'bin', 'python'),
    available() {
      if (existsSync(stamp)) return true;
      if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) return { missing: 'python3 with venv' };
      if (spawnSync('flock', ['--version']).status !== 0) return { missing: 'flock (util-linux)' };
      return true;
    },
    async install() {
      if (existsSync(stamp)) return;
      mkdirSync(FOLDER, { recursive: true });
      const script = `test -e "$2" || { rm -rf "$1" && python3 -m venv "$1" && "$1/bin/pip" install -q --disable-pip-version-check "$3" && touch "$2"; }`;
      const words = ['-w', '300', join(FOLDER, `${name}-install.lock`), 'sh', '-ec', script, 'sh', venv, stamp, `${name}==${version}`];
      await promisify(execFile)('flock', words, { timeout: 300_000 });
    },
  };
}
