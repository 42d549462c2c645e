import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  /** Runs a program of the environment on a text. @returns what it wrote; @throws Error with its complaints where it fails */
  run(args: readonly string[], input: string): Promise<string>;
}

/**
 * Makes an environment and installs into it: by uv, which takes a tenth of pip's time, or by pip where uv is not there or fails.
 * Arguments: the environment, a file that says that it is whole, uv (may be missing), and the requirements.
 */
const INSTALL = `v="$1"; s="$2"; u="$3"; shift 3
test -e "$s" && exit 0
rm -rf "$v"
if ! { test -x "$u" && "$u" venv -q --seed --no-python-downloads --python "$(command -v python3)" "$v" &&
  "$u" pip install -q --python "$v/bin/python" "$@"; }
then
  rm -rf "$v"
  python3 -m venv "$v"
  "$v/bin/pip" install -q --disable-pip-version-check "$@"
fi
touch "$s"`;

/**
 * Describes a package at a version.
 * @param others requirements that are installed with it, each with its version
 * @param extra name of the package's optional part that is wanted, too
 */
export function pythonPackage(name: string, version: string, others: readonly string[] = [], extra?: string): PythonPackage {
  const venv = join(FOLDER, `${name}-venv`);
  const wanted = [`${name}${extra === undefined ? '' : `[${extra}]`}==${version}`, ...others];
  const stamp = join(venv, `${[`${name}-${version}`, ...others].join('+').replaceAll(/[^\w.+-]/g, '_')}.installed`);
  return {
    python: join(venv, 'bin', 'python'),
    run: (args, input) => answered(join(venv, 'bin', 'python'), args, input),
    available() {
      if (existsSync(stamp)) return true;
      if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) return { missing: 'python3 with venv' };
      if (spawnSync('flock', ['--version']).status !== 0) return { missing: 'flock (util-linux)' };
      return true;
    },
    async install() {
      if (existsSync(stamp)) return;
      mkdirSync(FOLDER, { recursive: true });
      const uv = name === UV_NAME ? '' : await uvProgram();
      const words = ['-w', '300', join(FOLDER, `${name}-install.lock`), 'sh', '-ec', INSTALL, 'sh', venv, stamp, uv, ...wanted];
      await promisify(execFile)('flock', words, { timeout: 300_000 });
    },
  };
}

async function answered(program: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(program, args, { stdio: 'pipe' });
  const parts: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part: Buffer) => errors.push(part));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(input);
  if ((await ended) !== 0) throw new Error(`${args.join(' ')} failed: ${Buffer.concat(errors).toString()}`);
  return Buffer.concat(parts).toString();
}

const UV_NAME = 'uv';

/** Path of uv; where it cannot be installed nothing is there. */
async function uvProgram(): Promise<string> {
  const uv = pythonPackage(UV_NAME, '0.13.9');
  await uv.install().catch(() => undefined);
  return join(dirname(uv.python), 'uv');
}
