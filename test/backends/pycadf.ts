import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pythonPackage } from './python-package';

/** Release of OpenStack's CADF library that entries with CADF's content are held against. */
const PACKAGE = pythonPackage('pycadf', '4.1.0');
const CHECKER = join(__dirname, 'pycadf', 'check_events.py');

export const { available: pycadfAvailable, install: installPycadf } = PACKAGE;

/**
 * Lets pycadf read events (DSP0262).
 * @returns of each event the words for what is wrong with it; none: it is valid
 */
export async function faultsByPycadf(events: readonly unknown[]): Promise<string[][]> {
  const child = spawn(PACKAGE.python, ['-W', 'ignore', CHECKER], { stdio: 'pipe' });
  const parts: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part: Buffer) => errors.push(part));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(JSON.stringify(events));
  if ((await ended) !== 0) throw new Error(`pycadf could not be asked: ${Buffer.concat(errors).toString()}`);
  return JSON.parse(Buffer.concat(parts).toString()) as string[][];
}
