import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability } from './need';

/** Starts, shares and stops the services; says how when run without an argument. */
const SCRIPT = join(__dirname, 'openstack', 'openstack.sh');
/** Release that the tests meet; the script says which there are. */
const RELEASE = process.env['OPENSTACK_RELEASE'] ?? 'debian';
const FOLDER = join(__dirname, '..', '..', '.backends', RELEASE === 'debian' ? 'openstack' : `openstack-${RELEASE}`);
/** Exit status of the script for a release that it does not know. */
const NO_SUCH_RELEASE = 2;
/** Exit status of the script where what is missing is no package. */
const CANNOT_BE = 3;
/** Longest that a start may take while others use the machine, in ms; alone it takes about a minute. */
const START_MS = 1_500_000;

/** The running services: who may log in where. Both users have the password `secret`, in the domain Default. */
export interface Openstack {
  /** Keystone's v3 URL. */
  authUrl: string;
  region: string;
  password: string;
  /** A clouds.yaml with the clouds `demo` (a member of the project demo) and `admin`. */
  cloudsFile: string;
}

/**
 * Tells whether the services can be started here; else what is missing, in words.
 * @throws Error when OPENSTACK_RELEASE names no release
 */
export function openstackAvailable(): Availability {
  if (!existsSync('/usr/bin/apt-get')) return { missing: 'OpenStack services as Debian has them (no apt-get here)' };
  const asked = spawnSync(SCRIPT, ['available'], { encoding: 'utf8' });
  if (asked.status === NO_SUCH_RELEASE) throw new Error(asked.stderr.trim());
  return asked.status === 0 ? true : { missing: (asked.stdout || asked.stderr || String(asked.error)).trim() };
}

/** Tells whether the services can be started here with Gnocchi among them, which only Debian's release has. */
export function metricsAvailable(): Availability {
  const all = openstackAvailable();
  return all === true && RELEASE !== 'debian' ? { missing: `Gnocchi in the release ${RELEASE}` } : all;
}

/**
 * Tells whether servers can really run here, on a host with libvirt and QEMU beside that of Nova's fake driver. Tries it, which takes
 * some seconds.
 */
export function hypervisorAvailable(): Availability {
  const all = openstackAvailable();
  if (all !== true) return all;
  const asked = spawnSync(SCRIPT, ['hypervisor'], { encoding: 'utf8' });
  if (asked.status === 0) return true;
  return { missing: (asked.stdout || asked.stderr || String(asked.error)).trim(), impossible: asked.status === CANNOT_BE };
}

/** Starts that host beside the services, unless it runs; it ends with them. Servers of its flavor alone are put there. @returns id of the flavor */
export async function startHypervisor(): Promise<string> {
  await script('hypervisor-up');
  return 'runs';
}

/** Installs the services with apt-get, and pip where the release is PyPI's. @throws Error with the last words of the package manager */
export function installOpenstack(): void {
  const done = spawnSync(SCRIPT, ['install'], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) throw new Error('OpenStack could not be installed: see above');
}

/**
 * The one set of services that all test files of a run share. The first to ask starts them, others wait;
 * `leaveOpenstack` stops them, or a watcher does when the run has died.
 */
export async function useOpenstack(): Promise<Openstack> {
  await script('use', run());
  const ports = Object.fromEntries(
    readFileSync(join(FOLDER, 'ports'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  );
  return {
    authUrl: `http://127.0.0.1:${ports['KEYSTONE_PORT']}/v3`,
    region: 'RegionOne',
    password: 'secret',
    cloudsFile: join(FOLDER, 'clouds.yaml'),
  };
}

/** Releases the services, which this run needs no more; stops them unless another run or a person (`openstack.sh up`) needs them. */
export async function leaveOpenstack(): Promise<void> {
  if (existsSync(join(FOLDER, 'users', run()))) await script('leave', run());
}

/** Id of the process that is there for the whole run: jest itself, not its workers. */
const run = (): string => process.env['CIMI_TEST_RUN'] ?? String(process.pid);

async function script(...words: string[]): Promise<void> {
  try {
    await promisify(execFile)(SCRIPT, words, { timeout: START_MS });
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout?: string; stderr?: string };
    throw new Error(`openstack.sh ${words.join(' ')}:\n${stdout ?? ''}${stderr ?? ''}`, { cause });
  }
}
