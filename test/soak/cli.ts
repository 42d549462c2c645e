import { parseArgs } from 'node:util';
import { elapse } from '../harness/wait';
import { soak } from './soak';

/** `npm run soak -- [--minutes N | --rounds N] [--store postgres|sqlite] [--seed N] [--clients N] [--snapshots FOLDER]`: exit code 1 where something grew. */

const MINUTE_MS = 60_000;
/** Least time of a round, and rounds from one measurement to the next. */
const PACE_MS = 4_000;
const EVERY = 2;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { minutes: text, rounds: text, store: text, seed: text, clients: text, snapshots: text } });
  const { store = 'postgres', snapshots } = values;
  if (store !== 'postgres' && store !== 'sqlite') throw new Error('--store is postgres or sqlite');
  const minutes = numberOf('minutes', values.minutes ?? '60');
  const seed = numberOf('seed', values.seed ?? String(Date.now() % 1_000_000));
  const clients = numberOf('clients', values.clients ?? '4');
  const rounds = values.rounds === undefined ? undefined : numberOf('rounds', values.rounds);
  let over = false;
  const ending = new AbortController();
  // Rejects where the soak broke off before: then nobody waits for it.
  void elapse(minutes * MINUTE_MS, ending.signal).then(
    () => (over = true),
    () => undefined,
  );
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  // Of rounds that are counted each is measured.
  const length =
    rounds === undefined ? { paceMs: PACE_MS, every: EVERY, goesOn: () => !over } : { goesOn: (done: number) => done < rounds };
  const report = await soak({ seed, store, clients, snapshots, tell, ...length }).finally(() => ending.abort());
  for (const { name, unit, first, last, flat } of report.verdicts)
    tell(`${flat ? 'flat' : 'GREW'}  ${name}: ${first.toFixed(1)} to ${last.toFixed(1)} ${unit}`);
  for (const violation of report.violations) tell(violation);
  tell(
    `${report.rounds} rounds, ${report.acts} acts, seed ${seed}: ${report.violations.length === 0 ? 'flat, nothing left' : 'NOT as it should be'}`,
  );
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.violations.length > 0) process.exitCode = 1;
}

/** Reads a number above 0. @throws Error in words for anything else */
function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} is a number above 0, not '${text}'`);
  return number;
}

void main();
