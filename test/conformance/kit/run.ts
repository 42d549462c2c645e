import { Context } from './context';
import { type Check, type Clause, formatsOf, type Needs, Skip } from './define';
import type { Session } from './session';
import type { Format } from './value';

export interface Result {
  clause: string;
  check: string;
  format: Format;
  ids: string[];
  outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  reason?: string;
  ms: number;
}

/** What the provider lacks of what a check needs, in words; undefined where nothing. */
async function lacking(c: Context, { collections = [], adds = [], capabilities = [], actions = [] }: Needs): Promise<string | undefined> {
  for (const attribute of [...collections, ...adds]) if (!c.entry.has(attribute)) return `the Cloud Entry Point has no ${attribute}`;
  for (const attribute of adds) if (!c.operation(await c.collection(attribute), 'add')) return `${attribute} offers no add`;
  for (const name of capabilities) if (!c.can(name)) return `capability ${name} is not announced`;
  for (const name of actions) if (!c.knows(name)) return `action ${name} is not announced`;
  return undefined;
}

async function attempt(one: Check, c: Context): Promise<Pick<Result, 'outcome' | 'reason'>> {
  try {
    const missing = await lacking(c, one.needs ?? {});
    if (missing !== undefined) throw new Skip(missing);
    await one.run(c);
    return { outcome: 'passed' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: error instanceof Skip ? 'skipped' : 'failed', reason };
  }
}

/** Runs one check in one format and deletes what it has made; what can't be deleted is a failure. */
export async function runCheck(session: Session, { number }: Clause, one: Check, format: Format): Promise<Result> {
  const began = Date.now();
  const made: string[] = [];
  const result = await attempt(one, new Context(session, format, (uri) => made.push(uri)));
  const left = await session.removeAll(made);
  const failed =
    left.length > 0 && result.outcome !== 'failed' ? { outcome: 'failed' as const, reason: `left behind: ${left.join('; ')}` } : {};
  return { clause: number, check: one.title, format, ids: one.ids, ...result, ...failed, ms: Date.now() - began };
}

/** Runs clauses one check after another, its formats at once, telling each result as it comes. */
export async function runAll(
  session: Session,
  clauses: Clause[],
  formats: readonly Format[],
  told: (result: Result) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const each of clauses) {
    for (const one of each.checks) {
      const both = await Promise.all(formatsOf(one, formats).map((format) => runCheck(session, each, one, format)));
      both.forEach(told);
      results.push(...both);
    }
  }
  return results;
}
