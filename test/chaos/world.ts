import Embedded from 'libsql';
import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Client as Database } from 'pg';
import { FakeClock } from '../backends/fake-clock';
import { freePort } from '../backends/moto';
import { startPostgresPair, type PostgresPair } from '../backends/postgres-pair';
import { smallDiskAvailable, startSmallDisk, type SmallDisk } from '../backends/small-disk';
import { startRedis, type RedisServer } from '../backends/redis';
import { startOrigin, type Answer as OriginAnswer, type Origin } from '../fetch/origin';
import { Client } from '../harness/client';
import { elapse } from '../harness/wait';
import { diskOf, envelope, systemOf, vmdkOf } from '../packages/parcel';
import { Folder, type Ended, type Program } from '../running/program';
import { countedFromNow, SIMULATED, startCloud, type ChaosCloud, type CloudKey } from './clouds';

export type StoreKind = 'postgres' | 'sqlite';

/** Process of the world, of whichever life. */
export interface Member {
  readonly name: string;
  readonly role: 'serve' | 'worker';
  /** Client of it; undefined for a worker. */
  readonly client: Client | undefined;
  /** Clock of its own; undefined where it goes by the machine's. */
  readonly clock: FakeClock | undefined;
  program: Program;
}

/** Servers that two gateways and two workers share; one gateway on SQLite has none. */
interface Shared {
  postgres: PostgresPair;
  redis: RedisServer;
}

/** Differences of one world from all others. */
export interface Furnishing {
  /** Sections of a member's configuration, over those of the world. */
  sections?: (role: Member['role']) => Readonly<Record<string, unknown>>;
  /** Environment of every member. */
  env?: Readonly<Record<string, string>>;
  /** False: one process on SQLite has the disk that others use, too. */
  smallDisk?: boolean;
  /** True where each member has a clock of its own, some seconds from the others'. */
  apart?: boolean;
}

