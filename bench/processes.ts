import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { runTypescript } from '../test/backends/run-typescript';

/** A process of this project's TypeScript, begun and ended by the bench. */
export interface Running {
  /** Match of the output that was waited for. */
  said: RegExpExecArray;
  pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a TypeScript file in a process of its own and waits until a line on its standard error matches.
 * @param file from the project's root, or from `root`, that of another checkout
 * @throws Error with its last words when it ends before
 */
export async function startProcess(
  file: string,
  args: readonly string[],
  until: RegExp,
  { env = {}, root = resolve(__dirname, '..') }: { env?: Record<string, string>; root?: string | undefined } = {},
): Promise<Running> {
  const profile = process.env.BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : [];
  const child = spawn(process.execPath, [...profile, ...runTypescript(resolve(root, file)), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { said: await saidBy(child, until), pid: child.pid ?? 0, stop: () => stop(child) };
}

function saidBy(child: ChildProcess, until: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-10_000);
      const found = until.exec(text);
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}:\n${text}`)));
    child.once('error', reject);
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(late);
}
