import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const REGISTER = join(ROOT, 'test/backends/register-typescript.js');
const MAIN = join(ROOT, 'cli/main.ts');

/** End of a run of the program. */
export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** The command line as a person has it: a home of their own, and `cimi` on the path. */
export class Person {
  readonly home = mkdtempSync(join(tmpdir(), 'cimi-home-'));
  private readonly env: NodeJS.ProcessEnv;

  constructor(url: string) {
    const bin = join(this.home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'cimi'), `#!/bin/sh\nexec '${process.execPath}' --require '${REGISTER}' '${MAIN}' "$@"\n`, { mode: 0o755 });
    this.env = { PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: this.home, CIMI_URL: url };
  }

  /** Starts a program; what it says is gathered. */
  start(program: string, args: readonly string[], { env = {}, input = '' }: { env?: NodeJS.ProcessEnv; input?: string } = {}): Started {
    const child = spawn(program, args, { env: { ...this.env, ...env }, cwd: this.home });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const said = { out: '', err: '' };
    child.stdout.on('data', (text) => (said.out += String(text)));
    child.stderr.on('data', (text) => (said.err += String(text)));
    const ended = new Promise<Ended>((done, failed) => {
      child.once('error', failed);
      child.once('close', (code) => done({ code, ...said }));
    });
    return { child, said, ended };
  }

  /** Runs cimi. */
  cimi(args: readonly string[], options: { env?: NodeJS.ProcessEnv; input?: string } = {}): Promise<Ended> {
    return this.start('cimi', args, options).ended;
  }

  /** Runs cimi with words that have no blanks in them. */
  run(line: string): Promise<Ended> {
    return this.cimi(line.split(' '));
  }

  /** Reads a file in the person's home, as JSON. */
  read(name: string): unknown {
    return JSON.parse(readFileSync(join(this.home, name), 'utf8'));
  }

  /** Leaves nothing behind. */
  leave(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

export interface Started {
  child: ChildProcess;
  said: { out: string; err: string };
  ended: Promise<Ended>;
}
