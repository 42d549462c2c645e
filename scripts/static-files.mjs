// Writes files as the gateway serves them (src/http/site.ts): under names that change with their content, and compressed where that is
// smaller. Every browser takes gzip, also without TLS, and one form of each file is all that is shipped.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './prepare.mjs';

/** Names a file by its content: `main.js` becomes `main-0123456789ab.js`. */
export function hashed(name, contents) {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12);
  return `${name.slice(0, -extname(name).length)}-${hash}${extname(name)}`;
}

const PACKED = new Set(['.webp', '.png']);

/** Writes a file into a folder: as NAME.gz, or as it is where that is no larger. */
export function writeStatic(folder, name, contents) {
  const file = join(folder, name);
  const bytes = Buffer.from(contents);
  mkdirSync(dirname(file), { recursive: true });
  const small = PACKED.has(extname(name)) ? bytes : gzipSync(bytes, { level: 9 });
  if (small.length < bytes.length) writeFileSync(`${file}.gz`, small);
  else writeFileSync(file, bytes);
}

/**
 * Bundles scripts and styles for browsers, without writing them.
 * @param entries paths relative to the root
 * @returns their contents, those of styles under style.css, and the paths of the files that became part of them, relative to the root
 */
export async function bundled(entries, more = {}) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => join(root, entry)),
    outdir: join(root, 'dist'),
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    ...more,
  });
  return { outputFiles, inputs: Object.keys(metafile.inputs) };
}
