import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Availability } from './need';

const FOLDER = join(__dirname, '..', '..', '.backends');
const PROGRAM = join(FOLDER, 'promtool');

/** Tells whether Prometheus' own checker can be had here: it is in a package of Debian's, which need not be installed. */
export function promtoolAvailable(): Availability {
  if (existsSync(PROGRAM)) return true;
  if (spawnSync('apt-get', ['--version']).status !== 0) return { missing: 'apt-get (Debian: it downloads prometheus)' };
  if (spawnSync('flock', ['--version']).status !== 0) return { missing: 'flock (util-linux)' };
  return true;
}

/** Takes promtool out of the package, unless it is there; safe to call from several processes. */
export async function installPromtool(): Promise<void> {
  if (existsSync(PROGRAM)) return;
  mkdirSync(FOLDER, { recursive: true });
  const script = `test -e "$1" || {
    work=$(mktemp -d "$1.XXXXXX"); cd "$work"
    apt-get download -o APT::Sandbox::User=root prometheus
    dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
    mv usr/bin/promtool "$1"; cd /; rm -r "$work"; }`;
  const words = ['-w', '540', join(FOLDER, 'promtool-install.lock'), 'sh', '-ec', script, 'sh', PROGRAM];
  await promisify(execFile)('flock', words, { timeout: 560_000 });
}

/** Answer of promtool: its exit code, and all that it said. */
export interface Checked {
  code: number | null;
  said: string;
}

/** Runs promtool. @param input what it reads from standard input */
export async function promtool(args: readonly string[], input = ''): Promise<Checked> {
  const child = spawn(PROGRAM, args, { stdio: 'pipe' });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(input);
  return { code: await ended, said: Buffer.concat(parts).toString() };
}
