// Writes files as the gateway serves them (src/http/site.ts): under names that change with their content, and compressed where that is
// smaller. Every browser takes gzip, also without TLS, and one form of each file is all that is shipped.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

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
