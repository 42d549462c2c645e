// Images to build ours on where no registry of images is reached: of the packages that this Debian has installed, and a Node.
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Names that are links into /usr since Debian 12. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];
/** Parts that Debian's own slim image leaves out. */
const LEFT_OUT = /^\/usr\/share\/(doc|man|locale|info|lintian)\//;
const USERS = 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n';

/** Runs a program and gives what it wrote. @throws Error with what it said where it fails */
export function output(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.slice(0, 6).join(' ')} ended with ${status}:\n${stderr}${stdout}`);
  return stdout.trim();
}

/** Names of the packages that every Debian has, with all that they depend on, as they are installed here. */
function requiredPackages() {
  const format = '${Package}\t${Priority}\t${Essential}\t${Depends}, ${Pre-Depends}\t${Provides}\n';
  const rows = output('dpkg-query', ['-W', '-f', format])
    .split('\n')
    .map((line) => line.split('\t'));
  const names = (list) => list.split(',').flatMap((part) => part.split('|').map((one) => one.trim().split(/[ :(]/)[0]));
  const needs = new Map(rows.map(([name, , , depends]) => [name, names(depends)]));
  for (const [name, , , , provides] of rows) for (const also of names(provides)) if (!needs.has(also)) needs.set(also, [name]);
  const found = new Set();
  const take = (name) => {
    if (found.has(name) || !needs.has(name)) return;
    found.add(name);
    for (const next of needs.get(name)) take(next);
  };
  for (const [name, priority, essential] of rows) if (priority === 'required' || essential === 'yes') take(name);
  return rows.map(([name]) => name).filter((name) => found.has(name));
}

/** Puts what these packages have installed into a folder. */
function installDebian(folder) {
  const listed = output('dpkg-query', ['-L', ...requiredPackages()]).split('\n');
  const files = listed.filter((file) => file.startsWith('/') && file !== '/.' && !LEFT_OUT.test(file) && existsSync(dirname(file)));
  const real = new Set(files.map((file) => join(realpathSync(dirname(file)), basename(file))).filter((file) => existsSync(file)));
  for (const name of MERGED) {
    mkdirSync(join(folder, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(folder, name));
    real.delete(`/${name}`);
  }
  const packed = spawnSync('tar', ['-c', '--no-recursion', '--verbatim-files-from', '-T', '-'], {
    input: [...real].sort().join('\n'),
    cwd: '/',
    maxBuffer: 2 ** 30,
  });
  if (packed.status !== 0) throw new Error(`the files of Debian's packages were not read:\n${packed.stderr}`);
  output('tar', ['-x', '-C', folder, '--keep-directory-symlink'], { input: packed.stdout });
  mkdirSync(join(folder, 'tmp'), { recursive: true, mode: 0o1777 });
  mkdirSync(join(folder, 'root'), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'etc/passwd'), USERS);
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  for (const name of ['shadow', 'gshadow']) writeFileSync(join(folder, 'etc', name), '', { mode: 0o640 });
}

/** Puts a Node and this machine's npm into a folder, as Node's own image has them, and what npm takes here to reach its registry. */
function installNode(folder, node) {
  const local = (...parts) => join(folder, 'usr/local', ...parts);
  for (const part of ['bin', 'lib/node_modules', 'etc']) mkdirSync(local(part), { recursive: true });
  copyFileSync(node, local('bin/node'));
  cpSync(join(output('npm', ['root', '--global']), 'npm'), local('lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', local('bin/npm'));
  const settings = output('npm', ['config', 'get', 'globalconfig']);
  if (existsSync(settings)) copyFileSync(settings, local('etc/npmrc'));
  if (!existsSync(CERTIFICATES)) return;
  mkdirSync(join(folder, dirname(CERTIFICATES)), { recursive: true });
  copyFileSync(CERTIFICATES, join(folder, CERTIFICATES));
}

/**
 * Makes both images.
 * @param buildah runs buildah with arguments and gives what it wrote
 * @param node program of Node that goes into the first
 * @returns their names, as the Dockerfile's arguments
 */
export function makeBases(buildah, node) {
  const image = (name, from, fill, path) => {
    const container = buildah(['from', from]);
    try {
      fill(buildah(['mount', container]));
      buildah(['config', '--env', `PATH=${path}`, '--cmd', '/bin/bash', container]);
      buildah(['commit', '--quiet', container, name]);
    } finally {
      buildah(['rm', container]);
    }
    return name;
  };
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const BASE = image('localhost/cimi-base/debian', 'scratch', installDebian, path);
  const NODE = image('localhost/cimi-base/node', BASE, (folder) => installNode(folder, node), path);
  return { NODE, BASE };
}
