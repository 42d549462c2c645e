import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { interleave, line, type Line } from './rounds';
import type { World } from './world';

const run = promisify(execFile);
const ROOT = resolve(__dirname, '..');
/** Starts of a program in a round. */
const STARTS = 5;

/** Reads what bash's `times` says of children: user and system time, as 0m1.234s. @returns their sum in ms */
function processorMs(line: string): number {
  const parts = [...line.matchAll(/(\d+)m(\d+(?:\.\d+)?)s/g)];
  if (parts.length !== 2) throw new Error(`no times: ${line}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0);
}

/**
 * Measures the processor time that a command of `cimi`, built as it is shipped, takes against `node -e 0`, and a list of a thousand machines against one
 * of ten.
 */
export async function measureCli(world: World, rounds: number): Promise<Line[]> {
  const built = join(world.folder, 'cli');
  await run(process.execPath, ['scripts/bundle.mjs', built], { cwd: ROOT });
  const env = { PATH: process.env.PATH, HOME: world.folder, CIMI_URL: `${world.base}clouds/thousand/cloudEntryPoint` };
  const script = `for n in $(seq ${STARTS}); do "$0" "$@" >/dev/null || exit 1; done; times`;
  const started = async (...args: string[]): Promise<number> => {
    const { stdout } = await run('bash', ['-c', script, process.execPath, ...args], { env });
    return processorMs(stdout.trim().split('\n').at(-1) ?? '') / STARTS;
  };
  const cimi = (...words: string[]): Promise<number> => started(join(built, 'cli/main.js'), ...words);
  const { node, help, images, ten, thousand } = await interleave(rounds, {
    node: () => started('-e', '0'),
    help: () => cimi('--help'),
    images: () => cimi('machineImages', 'list'),
    ten: () => cimi('machines', 'list', '--limit', '10'),
    thousand: () => cimi('machines', 'list'),
  });
  const reference = 'node -e 0';
  return [
    line({ measure: 'cimi --help', reference }, 'ms', help, node),
    line(
      { measure: 'cimi machineImages list', reference, aim: { most: 1.8 }, note: 'without the time of the gateway' },
      'ms',
      images,
      node,
    ),
    line({ measure: 'cimi machines list, 1,000', reference: 'the same with --limit 10', aim: { most: 3 } }, 'ms', thousand, ten),
  ];
}
