// `npm run build`: everything that is shipped, into dist: programs, console, documentation, declarations for drivers and types of others, and what was
// bundled. `node scripts/build.mjs FOLDER` builds into another folder.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from './build-console.mjs';
import { buildDocs } from './build-docs.mjs';
import { bundle } from './bundle.mjs';
import { tellBundled } from './bundled.mjs';
import { root, run } from './prepare.mjs';

/** Builds everything into a folder. */
export async function build(folder) {
  const inputs = [...(await bundle(folder)), ...(await buildConsole(join(folder, 'console'))), ...(await buildDocs(join(folder, 'docs')))];
  tellBundled(inputs, folder);
  declare(folder);
}

/** Writes declarations of what others import, with those of zod beside them: the schemas of options are in them, and zod is bundled. */
function declare(folder) {
  run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json', '--outDir', folder]);
  const zod = join(root, 'node_modules', 'zod');
  for (const name of ['index.d.cts', 'LICENSE']) copy(join(zod, name), join(folder, 'zod', name));
  for (const part of ['classic', 'core', 'locales'])
    cpSync(join(zod, 'v4', part), join(folder, 'zod', 'v4', part), {
      recursive: true,
      filter: (file) => !/\.[a-z]+$/.test(file) || file.endsWith('.d.cts'),
    });
  for (const file of declarationsIn(join(folder, 'src'))) {
    const beside = relative(dirname(file), join(folder, 'zod', 'index.cjs'))
      .split(sep)
      .join('/');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(?<=\bfrom )'zod'/g, `'${beside}'`));
  }
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

const declarationsIn = (folder) =>
  readdirSync(folder, { recursive: true }).flatMap((name) => (name.endsWith('.d.ts') ? [join(folder, name)] : []));

if (process.argv[1] === fileURLToPath(import.meta.url)) await build(resolve(process.argv[2] ?? join(root, 'dist')));
