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
  return JSON.parse(await PACKAGE.run(['-W', 'ignore', CHECKER], JSON.stringify(events))) as string[][];
}
