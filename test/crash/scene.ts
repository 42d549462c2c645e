import Database from 'libsql';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import type { SimulatorOptions } from '../../drivers/simulator/options';
import { Client } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { freePort, Life } from './life';
import { Watch } from './watch';
import type { Order } from './wire';

/** Clouds that misbehave, each in its own way; every case runs on all of them at once. */
export const CLOUDS = {
  /** Keeps its word. */
  plain: {},
  /** Makes another one when a create is repeated. */
  forgetful: { ignoreTokens: true },
  /** Shows late what was made. */
  late: { visibilityDelayMs: 150 },
  /** Options of a provider that does what was asked and loses the answer. */
  mute: { ignoreTokens: true },
  /** Answers with tasks: nothing has a key before its task has ended. */
  tasks: { tasks: true, ignoreTokens: true },
  /** All of it. */
  worst: { ignoreTokens: true, visibilityDelayMs: 150 },
} as const satisfies Record<string, Partial<SimulatorOptions>>;
export type CloudKey = keyof typeof CLOUDS;
export const KEYS = Object.keys(CLOUDS) as CloudKey[];
const LOSING: readonly CloudKey[] = ['mute', 'worst'];

export const DELAYS = { create: 60, start: 30, stop: 60, pause: 30, suspend: 30, restart: 30, restore: 30, delete: 60, capture: 60 };

/** A worker that has Jobs at many places in hand at once: a busy machine needs a while to renew all their leases. */
export const MANY_AT_ONCE = { leaseMs: 3000, sweepMs: 200, concurrency: 120 };

export interface SceneOptions {
  /** Default: every kind that misbehaves. */
  clouds?: Record<string, Partial<SimulatorOptions>>;
  /** Sections of the configuration in place of the scene's own. */
  config?: Record<string, unknown>;
}

/** A data folder, its clouds, and one gateway after the other upon them. */
export class Scene {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'cimi-crash-'));
  readonly machines: Watch;
  readonly images: Watch;
  readonly client: Client;
  private readonly rooms = new Map<string, SimulatorControl>();
  private current: Life | undefined;

  private constructor(
    readonly port: number,
    private readonly options: SceneOptions,
  ) {
    for (const key of Object.keys(options.clouds ?? CLOUDS)) {
      const folder = join(this.dataDir, 'clouds', key);
      mkdirSync(folder, { recursive: true });
      this.rooms.set(key, openControl(join(folder, 'simulator.sqlite')));
    }
    this.client = new Client(`http://127.0.0.1:${port}/cimi/`);
    this.machines = new Watch(this.client, 'machines', 'machines');
    this.images = new Watch(this.client, 'machineImages', 'machineImages');
    this.configure('gateway.yaml', port);
  }

  static async set(options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(await freePort(), options);
    await scene.begin();
    await scene.images.settleIn();
    return scene;
  }

  /** Writes a configuration over the same data. @returns its file. */
  configure(name: string, port: number, more: Record<string, unknown> = {}): string {
    const clouds = Object.entries(this.options.clouds ?? CLOUDS).map(([key, options]) => [
      key,
      simulatedCloud({ delays: DELAYS, ...options }, { guard: { cacheMs: 3000 } }),
    ]);
    const file = join(this.dataDir, name);
    const content = {
      server: { port, shutdownMs: 60_000 },
      data: { dir: this.dataDir },
      jobs: { graceMs: 0 },
      worker: { leaseMs: 1000, sweepMs: 200, concurrency: 60 },
      clouds: Object.fromEntries(clouds) as object,
      ...this.options.config,
      ...more,
    };
    writeFileSync(file, stringify(content));
    return file;
  }

  get life(): Life {
    if (!this.current) throw new Error('no gateway lives');
    return this.current;
  }

  cloud(key: string): SimulatorControl {
    const room = this.rooms.get(key);
    if (!room) throw new Error(`no cloud ${key}`);
    return room;
  }

  /** Starts a gateway on what the last one left. @param order what it does from its first Job on */
  async begin(order?: Order): Promise<void> {
    this.current = await Life.begin(join(this.dataDir, 'gateway.yaml'), order);
    this.machines.resume();
    this.images.resume();
  }

  /** Waits until the gateway has killed itself, and starts the next one. */
  async revived(order?: Order): Promise<void> {
    await this.life.killed();
    await this.begin(order);
  }

  /** Loses the next answers of this method where answers get lost. */
  lose(method: string, times = 1): void {
    for (const key of LOSING) if (this.rooms.has(key)) this.cloud(key).fail({ method, kind: 'timeout', afterEffect: true, times });
  }

  calm(): void {
    for (const room of this.rooms.values()) room.clearFailures();
  }

  /**
   * Rows that say a resource is held by an unfinished Job, and Jobs that have not ended; those that look minutes later for
   * what calls without an answer did are meant to be there.
   */
  leftovers(): { holds: unknown[]; unfinished: unknown[] } {
    const unfinished = "SELECT workflow, state, step, status_message FROM jobs WHERE done = 0 AND workflow <> 'provider.lookAgain'";
    return { holds: this.rows('SELECT path, job FROM holds'), unfinished: this.rows(unfinished) };
  }

  /** Reads rows of the embedded database. */
  rows(query: string): Record<string, unknown>[] {
    const db = new Database(join(this.dataDir, 'cimi.db'), { timeout: 5_000 });
    try {
      return db.prepare(query).all() as Record<string, unknown>[];
    } finally {
      db.close();
    }
  }

  async close(): Promise<void> {
    await this.machines.stop();
    await this.images.stop();
    if (this.current && !this.current.over) await this.current.kill();
    for (const room of this.rooms.values()) room.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
