import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { interleave, line, type Line } from './rounds';
import type { World } from './world';

const run = promisify(execFile);
const ROOT = resolve(__dirname, '..');
/** Starts of a program in a round. */
const STARTS = 5;

/**
 * Measures what a command of `cimi`, built as it is shipped, takes against `node -e 0`, and a list of a thousand machines against one
 * of ten.
 */
export async function measureCli(world: World, rounds: number): Promise<Line[]> {
  const built = join(world.folder, 'cli');
  await run(process.execPath, ['scripts/bundle.mjs', built], { cwd: ROOT });
  const env = { PATH: process.env.PATH, HOME: world.folder, CIMI_URL: `${world.base}clouds/thousand/cloudEntryPoint` };
  const started = async (...args: string[]): Promise<number> => {
    const begun = performance.now();
    for (let n = 0; n < STARTS; n++) await run(process.execPath, args, { env });
    return (performance.now() - begun) / STARTS;
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
    line({ measure: 'cimi machineImages list', reference, aim: { most: 1.8 }, note: 'with the time of the gateway' }, 'ms', images, node),
    line({ measure: 'cimi machines list, 1,000', reference: 'the same with --limit 10', aim: { most: 3 } }, 'ms', thousand, ten),
  ];
}
