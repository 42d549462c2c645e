// `npm run pack`: what is shipped as an npm package, dist/cimi-gateway-VERSION.tgz. What is bundled is no dependency of it: that leaves
// two packages with binaries. `node scripts/pack.mjs FOLDER` makes the folder of the package alone.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { NATIVE } from './bundle.mjs';
import { root } from './prepare.mjs';

const WINDOWS = process.platform === 'win32';

/** Makes the folder of the package. */
export async function assemble(folder) {
  const { scripts, devDependencies, files, dependencies, private: unpublished, ...rest } = readJson('package.json');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await build(join(folder, 'dist'));
  for (const part of files) if (part !== 'dist') cpSync(join(root, part), join(folder, part), { recursive: true, filter: isShipped });
  const native = Object.fromEntries(NATIVE.map((name) => [name, dependencies[name]]));
  const described = { ...rest, ...(unpublished && { private: true }), dependencies: native };
  writeJson(join(folder, 'package.json'), described);
  writeJson(join(folder, 'npm-shrinkwrap.json'), lockOf(described));
}

/** Parts of docs that are large, and are in what is built of it. */
const BUILT = ['docs/pictures', 'docs/requests'].map((part) => join(root, part));
const isShipped = (file) => !['node_modules', '__pycache__'].includes(basename(file)) && !BUILT.includes(file);

/** Leaves of the lock file what the package depends on: the very versions that were tested, and of their binaries those for a platform. */
function lockOf({ name, version, license, engines, bin, dependencies }) {
  const { lockfileVersion, packages } = readJson('package-lock.json');
  const wanted = new Set();
  const want = (name) => {
    const path = `node_modules/${name}`;
    if (wanted.has(path) || !packages[path]) return;
    wanted.add(path);
    for (const next of Object.keys({ ...packages[path].dependencies, ...packages[path].optionalDependencies })) want(next);
  };
  for (const name of Object.keys(dependencies)) want(name);
  const locked = Object.fromEntries([...wanted].sort().map((path) => [path, packages[path]]));
  return {
    name,
    version,
    lockfileVersion,
    requires: true,
    packages: { '': { name, version, license, dependencies, bin, engines }, ...locked },
  };
}

const readJson = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [asked] = process.argv.slice(2);
  const folder = resolve(asked ?? join(root, 'dist', 'package'));
  await assemble(folder);
  if (asked === undefined) {
    const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', dirname(folder)], {
      cwd: folder,
      stdio: 'inherit',
      shell: WINDOWS,
    });
    rmSync(folder, { recursive: true, force: true });
    if (packed.status !== 0) process.exit(1);
    console.log(`in ${relative(process.cwd(), dirname(folder)) || '.'}`);
  }
}
