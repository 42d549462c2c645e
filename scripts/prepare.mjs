// What `npm start` and `npm test` share: dependencies installed and sources built, when they are not yet. Node only.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const WINDOWS = process.platform === 'win32';

/** Runs a program with its output shown; ends this process where it fails. */
export function run(program, args, options = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** A stamp below node_modules that tells for which content a piece of work was done. */
function upToDate(name, content, result, work) {
  const stamp = join(root, 'node_modules', '.cache', name);
  const hash = createHash('sha256').update(content).digest('hex');
  if (existsSync(join(root, result)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

/**
 * Installs what the lock file says, when that has changed. Not by `npm ci`: it refuses a lock file in which binaries
 * for other platforms are missing, as they are when it was made against a registry that does not carry them.
 */
export function install() {
  upToDate('installed', readFileSync(join(root, 'package-lock.json')), 'node_modules', () => {
    console.error('installing dependencies …');
    // On Windows npm is a command file, which only a shell runs.
    run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { shell: WINDOWS });
  });
}

/** Builds the console into dist, when one of its files has changed. */
export function buildConsole() {
  const files = ['console', 'sdk'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)));
  const content = files.map((file) => `${file} ${statSync(file).mtimeMs} ${statSync(file).size}`).join('\n');
  upToDate('console', content, join('dist', 'console', 'index.html'), () => {
    run(process.execPath, [join('scripts', 'build-console.mjs')]);
  });
}

/** Compiles src and drivers to dist, when one of their files has changed. */
export function build() {
  const files = ['src', 'drivers'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(root, folder, name)),
  );
  const sources = files.filter((file) => file.endsWith('.ts')).sort();
  const content = sources.map((file) => `${file} ${statSync(file).mtimeMs} ${statSync(file).size}`).join('\n');
  upToDate('built', content, join('dist', 'src', 'main.js'), () => {
    console.error('building …');
    run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  });
}
