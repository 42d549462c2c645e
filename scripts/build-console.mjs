// Builds the console (console/) into dist/console: static files, whose names change with their content.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './prepare.mjs';
import { bundled, hashed, writeStatic } from './static-files.mjs';

/**
 * Builds the console into a folder, which has nothing else then.
 * @returns paths of the files that became part of it, relative to the root
 */
export async function buildConsole(target = join(root, 'dist', 'console')) {
  const preact = { jsx: 'automatic', jsxImportSource: 'preact' };
  const { outputFiles, inputs } = await bundled(['console/main.tsx', 'console/style.css'], preact);
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
  return inputs;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole();
