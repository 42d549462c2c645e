import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import { startPostgres, type Postgres } from '../backends/postgres';
import { startRedis, type RedisServer } from '../backends/redis';
import { Client, type Answer } from '../harness/client';
import { Folder, type Program } from './program';
import { eventually } from '../harness/wait';

/** Base URI under which clients see all replicas; nobody listens there, the tests send to each replica itself. */
const PUBLIC = 'http://cimi.test/cimi/';

export const DELAYS = { create: 400, start: 100, stop: 100, pause: 50, suspend: 50, restart: 100, restore: 100, delete: 100, capture: 100 };

/** Gateway process, of several. */
export class Replica {
  readonly client: Client;

  constructor(
    readonly program: Program,
    port: number,
  ) {
    this.client = new Client(`http://127.0.0.1:${port}/cimi/`);
  }

  /** Waits for a Job by its path. @returns its last state */
  ended(job: string): Promise<string> {
    return eventually(async () => {
      const { status, json } = await this.client.get(job);
      const state = status === 200 ? String(json.state) : `status ${status}`;
      return ['SUCCESS', 'FAILED', 'STOPPED'].includes(state) ? state : undefined;
    });
  }
}

/** Path below the base of a URI in an answer. */
export function pathOf(uri: unknown): string {
  const text = String(uri);
  if (!text.startsWith(PUBLIC)) throw new Error(`${text} is not below ${PUBLIC}`);
  return text.slice(PUBLIC.length);
}

export const jobOf = (answer: Answer): string => pathOf(answer.headers.get('cimi-job-uri'));
export const placeOf = (answer: Answer): string => pathOf(answer.headers.get('location'));

/** Cluster of two gateways and two workers over one PostgreSQL, one Redis and one simulated cloud. */
export class Cluster {
  readonly gateways: Replica[] = [];
  readonly workers: Program[] = [];
  /** Programs that ever ran, for their logs. */
  readonly programs: Program[] = [];
  private readonly key = randomBytes(32).toString('base64');

  private constructor(
    private readonly folder: Folder,
    readonly postgres: Postgres,
    readonly redis: RedisServer,
    readonly cloud: SimulatorControl,
    private readonly more: object,
  ) {}

  /** @param more sections of every process' configuration */
  static async start({
    gateways = 2,
    workers = 2,
    more = {},
  }: { gateways?: number; workers?: number; more?: object } = {}): Promise<Cluster> {
    const folder = new Folder();
    mkdirSync(join(folder.path, 'cloud'));
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const cluster = new Cluster(folder, postgres, redis, openControl(join(folder.path, 'cloud', 'simulator.sqlite')), more);
    for (let index = 0; index < gateways; index++) await cluster.addGateway();
    for (let index = 0; index < workers; index++) await cluster.addWorker();
    return cluster;
  }

  async addWorker(): Promise<Program> {
    const program = await this.folder.serve(['worker', '-c', this.configuration(0)]);
    this.workers.push(program);
    this.programs.push(program);
    return program;
  }

  private async addGateway(): Promise<void> {
    const port = await freePort();
    const program = await this.folder.serve(['serve', '-c', this.configuration(port)]);
    this.gateways.push(new Replica(program, port));
    this.programs.push(program);
  }

  /** Each process has a data folder of its own, as on a host of its own; only the simulated cloud is the same. */
  private configuration(port: number): string {
    const number = this.programs.length;
    const data = join(this.folder.path, `data-${number}`);
    mkdirSync(join(data, 'clouds'), { recursive: true });
    symlinkSync(join(this.folder.path, 'cloud'), join(data, 'clouds', 'sim'));
    return this.folder.write(`process-${number}.yaml`, {
      server: { port, publicUrl: 'http://cimi.test', shutdownMs: 3_000 },
      admin: { port: 0 },
      data: { dir: data },
      store: { kind: 'postgres', url: this.postgres.url, connections: 8 },
      queue: { kind: 'redis', url: this.redis.url },
      worker: { inProcess: false, leaseMs: 2_000, sweepMs: 500, concurrency: 8 },
      secrets: { key: this.key },
      jobs: { graceMs: 0 },
      log: { level: 'info' },
      clouds: { sim: { driver: 'simulator', options: { delays: DELAYS } } },
      ...this.more,
    });
  }

  /** Counts how often each Job was said to have ended, over the logs of all processes. */
  endings(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { job, state } of this.programs.flatMap((program) => program.logs())) {
      if (typeof job === 'string' && typeof state === 'string') counts.set(job, (counts.get(job) ?? 0) + 1);
    }
    return counts;
  }

  async stop(): Promise<void> {
    this.cloud.close();
    await this.folder.remove();
    await Promise.all([this.postgres.stop(), this.redis.remove()]);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}
