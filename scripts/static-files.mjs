// Writes files as the gateway serves them (src/http/site.ts): under names that change with their content, and beside them the same
// compressed, where that is smaller.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Names a file by its content: `main.js` becomes `main-0123456789ab.js`. */
export function hashed(name, contents) {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12);
  return `${name.slice(0, -extname(name).length)}-${hash}${extname(name)}`;
}

/** Compressed once for each build, which must not take long: with these a tenth of a second for a megabyte. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
const PACKED = new Set(['.webp', '.png']);

/** Writes a file into a folder, and what clients get that take compressed answers. */
export function writeStatic(folder, name, contents) {
  const file = join(folder, name);
  const bytes = Buffer.from(contents);
  mkdirSync(dirname(file), { recursive: true });
  if (!PACKED.has(extname(name)))
    for (const [ending, small] of [
      ['.br', brotliCompressSync(bytes, BROTLI)],
      ['.gz', gzipSync(bytes, { level: 9 })],
    ])
      if (small.length < bytes.length) writeFileSync(file + ending, small);
  writeFileSync(file, bytes);
}