/** Room for some thousand changes, MB. */
const DISK_MB = 64;
/** Seconds between clocks that nobody keeps together. */
const APART_S = [0, 4, -3, 7];
/** Words of a start that found PostgreSQL away, or no room. */
const AWAY = /^cimi-gateway: ((PostgreSQL|the store) .*can't be used|no room is left )/m;
const UNFINISHED = "SELECT id, step FROM jobs WHERE done = 0 AND workflow <> 'provider.lookAgain'";
const HELD = 'SELECT path, job FROM holds';

/** Two gateways and two workers over one PostgreSQL with a standby and one Redis, or one process on SQLite, in front of clouds. */
export class World {
  readonly members: Member[] = [];
  readonly clouds: ChaosCloud[] = [];
  /** Errors in the logs of lives that are over. */
  private readonly earlier: string[] = [];
  private readonly configurations = new Map<string, string>();
  private readonly key = randomBytes(32).toString('base64');

  private constructor(
    private readonly folder: Folder,
    readonly shared: Shared | undefined,
    /** Disk of the one process on SQLite, where one can be had. */
    readonly disk: SmallDisk | undefined,
    private readonly furnishing: Furnishing,
    /** Server that images are fetched from. */
    private readonly origin: Origin,
  ) {
    mkdirSync(this.temporary);
  }

  static async start(store: StoreKind, clouds: readonly CloudKey[], furnishing: Furnishing = {}): Promise<World> {
    // One process waits by the clock that it has: set forward, it has waited.
    if (furnishing.apart && store === 'sqlite') throw new Error('clocks are apart where there are several processes');
    const alike = clouds.filter((key) => SIMULATED.includes(key));
    if (furnishing.apart && alike.length > 0)
      throw new Error(`${alike.join(', ')} have no clock but that of each process: choose others where clocks are apart`);
    const folder = new Folder();
    const shared = store === 'postgres' ? await servers() : undefined;
    const small = !shared && furnishing.smallDisk !== false && smallDiskAvailable() === true;
    const disk = small ? startSmallDisk(DISK_MB) : undefined;
    const origin = await startOrigin({ '/image': dribbled(Buffer.alloc(500_000, 'disk image')), ...(await packed()) });
    const world = new World(folder, shared, disk, furnishing, origin);
    try {
      for (const key of clouds) world.clouds.push(await startCloud(key, folder.path));
      // One after the other: the first one makes the tables.
      const workers = shared ? ['worker-1', 'worker-2'] : [];
      for (const name of shared ? ['gateway-1', 'gateway-2'] : ['gateway-1']) await world.add(name, 'serve');
      for (const name of workers) await world.add(name, 'worker');
      // A simulated cloud begins with some when its first process opens it.
      const counted = await Promise.all(world.clouds.map(countedFromNow));
      world.clouds.splice(0, counted.length, ...counted);
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  /** Seconds by which the members' clocks are ahead at first; undefined: they have none of their own. */
  get clocks(): readonly number[] | undefined {
    return this.furnishing.apart ? APART_S : undefined;
  }

  /** Folder of every member's temporary files. */
  get temporary(): string {
    return join(this.folder.path, 'tmp');
  }

  /** Folder of a member's data. */
  dataOf(name: string): string {
    return this.disk?.path ?? join(this.folder.path, name);
  }

  /** Server of an image (`image`) and of a package (`package.ovf`). */
  get originUrl(): string {
    return this.origin.url;
  }

  get clients(): Client[] {
    return this.members.flatMap(({ client }) => client ?? []);
  }

  /** Starts a member's program, dead by now, in its place, as a supervisor does: again where it ended because a server was away. */
  async revive(member: Member): Promise<void> {
    this.earlier.push(...errorsOf(member.program));
    for (;;) {
      const env = { ...this.env, ...member.clock?.env };
      const program = this.folder.start([member.role, '-c', this.configurations.get(member.name) ?? ''], { env });
      try {
        await program.ready();
        member.program = program;
        return;
      } catch (error) {
        if (!program.over || !AWAY.test(program.stderr)) throw error;
      }
      await elapse(200);
    }
  }

  /** Compares the store with the clouds, as an operator would. */
  doctor(): Promise<Ended> {
    return this.command(['doctor', '--json']);
  }

  /** Runs a command of the program over the first gateway's configuration. */
  command(args: readonly string[], input?: string): Promise<Ended> {
    return this.folder.run([...args, '-c', this.configurations.get('gateway-1') ?? ''], input === undefined ? {} : { input });
  }

  /**
   * Reads which Jobs have not ended, and which resources are held by one. Those that look minutes later for what calls without an answer
   * did are meant to be there.
   */
  async leftovers(): Promise<string[]> {
    const jobs = await this.read<{ id: string; step: string | null }>(UNFINISHED);
    const holds = await this.read<{ path: string; job: string }>(HELD);
    return [
      ...jobs.map(({ id, step }) => `jobs/${id} has not ended (${step})`),
      ...holds.map(({ path, job }) => `${path} is held by ${job}`),
    ];
  }

  /** Reads what the members logged as errors, in whichever life: lines of JSON, the oldest first. */
  errors(): string[] {
    return [...this.earlier, ...this.members.flatMap(({ program }) => errorsOf(program))];
  }

  /** Reads the store's tables past the program. */
  async read<T extends object>(query: string): Promise<T[]> {
    if (!this.shared) {
      const file = new Embedded(join(this.dataOf('gateway-1'), 'cimi.db'), { readonly: true });
      try {
        return file.prepare(query).all() as T[];
      } finally {
        file.close();
      }
    }
    const database = new Database({ connectionString: this.shared.postgres.url });
    await database.connect();
    try {
      return (await database.query<T>(query)).rows;
    } finally {
      await database.end();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.clouds.map((cloud) => cloud.stop()));
    await this.folder.remove();
    await this.origin.close();
    this.disk?.remove();
    await Promise.all([this.shared?.postgres.stop(), this.shared?.redis.remove()]);
  }

  private async add(name: string, role: Member['role']): Promise<void> {
    const port = role === 'serve' ? await freePort() : 0;
    const configuration = this.configuration(name, role, port);
    this.configurations.set(name, configuration);
    const client = role === 'serve' ? new Client(`http://127.0.0.1:${port}/cimi/`) : undefined;
    const clock = this.clocks && new FakeClock(join(this.folder.path, `${name}.clock`), this.clocks[this.members.length] ?? 0);
    const program = await this.folder.serve([role, '-c', configuration], { env: { ...this.env, ...clock?.env } });
    this.members.push({ name, role, client, clock, program });
  }

  /** Each process has a data folder of its own, as on a host of its own; the clouds are the same. */
  private configuration(name: string, role: Member['role'], port: number): string {
    const data = this.dataOf(name);
    mkdirSync(join(data, 'clouds'), { recursive: true });
    for (const { key, folder } of this.clouds) if (folder !== undefined) symlinkSync(folder, join(data, 'clouds', key));
    const { postgres, redis } = this.shared ?? {};
    return this.folder.write(`${name}.yaml`, {
      server: { port, shutdownMs: 3_000 },
      admin: { port: 0 },
      data: { dir: data },
      ...(postgres && { store: { kind: 'postgres', url: postgres.url, connections: 8 } }),
      ...(redis && { queue: { kind: 'redis', url: redis.url } }),
      worker: { inProcess: !this.shared, leaseMs: 2_000, sweepMs: 500, concurrency: 16 },
      secrets: { key: this.key },
      jobs: { graceMs: 0 },
      fetch: { hosts: [`127.0.0.1:${this.origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] },
      log: { level: 'info' },
      clouds: Object.fromEntries(
        this.clouds.map(({ key, config: cloud, deadlineMs = 4_000 }) => [key, { ...cloud, guard: { deadlineMs, retries: 1 } }]),
      ),
      ...this.furnishing.sections?.(role),
    });
  }

  private get env(): Record<string, string> {
    return { ...this.furnishing.env, TMPDIR: this.temporary };
  }
}

/** Errors but those that tell of the faults themselves. */
const errorsOf = ({ stdout }: Program): string[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{"level":"error"') && !/"status":50[37]|"error":"the store can't be used now/.test(line));

/** Sends bytes by and by, so that something happens meanwhile. */
function dribbled(bytes: Buffer): OriginAnswer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length });
    void (async () => {
      for (let at = 0; at < bytes.length && !response.destroyed; at += 50_000) {
        response.write(bytes.subarray(at, at + 50_000));
        await elapse(40);
      }
      response.end();
    })();
  };
}

/** A package of one machine with one disk. */
async function packed(): Promise<Record<string, OriginAnswer>> {
  const size = 2 ** 20;
  const machine = systemOf({ id: 'web', cpus: 1, mebibytes: 512, disks: ['boot'], networks: [] });
  const descriptor = envelope(machine, { boot: { file: 'boot.vmdk', size } }, []);
  return { '/package.ovf': dribbled(Buffer.from(descriptor)), '/boot.vmdk': dribbled(await vmdkOf(diskOf(size, 'boot'))) };
}

async function servers(): Promise<Shared> {
  const [postgres, redis] = await Promise.all([startPostgresPair(), startRedis()]);
  return { postgres, redis };
}
