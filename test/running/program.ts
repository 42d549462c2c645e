import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { CIMI } from '../../src/model/define';
import { runTypescript } from '../backends/run-typescript';
import { Client } from '../harness/client';
import { waitUntil } from '../harness/wait';

const MAIN = resolve(__dirname, '../../src/main.ts');

/** Key of this run's configurations. */
export const KEY = randomBytes(32).toString('base64');

/** Clouds of a configuration that says nothing else. */
export const CLOUDS = { sim: { driver: 'simulator', options: { delays: { create: 50 } } } };

/** Request for a machine of the cloud that a start without a configuration has. */
export const DEMO_MACHINE = {
  resourceURI: `${CIMI}/MachineCreate`,
  name: 'web-1',
  machineTemplate: { machineConfig: { cpu: 1 }, machineImage: { href: 'machineImages/demo.img-debian-12' } },
};

export interface Surroundings {
  env?: Readonly<Record<string, string>>;
  /** Text for standard input. */
  input?: string;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A folder of a test's own, in which the program runs; data and configuration lie in it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'cimi-running-'));
  readonly data = join(this.path, 'data');
  private readonly running = new Set<Program>();

  /**
   * @param program arguments of Node for the program: its sources, where nothing else is said
   * @param node which Node runs it: that of the tests, where nothing else is said
   */
  constructor(
    private readonly program: readonly string[] = runTypescript(MAIN),
    private readonly node = process.execPath,
  ) {}

  /** Writes a file (YAML where it is not text). @returns its path */
  write(name: string, content: string | object): string {
    const file = join(this.path, name);
    writeFileSync(file, typeof content === 'string' ? content : stringify(content));
    return file;
  }

  /** Writes a configuration with a key, logins required and one simulated cloud. @returns its path */
  configuration(more: object = {}): string {
    const content = { server: { port: 0 }, data: { dir: 'data' }, secrets: { key: KEY }, access: { required: true }, clouds: CLOUDS };
    return this.write('gateway.yaml', { ...content, ...more });
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
    return this.start(args, surroundings).ended;
  }

  /** Starts `serve` or `worker` and waits until it is ready. @throws Error with its output where it ends instead */
  async serve(args: readonly string[], surroundings: Surroundings = {}): Promise<Program> {
    const program = this.start(args, surroundings);
    await program.ready();
    return program;
  }

  start(args: readonly string[], { env = {}, input }: Surroundings = {}): Program {
    const program = new Program(this.node, this.path, [...this.program, ...args], env, input);
    this.running.add(program);
    return program;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.running].map((program) => program.end('SIGKILL')));
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The gateway's program in a process of its own, with nothing of this process's configuration. */
export class Program {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;
  /** True once it has ended. */
  over = false;

  constructor(node: string, cwd: string, args: readonly string[], env: Readonly<Record<string, string>>, input: string | undefined) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(CIMI_|AWS_|NODE_OPTIONS|JEST_)/.test(name));
    this.child = spawn(node, args, {
      cwd,
      env: { ...Object.fromEntries(inherited), NODE_ENV: 'production', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // A program that ends without reading its input is no failure of the test.
    this.child.stdin?.on('error', () => undefined).end(input ?? '');
    this.ended = once(this.child, 'close').then(([code, signal]: unknown[]) => {
      this.over = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Base URI of its entry point, as it says on standard error. */
  get base(): string {
    const [, uri] = /^cimi-gateway: (http\S+)cloudEntryPoint$/m.exec(this.stderr) ?? [];
    if (uri === undefined) throw new Error(`no entry point was named: ${this.stderr}`);
    return uri;
  }

  get client(): Client {
    return new Client(this.base);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Log lines so far. @throws SyntaxError where one is not JSON */
  logs(): { [key: string]: unknown }[] {
    const lines = this.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as { [key: string]: unknown });
  }

  async ready(): Promise<void> {
    await waitUntil(
      () => {
        if (this.over) throw new Error(`it did not start:\n${this.stdout}${this.stderr}`);
        return /^cimi-gateway: http/m.test(this.stderr) || this.stdout.includes('working on Jobs');
      },
      () => `it did not start:\n${this.stdout}${this.stderr}`,
    );
  }

  /** Hears no more of what it says. */
  closeOutput(): void {
    this.child.stdout?.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Sends a signal and waits for the end. */
  end(name: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    if (!this.over) this.signal(name);
    return this.ended;
  }
}
