import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { goProgram } from './go-program';
import type { Availability } from './need';

const MODULE = join(__dirname, 'vcsim');
const parser = goProgram('govmomi-descriptors', 'descriptors');

/** Tells whether govmomi's module can be had, and what is built of it; needs go, and flock. */
export function govmomiAvailable(): Availability {
  // Its fixtures are found by go, even where the program is built.
  return spawnSync('go', ['version']).status === 0 ? parser.available() : { missing: 'go' };
}

/** Builds the program that asks govmomi's parser, unless it is there. */
export const installGovmomi = (): Promise<void> => parser.install();

/** Folder of govmomi's module, of the version that the vCenter simulator is built of; it is downloaded unless it is there. */
export async function govmomiFolder(): Promise<string> {
  const words = ['mod', 'download', '-json', 'github.com/vmware/govmomi'];
  const { stdout } = await promisify(execFile)('go', words, { cwd: MODULE, timeout: 280_000 });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

/** Reading of a descriptor by govmomi's parser. Bytes are 0 where it has no number for them. */
export interface GovmomiReading {
  error?: string;
  disks: { id: string; capacity: number; text: string }[];
  networks: string[];
  systems: { id: string; cpus: number; memory: number; units: string; disks: string[]; networks: string[] }[];
}

/** Readings of all descriptors below a folder, by their paths in it. */
export async function govmomiReadings(folder: string): Promise<Record<string, GovmomiReading>> {
  await parser.install();
  const { stdout } = await promisify(execFile)(parser.path(), [folder], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Record<string, GovmomiReading>;
}
