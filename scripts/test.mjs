// `npm test`: installs what the tests need and runs them. Counterparts that can't be had here are named and skipped;
// with CI=true every one of them is required. Arguments go to the test runner. BUSY=4 runs four busy loops beside, until it ends.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { keepBusy } from './busy.mjs';
import { install, root } from './prepare.mjs';
import { temporaryFolder } from './temporary.mjs';

const has = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
const postgres = () => has('postgres', '--version') || (existsSync('/usr/lib/postgresql') && readdirSync('/usr/lib/postgresql').length > 0);

/** Debian packages for counterparts that are not here yet; a program each, and the test that it is there. */
const packages = [
  { name: 'redis-server', there: () => has('redis-server', '--version') },
  { name: 'postgresql', there: postgres },
  { name: 'qemu-utils', there: () => has('qemu-img', '--version') },
  { name: 'qemu-system-x86', there: () => has('qemu-system-x86_64', '--version') },
  { name: 'chromium', there: () => has(process.env.CHROMIUM ?? '/usr/bin/chromium', '--version') },
  { name: 'openssh-client', there: () => !spawnSync('ssh-keygen', ['-?'], { stdio: 'ignore' }).error },
  { name: 'python3-venv', there: () => has('python3', '-c', 'import venv, ensurepip') },
  { name: 'buildah', there: () => has('buildah', '--version') },
  { name: 'faketime', there: () => has('faketime', '--version') },
  { name: 'runc', there: () => has('runc', '--version') },
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
const folder = temporaryFolder();
keepBusy(Number(process.env.BUSY ?? 0));

/** Starts a program; without `log` it writes to this terminal. @returns its exit code, once it has ended */
function started(program, args, log = 'inherit') {
  const child = spawn(program, args, { cwd: root, stdio: ['inherit', log, log] });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

const jest = (args, log) => started(process.execPath, [join('node_modules', 'jest', 'bin', 'jest.js'), ...args], log);

/** Installs OpenStack, hundreds of packages: only for root, and only for a run that comes to it. */
async function installOpenstack(log) {
  if (process.getuid?.() !== 0 || !has('apt-get', '--version')) {
    console.error("can't install OpenStack here (it needs apt-get and root): tests of its driver against it are skipped by name");
  } else if ((await started(join('test', 'backends', 'openstack', 'openstack.sh'), ['install'], log)) !== 0) {
    console.error('OpenStack could not be installed: tests of its driver against it are skipped by name');
  }
}

if (asked.length > 0) {
  if (asked.some((word) => word.includes('openstack'))) await installOpenstack();
  process.exit(await jest(asked));
}

/** Test files with a run of their own, by path: OpenStack's services need 3 GB, one set of them serves all these files. */
const openstack = '/test/.*openstack';
/** Seven minutes of waiting for Nova by itself: only when asked for (npm test -- test/conformance/openstack). */
const slow = '/test/conformance/openstack';

/** Files that may fail beside others and be run again alone (docs/decisions/0036): with more of them something is wrong. */
const AGAIN_AT_MOST = 4;

/**
 * Runs tests, and keeps what failed in a file.
 * @returns the exit code, and the files that failed
 */
async function phase(name, args, log) {
  const kept = join(folder, `${name}.json`);
  const code = await jest([...args, '--json', '--outputFile', kept], log);
  // Without the file the runner itself broke: nothing is known.
  const results = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')).testResults : [];
  return { code, failed: results.filter(({ status }) => status === 'failed') };
}

/** Runs the tests over OpenStack. What it says is kept for the end: it runs beside the others, for both wait much. */
async function openstackRun(log) {
  await installOpenstack(log);
  return phase('openstack', ['--maxWorkers=2', openstack, '--testPathIgnorePatterns', '/node_modules/', slow], log);
}

/** Names the tests that failed, each with the first line of why. */
function tell(title, files) {
  for (const { name, message, assertionResults } of files) {
    const broken = assertionResults.filter(({ status }) => status === 'failed');
    if (broken.length === 0) console.log(`${title}: ${relative(root, name)}: ${firstLine(message)}`);
    for (const { fullName, failureMessages } of broken)
      console.log(`${title}: ${relative(root, name)}: ${fullName}: ${firstLine(failureMessages[0] ?? '')}`);
  }
}

const firstLine = (text) =>
  (
    text
      .replaceAll(/\u001b\[[0-9;]*m/g, '')
      .split('\n')
      .find((line) => line.trim()) ?? ''
  )
    .trim()
    .slice(0, 200);

/** Ends the run once all that was said has gone out: a pipe that others write to, too, takes it later. */
async function end(code) {
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(code);
}

const said = join(folder, 'openstack.log');
const beside = openstackRun(openSync(said, 'w'));
const phases = [await phase('main', ['--testPathIgnorePatterns', '/node_modules/', openstack])];
console.log('== tests over OpenStack, which ran beside these');
phases.push(await beside);
process.stdout.write(readFileSync(said));

const code = Math.max(...phases.map((one) => one.code));
const failed = phases.flatMap((one) => one.failed);
if (code === 0) await end(0);
console.log('== failed beside others');
tell('FAILED', failed);
if (failed.length === 0 || failed.length > AGAIN_AT_MOST) await end(code);
console.log('== run again, alone');
const alone = await phase('alone', ['--maxWorkers=1', '--runTestsByPath', ...failed.map(({ name }) => name)]);
const twice = new Set(alone.failed.map(({ name }) => name));
tell('FAILED TWICE', alone.failed);
tell(
  'UNSTEADY, passed alone: to be mended',
  failed.filter(({ name }) => !twice.has(name)),
);
await end(alone.code);
