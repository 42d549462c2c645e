// Builds the console (console/) into dist/console: static files, whose names change with their content.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { hashed, writeStatic } from './static-files.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Builds the console into a folder, which has nothing else then.
 * @returns paths of the files that became part of it, relative to the root
 */
export async function buildConsole(target = join(root, 'dist', 'console')) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'console', 'main.tsx'), join(root, 'console', 'style.css')],
    outdir: target,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  rmSync(target, { recursive: true, force: true });
  let page = readFileSync(join(root, 'console', 'page.html'), 'utf8');
  for (const { path, contents } of outputFiles) {
    const [plain, mark] = path.endsWith('.css') ? ['style.css', 'STYLE'] : ['main.js', 'SCRIPT'];
    const name = hashed(plain, contents);
    writeStatic(target, name, contents);
    page = page.replace(mark, name);
  }
  // Last: who finds the page finds all of it.
  writeStatic(target, 'index.html', page);
  return Object.keys(metafile.inputs);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole();
