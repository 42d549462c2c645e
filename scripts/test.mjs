// `npm test`: installs what the tests need and runs them. Counterparts that can't be had here are named and skipped;
// with CI=true every one of them is required. Arguments go to the test runner.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { install, root } from './prepare.mjs';

const has = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
const postgres = () => has('postgres', '--version') || (existsSync('/usr/lib/postgresql') && readdirSync('/usr/lib/postgresql').length > 0);

/** Debian packages for counterparts that are not here yet; a program each, and the test that it is there. */
const packages = [
  { name: 'redis-server', there: () => has('redis-server', '--version') },
  { name: 'postgresql', there: postgres },
  { name: 'python3-venv', there: () => has('python3', '-c', 'import venv, ensurepip') },
];

function debianPackages() {
  const wanted = packages.filter(({ there }) => !there()).map(({ name }) => name);
  if (wanted.length === 0) return;
  const asRoot = process.getuid?.() === 0 ? [] : has('sudo', '-n', 'true') ? ['sudo', '-n'] : undefined;
  if (!has('apt-get', '--version') || !asRoot) {
    console.error(`can't install ${wanted.join(', ')} here: tests that need them are skipped by name`);
    return;
  }
  console.error(`installing ${wanted.join(', ')} …`);
  const apt = (...args) => {
    const [program, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-q', ...args];
    return spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  };
  if (!apt('update') || !apt('install', '-y', '--no-install-recommends', ...wanted)) console.error('apt-get failed: see above');
}

install();
debianPackages();
const simulators = spawnSync(process.execPath, [join('test', 'backends', 'install.cjs')], { cwd: root, stdio: 'inherit' });
if (simulators.status !== 0) console.error('what could not be installed is named above: the tests that need it say so');

const asked = process.argv.slice(2);
// Hundreds of packages: only for root, and only for a run that comes to it.
if (asked.length === 0 || asked.some((word) => word.includes('openstack'))) {
  if (process.getuid?.() === 0 && has('apt-get', '--version')) {
    const openstack = spawnSync(join('test', 'backends', 'openstack', 'openstack.sh'), ['install'], { cwd: root, stdio: 'inherit' });
    if (openstack.status !== 0) console.error('OpenStack could not be installed: tests of its driver against it are skipped by name');
  } else {
    console.error("can't install OpenStack here (it needs apt-get and root): tests of its driver against it are skipped by name");
  }
}

/** One run of the test runner. @returns its exit code. */
function jest(...args) {
  return (
    spawnSync(process.execPath, [join('node_modules', 'jest', 'bin', 'jest.js'), ...args], { cwd: root, stdio: 'inherit' }).status ?? 1
  );
}

if (asked.length > 0) process.exit(jest(...asked));
/** Test files with phases of their own, by path. */
const crash = '/test/crash/';
const openstack = '/test/.*openstack';
/** Seven minutes of waiting for Nova by itself: only when asked for (npm test -- test/conformance/openstack). */
const slow = '/test/conformance/openstack';
const codes = [
  jest('--testPathIgnorePatterns', '/node_modules/', crash, openstack),
  // Crash tests stop and kill whole processes and watch leases of one second: they have the machine to themselves.
  jest('--runInBand', crash),
  // OpenStack's services need 3 GB; one set of them serves all these files, and is stopped at the end of the phase.
  jest('--maxWorkers=2', openstack, '--testPathIgnorePatterns', '/node_modules/', slow),
];
process.exit(Math.max(...codes));
