import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Client as Database } from 'pg';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import type { SimulatorOptions } from '../../drivers/simulator/options';
import { freePort } from '../backends/moto';
import { startPostgres, type Postgres } from '../backends/postgres';
import { startRedis, type RedisServer } from '../backends/redis';
import { Client } from '../harness/client';
import { Folder, type Ended, type Program } from '../running/program';

/** Clouds of the world: one as it should be, one that forgets tokens, shows late and loses answers, one that answers by tasks. */
export const CLOUDS = {
  calm: {},
  worst: { ignoreTokens: true, visibilityDelayMs: 150 },
  tasks: { tasks: true, ignoreTokens: true },
} as const satisfies Record<string, Partial<SimulatorOptions>>;
export type CloudKey = keyof typeof CLOUDS;
export const CLOUD_KEYS = Object.keys(CLOUDS) as CloudKey[];

const DELAYS = { create: 200, start: 60, stop: 60, pause: 30, suspend: 30, restart: 60, restore: 60, delete: 60, capture: 100 };

/** Process of the world, of whichever life. */
export interface Member {
  readonly name: string;
  readonly role: 'serve' | 'worker';
  /** Client of it; undefined for a worker. */
  readonly client: Client | undefined;
  program: Program;
}

/** Two gateways and two workers over one PostgreSQL and one Redis, in front of simulated clouds. */
export class World {
  readonly members: Member[] = [];
  private readonly configurations = new Map<string, string>();
  private readonly key = randomBytes(32).toString('base64');

  private constructor(
    private readonly folder: Folder,
    readonly postgres: Postgres,
    readonly redis: RedisServer,
    private readonly controls: ReadonlyMap<CloudKey, SimulatorControl>,
  ) {}

  static async start(): Promise<World> {
    const folder = new Folder();
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const controls = new Map(
      CLOUD_KEYS.map((key) => {
        mkdirSync(join(folder.path, 'clouds', key), { recursive: true });
        return [key, openControl(join(folder.path, 'clouds', key, 'simulator.sqlite'))] as const;
      }),
    );
    const world = new World(folder, postgres, redis, controls);
    try {
      // One after the other: the first one makes the tables.
      for (const name of ['gateway-1', 'gateway-2']) await world.add(name, 'serve');
      for (const name of ['worker-1', 'worker-2']) await world.add(name, 'worker');
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  cloud(key: CloudKey): SimulatorControl {
    const control = this.controls.get(key);
    if (!control) throw new Error(`no cloud ${key}`);
    return control;
  }

  get clients(): Client[] {
    return this.members.flatMap(({ client }) => client ?? []);
  }

  /** Starts a member's program, dead by now, in its place. */
  async revive(member: Member): Promise<void> {
    member.program = await this.folder.serve([member.role, '-c', this.configurations.get(member.name) ?? '']);
  }

  /** Compares the store with the clouds, as an operator would. */
  doctor(): Promise<Ended> {
    return this.folder.run(['doctor', '--json', '-c', this.configurations.get('gateway-1') ?? '']);
  }

  /**
   * Reads which Jobs have not ended, and which resources are held by one. Those that look minutes later for what calls without an answer
   * did are meant to be there.
   */
  async leftovers(): Promise<string[]> {
    const database = new Database({ connectionString: this.postgres.url });
    await database.connect();
    try {
      const jobs = await database.query<{ id: string; step: string | null }>(
        "SELECT id, step FROM jobs WHERE done = 0 AND workflow <> 'provider.lookAgain'",
      );
      const holds = await database.query<{ path: string; job: string }>('SELECT path, job FROM holds');
      return [
        ...jobs.rows.map(({ id, step }) => `jobs/${id} has not ended (${step})`),
        ...holds.rows.map(({ path, job }) => `${path} is held by ${job}`),
      ];
    } finally {
      await database.end();
    }
  }

  async stop(): Promise<void> {
    for (const control of this.controls.values()) control.close();
    await this.folder.remove();
    await Promise.all([this.postgres.stop(), this.redis.remove()]);
  }

  private async add(name: string, role: Member['role']): Promise<void> {
    const port = role === 'serve' ? await freePort() : 0;
    const configuration = this.configuration(name, port);
    this.configurations.set(name, configuration);
    const program = await this.folder.serve([role, '-c', configuration]);
    this.members.push({ name, role, client: role === 'serve' ? new Client(`http://127.0.0.1:${port}/cimi/`) : undefined, program });
  }

  /** Each process has a data folder of its own, as on a host of its own; the clouds are the same. */
  private configuration(name: string, port: number): string {
    const data = join(this.folder.path, name);
    mkdirSync(join(data, 'clouds'), { recursive: true });
    for (const key of CLOUD_KEYS) symlinkSync(join(this.folder.path, 'clouds', key), join(data, 'clouds', key));
    return this.folder.write(`${name}.yaml`, {
      server: { port, shutdownMs: 3_000 },
      admin: { port: 0 },
      data: { dir: data },
      store: { kind: 'postgres', url: this.postgres.url, connections: 8 },
      queue: { kind: 'redis', url: this.redis.url },
      worker: { inProcess: false, leaseMs: 2_000, sweepMs: 500, concurrency: 16 },
      secrets: { key: this.key },
      jobs: { graceMs: 0 },
      log: { level: 'info' },
      clouds: Object.fromEntries(
        CLOUD_KEYS.map((key) => [
          key,
          { driver: 'simulator', guard: { cacheMs: 0, deadlineMs: 4_000, retries: 1 }, options: { delays: DELAYS, ...CLOUDS[key] } },
        ]),
      ),
    });
  }
}
