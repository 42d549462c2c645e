import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonPackage } from './python-package';

/** Release of openstacksdk that the driver's reading of clouds.yaml is held against. */
export const OPENSTACKSDK_VERSION = '4.22.0';

const SDK = pythonPackage('openstacksdk', OPENSTACKSDK_VERSION);
const READER = join(__dirname, 'openstacksdk', 'read_clouds.py');

/** Reading of one cloud by openstacksdk: its options by their names there, or the reason why it takes none. */
export type SdkCloud = { [option: string]: unknown } | { error: string };

export const { available: openstacksdkAvailable, install: installOpenstacksdk } = SDK;

/**
 * Lets the real openstacksdk read the files as it finds them.
 * @param at its working and home folder, and environment
 * @returns by name what it makes of each cloud
 */
export async function readWithSdk(at: { cwd: string; home: string; env?: Record<string, string> }): Promise<Record<string, SdkCloud>> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: at.home, ...at.env };
  const { stdout } = await promisify(execFile)(SDK.python, ['-W', 'ignore', READER], {
    cwd: at.cwd,
    env,
    timeout: 60_000,
  });
  return JSON.parse(stdout) as Record<string, SdkCloud>;
}
