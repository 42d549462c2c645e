// What `npm start` and `npm test` share: dependencies installed and sources built, when they are not yet. Node only.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Scripts that build. */
const BUILDER = /^(bundle|loader|build-|docs-|static-)/;
const WINDOWS = process.platform === 'win32';

/** Runs a program with its output shown; ends this process where it fails. */
export function run(program, args, options = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

const STAMPS = join(root, 'node_modules', '.cache');
const digestOf = (content) => createHash('sha256').update(content).digest('hex');

/** Tells whether a piece of work was done for a content: a stamp below node_modules says so, and its result is there. */
function isDone(name, content, result) {
  const stamp = join(STAMPS, name);
  return existsSync(join(root, result)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digestOf(content);
}

/** Does a piece of work and stamps it. */
function done(name, content, work) {
  work();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), digestOf(content));
}

const lock = () => readFileSync(join(root, 'package-lock.json'), 'utf8');
const [ALL, FEW] = ['all of ', 'to start: '];

/**
 * Installs what the lock file says, when that has changed. Not by `npm ci`: it refuses a lock file in which binaries
 * for other platforms are missing, as they are when it was made against a registry that does not carry them.
 */
export function install() {
  const content = ALL + lock();
  if (isDone('installed', content, 'node_modules')) return;
  console.error('installing dependencies …');
  done('installed', content, () => npmInstall());
}

/** Installs what `npm start` takes: not the tools, unless they are there and would be removed. */
export function installToStart() {
  if (existsSync(join(root, 'node_modules', 'typescript'))) return install();
  const content = FEW + lock();
  if (isDone('installed', content, 'node_modules')) return;
  console.error('installing dependencies …');
  done('installed', content, () => npmInstall('--omit=dev'));
}

function npmInstall(...more) {
  // On Windows npm is a command file, which only a shell runs.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...more], { shell: WINDOWS });
}

/** Bundles the programs and the console into dist, and the documentation, each when one of its files has changed. */
export function build() {
  buildOf(
    'built',
    ['src', 'drivers', 'cli', 'sdk', 'console', 'site'],
    /\.(tsx?|css|html)$/,
    ['bundle.mjs', 'build-console.mjs'],
    'console',
  );
  buildOf('documented', ['docs', 'site', 'drivers', 'config'], /\.(md|webp|svg|ya?ml|mjs|css|html)$/, ['build-docs.mjs'], 'docs');
}

/** @param result folder in dist whose first page is made last */
function buildOf(name, folders, kind, builders, result) {
  const sources = folders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)));
  const files = [...sources.filter((file) => kind.test(file)), ...HELPERS, 'README.md', 'CHANGELOG.md'].sort();
  const stats = files.map((file) => ({ file, ...statSync(join(root, file)) }));
  const content = lock() + stats.map(({ file, mtimeMs, size }) => `${file} ${mtimeMs} ${size}`).join('\n');
  if (isDone(name, content, join('dist', result, 'index.html.gz'))) return;
  console.error('building …');
  done(name, content, () => {
    for (const builder of builders) run(process.execPath, [join('scripts', builder)]);
  });
}

const HELPERS = readdirSync(join(root, 'scripts')).flatMap((name) => (BUILDER.test(name) ? [join('scripts', name)] : []));
