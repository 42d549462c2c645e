import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability } from './need';

/** Release of openstacksdk that the driver's reading of clouds.yaml is held against. */
export const OPENSTACKSDK_VERSION = '4.22.0';

const FOLDER = join(__dirname, '..', '..', '.backends');
const VENV = join(FOLDER, 'openstacksdk-venv');
const STAMP = join(VENV, `openstacksdk-${OPENSTACKSDK_VERSION}.installed`);
const READER = join(__dirname, 'openstacksdk', 'read_clouds.py');

/** What openstacksdk makes of one cloud: its options by their names there, or why it takes none. */
export type SdkCloud = { [option: string]: unknown } | { error: string };

/** Whether openstacksdk can be installed and run here; needs python3 with venv, and flock. */
export function openstacksdkAvailable(): Availability {
  if (existsSync(STAMP)) return true;
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) return { missing: 'python3 with venv' };
  if (spawnSync('flock', ['--version']).status !== 0) return { missing: 'flock (util-linux)' };
  return true;
}

/** Installs openstacksdk into a virtual environment below .backends unless it is there; safe to call from several processes. */
export async function installOpenstacksdk(): Promise<void> {
  if (existsSync(STAMP)) return;
  mkdirSync(FOLDER, { recursive: true });
  const script = `test -e "$2" || { rm -rf "$1" && python3 -m venv "$1" && "$1/bin/pip" install -q --disable-pip-version-check "openstacksdk==$3" && touch "$2"; }`;
  const words = ['-w', '300', join(FOLDER, 'openstacksdk-install.lock'), 'sh', '-ec', script, 'sh', VENV, STAMP, OPENSTACKSDK_VERSION];
  await promisify(execFile)('flock', words, { timeout: 300_000 });
}

/**
 * Lets the real openstacksdk read the files as it finds them.
 * @param at its working and home folder, and environment
 * @returns by name what it makes of each cloud
 */
export async function readWithSdk(at: { cwd: string; home: string; env?: Record<string, string> }): Promise<Record<string, SdkCloud>> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: at.home, ...at.env };
  const { stdout } = await promisify(execFile)(join(VENV, 'bin', 'python'), ['-W', 'ignore', READER], {
    cwd: at.cwd,
    env,
    timeout: 60_000,
  });
  return JSON.parse(stdout) as Record<string, SdkCloud>;
}
