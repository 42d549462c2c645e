import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { runTypescript } from '../backends/run-typescript';
import { eventually, waitUntil } from '../harness/wait';
import type { Order, Report } from './wire';

/** Life of a gateway: a process of its own, from its start to its end. */
export class Life {
  private readonly reports: Report[] = [];
  private output = '';
  /** End of the process. */
  readonly end: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  private constructor(private readonly child: ChildProcess) {
    this.end = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    child.on('message', (report: Report) => void this.reports.push(report));
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** Starts a gateway on a configuration file; resolves when it listens. @param order what it does from its first Job on */
  static async begin(config: string, order: Order = { do: 'pass' }): Promise<Life> {
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const;
    const told = [...runTypescript(join(__dirname, 'serve-child.ts')), config, JSON.stringify(order)];
    const life = new Life(spawn(process.execPath, told, { stdio: [...stdio] }));
    await life.told('ready');
    return life;
  }

  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Lines that it logged. */
  get log(): string {
    return this.output;
  }

  /** Gives an order and waits until it is heard. */
  async order(order: Order): Promise<void> {
    this.send(order);
    await this.told('heard');
  }

  /** Gives an order without waiting: one that sleeps hears it when it wakes. */
  send(order: Order): void {
    this.child.send(order);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.end;
  }

  /** Waits for the order to kill itself to be carried out. */
  async killed(): Promise<void> {
    await waitUntil(
      () => this.over,
      () => this.output.slice(-6000),
    );
    const { signal } = await this.end;
    if (signal !== 'SIGKILL') throw new Error(`the gateway did not come to the place (${String(signal)}):\n${this.output.slice(-6000)}`);
  }

  /** Takes the next report of a kind. @throws Error where the gateway ends without it */
  told(is: Report['is']): Promise<Report> {
    return eventually(
      () => {
        const at = this.reports.findIndex((report) => report.is === is);
        const [report] = at < 0 ? [] : this.reports.splice(at, 1);
        if (!report && this.over) throw new Error(`the gateway never said '${is}':\n${this.output.slice(-6000)}`);
        return report;
      },
      () => `'${is}', of ${this.output.slice(-6000)}`,
    );
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** True for what fetch throws when nobody answers, or ends in the middle of an answer. Named: jest's realms have their own classes. */
export function isSilence(error: unknown): boolean {
  const { name, message } = error as { name?: unknown; message?: unknown };
  return (name === 'TypeError' && (message === 'fetch failed' || message === 'terminated')) || name === 'SyntaxError';
}
