import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Check, Clause } from './define';

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

/** Tells whether a clause is asked for: by its number or by that of a clause around it; true where nothing is asked. */
export function asked(number: string, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((one) => number === one || number.startsWith(`${one}.`));
}

/** Clauses by number: the checks of one may stand in several files. */
function merged(clauses: Clause[]): Map<string, Clause> {
  const found = new Map<string, Clause>();
  for (const each of clauses) found.set(each.number, { ...each, checks: [...(found.get(each.number)?.checks ?? []), ...each.checks] });
  return found;
}

/** Tells whether a check is asked for: by a requirement that it proves, or by clause and title. */
const named = ({ title, ids }: Check, number: string, wanted: readonly string[]): boolean =>
  wanted.some((one) => ids.includes(one) || one === `${number} ${title}`);

/**
 * The clauses of every clause file (`4.1.6.1-filtering.ts`, exporting `clauses`), in the standard's order. `wanted`: numbers of
 * clauses, requirements (`R4.1.6.5-06`) and checks (clause and title); everything where nothing is asked for.
 */
export function loadClauses(wanted: readonly string[] = []): Clause[] {
  const load = createRequire(__filename);
  const files = readdirSync(FOLDER).filter((name) => CLAUSE_FILE.test(name));
  const clauses = files.flatMap((file) => (load(join(FOLDER, file)) as { clauses: Clause[] }).clauses);
  const some = [...merged(clauses).values()].map((each) => ({
    ...each,
    checks: each.checks.filter((one) => asked(each.number, wanted) || named(one, each.number, wanted)),
  }));
  return some.filter(({ checks }) => checks.length > 0).sort((a, b) => byNumber(a.number, b.number));
}
