import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { processorTime } from './processor';
import { interleave, line, median, show, type Line } from './rounds';

const run = promisify(execFile);
const ROOT = resolve(__dirname, '..');
/** Time after which a gateway has done what belongs to its start, in ms. */
const REST_MS = 5_000;
const MIB = 1024 ** 2;
const [READY_MS, REST_MIB, INSTALLED_MB] = [800, 110, 25];

/** A process that has started: what that took, and its memory at rest. */
interface Started {
  ms: number;
  processor: number;
  restMib: number;
}

/**
 * Measures the program as it is shipped, in front of the simulated cloud: from nothing to its /readyz, its memory at rest, and the size of
 * what is installed.
 */
export async function measureProgram(rounds: number): Promise<Line[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-program-'));
  try {
    const at = join(folder, 'package');
    await run(process.execPath, [join(ROOT, 'scripts/pack.mjs'), at]);
    await symlink(join(ROOT, 'node_modules'), join(at, 'node_modules'));
    const program = join(at, 'dist/src/main.js');
    const own: Started[] = [];
    const bare: Started[] = [];
    const kept = async (into: Started[], started: Promise<Started>): Promise<number> => {
      const one = await started;
      into.push(one);
      return one.ms;
    };
    // The first start of either is not measured: it keeps what it has compiled.
    const { ours, reference } = await interleave(rounds, {
      ours: () =>
        kept(own, start([program, 'serve', '--make-key', '--port', '0'], join(folder, 'data'), /^cimi-gateway: (http\S+)\/cimi\//m)),
      reference: () => kept(bare, start(['-e', BARE], folder, /^(http\S+)/m)),
    });
    const counted = { own: own.slice(1), bare: bare.slice(1) };
    const ready = median(ours);
    const rest = counted.own.map(({ restMib }) => restMib);
    const bytes = await installedBytes(at);
    return [
      line(
        { measure: 'start to /readyz', reference: 'node:http, to its first answer', note: against(ready, READY_MS, 'ms') },
        'ms',
        ours,
        reference,
      ),
      line(
        { measure: 'start to /readyz, processor time', reference: 'node:http, to its first answer', aim: { most: 10 } },
        'ms',
        counted.own.map(({ processor }) => processor),
        counted.bare.map(({ processor }) => processor),
      ),
      line(
        { measure: 'memory at rest', reference: 'node:http', aim: { most: 2.75 }, note: against(median(rest), REST_MIB, 'MiB') },
        'MiB',
        rest,
        counted.bare.map(({ restMib }) => restMib),
      ),
      {
        measure: 'installed: the package and what it depends on',
        reference: 'aim',
        figures: [`${INSTALLED_MB} MB`, show(bytes / 1e6, 'MB')],
        ratio: bytes / 1e6 / INSTALLED_MB,
        aim: { most: 1 },
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The least that is a server: what it takes to be more is ours. */
const BARE = `const server = require('node:http').createServer((_, answer) => answer.end());
server.listen(0, '127.0.0.1', () => console.error('http://127.0.0.1:' + server.address().port));`;

const against = (figure: number, aim: number, unit: string): string => `(aim: < ${aim} ${unit}, ${figure < aim ? 'met' : 'MISSED'})`;

/** Starts a server and waits until it answers, then until it is at rest. */
async function start(args: readonly string[], data: string, until: RegExp): Promise<Started> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { env: { ...process.env, CIMI_DATA: data }, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const base = await said(child, until);
    const { status } = await fetch(`${base}/readyz`);
    if (status !== 200) throw new Error(`/readyz is ${status}`);
    const ms = performance.now() - began;
    const processor = processorTime(child.pid ?? 0);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    return { ms, processor, restMib: (Number(kib) * 1024) / MIB };
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

function said(child: ChildProcess, until: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const [, found] = until.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${text}`)));
  });
}

/** Size of the package as it was made and of the packages that its lock names for this machine. */
async function installedBytes(at: string): Promise<number> {
  const { packages } = JSON.parse(readFileSync(join(at, 'npm-shrinkwrap.json'), 'utf8')) as {
    packages: Record<string, { libc?: string[] }>;
  };
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const libc = header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  const wanted = Object.entries(packages).filter(([path, one]) => path !== '' && (one.libc ?? [libc]).includes(libc));
  const sizes = await Promise.all([bytesOf(at, ['node_modules', 'cache']), ...wanted.map(([path]) => bytesOf(join(ROOT, path)))]);
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function bytesOf(folder: string, without: readonly string[] = []): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter(({ name }) => !without.includes(name))
    .map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? bytesOf(path, without) : (await stat(path)).size;
    });
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}
