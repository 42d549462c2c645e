// Writes the files of examples/ into the pages of docs that show them; a test fails while they are not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const block = /^(<!-- (examples\/\S+) -->\n\n```\w+\n).*?^(```)$/gms;

for (const page of ['docs/drivers.md', 'docs/extending.md']) {
  const file = join(root, page);
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(block, (_whole, head, shown, end) => head + readFileSync(join(root, shown), 'utf8') + end),
  );
}
