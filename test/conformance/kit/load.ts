import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Clause } from './define';

const FOLDER = join(__dirname, '..');
const CLAUSE_FILE = /^[45]\.[\d.]*-[a-z0-9-]+\.ts$/;

const parts = (number: string): number[] => number.split('.').map(Number);

/** Orders clause numbers as the standard does: 5.9 before 5.10. */
export function byNumber(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? -1) - (right[at] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a clause is asked for: by its number or by that of a clause around it; everything where nothing is asked. */
export function asked(number: string, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((one) => number === one || number.startsWith(`${one}.`));
}

/** The clauses of every clause file (`4.1.6.1-filtering.ts`, exporting `clauses`), in the standard's order. */
export function loadClauses(wanted: readonly string[] = []): Clause[] {
  const load = createRequire(__filename);
  const files = readdirSync(FOLDER).filter((name) => CLAUSE_FILE.test(name));
  const clauses = files.flatMap((file) => (load(join(FOLDER, file)) as { clauses: Clause[] }).clauses);
  return clauses.filter(({ number }) => asked(number, wanted)).sort((a, b) => byNumber(a.number, b.number));
}
