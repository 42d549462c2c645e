import { counting } from './assert';
import { Context } from './context';
import { type Check, type Clause, formatsOf, type Needs, OutOfTime, Skip, Unproven } from './define';
import type { Session } from './session';
import type { Format } from './value';

/**
 * `unproven`: what the check is about did not occur, so that it asserted nothing of it; `unrun`: the time limit was reached before
 * it ended.
 */
export const OUTCOMES = ['passed', 'failed', 'skipped', 'unproven', 'unrun'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Result {
  clause: string;
  check: string;
  format: Format;
  ids: string[];
  outcome: Outcome;
  /** Reason why it failed, was skipped, proved nothing or did not run. */
  reason?: string;
  ms: number;
}

/** Returns what the provider lacks of what a check needs, in words; undefined where it lacks nothing. */
async function lacking(c: Context, { collections = [], adds = [], capabilities = [], actions = [] }: Needs): Promise<string | undefined> {
  for (const attribute of [...collections, ...adds]) if (!c.entry.has(attribute)) return `the Cloud Entry Point has no ${attribute}`;
  for (const attribute of adds) if (!c.operation(await c.collection(attribute), 'add')) return `${attribute} offers no add`;
  for (const name of capabilities) if (!c.can(name)) return `capability ${name} is not announced`;
  for (const name of actions) if (!c.knows(name)) return `action ${name} is not announced`;
  return undefined;
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof Skip) return 'skipped';
  if (error instanceof Unproven) return 'unproven';
  return error instanceof OutOfTime ? 'unrun' : 'failed';
}

async function attempt(one: Check, c: Context): Promise<Pick<Result, 'outcome' | 'reason'>> {
  try {
    const missing = await lacking(c, one.needs ?? {});
    if (missing !== undefined) throw new Skip(missing);
    const assertions = await counting(() => one.run(c));
    if (assertions === 0) throw new Unproven('nothing was asserted');
    return { outcome: 'passed' };
  } catch (error) {
    return { outcome: outcomeOf(error), reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Timer that ends a check that hangs when the time limit is reached; `stop` clears the timer. */
function limitOf(session: Session): { reached: Promise<Pick<Result, 'outcome' | 'reason'>>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const reached = new Promise<Pick<Result, 'outcome' | 'reason'>>((resolve) => {
    if (session.deadline === Number.POSITIVE_INFINITY) return;
    const told = { outcome: 'unrun' as const, reason: 'the time limit of the run was reached' };
    timer = setTimeout(() => resolve(told), Math.max(0, session.deadline - Date.now()));
  });
  return { reached, stop: () => clearTimeout(timer) };
}

/** Runs one check in one format and deletes what it has made; what can't be deleted is a failure. */
export async function runCheck(session: Session, { number }: Clause, one: Check, format: Format): Promise<Result> {
  const began = Date.now();
  const made: string[] = [];
  const limit = limitOf(session);
  const result = await Promise.race([attempt(one, new Context(session, format, (uri) => made.push(uri))), limit.reached]);
  limit.stop();
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
