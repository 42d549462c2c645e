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

/**
 * Describes a package at a version.
 * @param others requirements that are installed with it, each with its version
 */
export function pythonPackage(name: string, version: string, others: readonly string[] = []): PythonPackage {
  const venv = join(FOLDER, `${name}-venv`);
  const wanted = [`${name}==${version}`, ...others];
  const stamp = join(venv, `${[`${name}-${version}`, ...others].join('+').replaceAll(/[^\w.+-]/g, '_')}.installed`);
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
      const script =
        'v="$1"; s="$2"; shift 2; ' +
        'test -e "$s" || { rm -rf "$v" && python3 -m venv "$v" && "$v/bin/pip" install -q --disable-pip-version-check "$@" && touch "$s"; }';
      const words = ['-w', '300', join(FOLDER, `${name}-install.lock`), 'sh', '-ec', script, 'sh', venv, stamp, ...wanted];
      await promisify(execFile)('flock', words, { timeout: 300_000 });
    },
  };
}
