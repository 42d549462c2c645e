import { Redis } from 'ioredis';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../chaos/world';
import { judge, type Allowance, type Measured, type Verdict } from './flat';
import { footprint, type Footprint } from './probe';

/** Measures of a world, and how much each of them may grow. */

const UNITS: Readonly<Record<keyof Footprint, string>> = {
  live: 'MiB of live memory',
  resident: 'MiB of resident memory',
  sockets: 'sockets',
  files: 'open files',
  handles: 'handles',
};

/** Growth of each process that is none. */
export const OF_PROCESS: Readonly<Record<keyof Footprint, Allowance>> = {
  live: { most: 2, perHour: 4 },
  // What is live is the measure: the allocators give back late, and in pieces.
  resident: { most: 40, perHour: 40 },
  sockets: { most: 20 },
  files: { most: 4 },
  handles: { most: 20 },
};
const ROWS: Allowance = { most: 60, part: 0.5 };
const KEYS: Allowance = { most: 20, part: 0.5 };
const FILES: Allowance = { most: 6 };
const MEBIBYTES: Allowance = { most: 8, part: 0.5 };

/** Tables whose rows stay for longer than a soak lasts, and why. */
const KEPT: Readonly<Record<string, string>> = {
  retired: 'ids of what was deleted stay their own for retention.idDays, a day at least',
};

/** Series of measurements of one world. */
export class Measures {
  private readonly series = new Map<string, { unit: string; allowance: Allowance; at: number[]; values: number[] }>();
  private readonly redis: Redis | undefined;

  constructor(private readonly world: World) {
    this.redis = world.shared && new Redis(world.shared.redis.url);
  }

  /** Measures everything once. The load stands still meanwhile, so that nothing counts that is on its way. */
  async take(): Promise<void> {
    const at = Date.now();
    const note = (name: string, unit: string, allowance: Allowance, value: number): void => {
      const one = this.series.get(name) ?? { unit, allowance, at: [], values: [] };
      this.series.set(name, one);
      one.at.push(at);
      one.values.push(value);
    };
    for (const { name, program } of this.world.members) {
      const all = await footprint(program);
      for (const key of Object.keys(UNITS) as (keyof Footprint)[]) note(`${key} of ${name}`, UNITS[key], OF_PROCESS[key], all[key]);
      const files = filesBelow(this.world.dataOf(name));
      note(`files of ${name}`, 'files', FILES, files.count);
      note(`data of ${name}`, 'MiB', MEBIBYTES, files.mebibytes);
    }
    note('temporary files', 'files', FILES, filesBelow(this.world.temporary).count);
    for (const [table, rows] of await this.rows())
      note(`rows of ${table}`, 'rows', table in KEPT ? { most: Number.POSITIVE_INFINITY } : ROWS, rows);
    if (this.world.shared) note('database', 'MiB', MEBIBYTES, await this.databaseSize());
    if (this.redis) note('keys of Redis', 'keys', KEYS, await this.redis.dbsize());
  }

  /** Reads the number of rows of each table. */
  async rows(): Promise<Map<string, number>> {
    const names = this.world.shared
      ? "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
      : "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    const tables = (await this.world.read<{ name: string }>(names)).map(({ name }) => name).sort();
    const counts = tables.map((name) => `SELECT '${name}' AS name, count(*) AS n FROM "${name}"`).join(' UNION ALL ');
    return new Map((await this.world.read<{ name: string; n: number | string }>(counts)).map(({ name, n }) => [name, Number(n)]));
  }

  /** Latest value of what is named so. */
  latest(name: string): number {
    return this.series.get(name)?.values.at(-1) ?? Number.NaN;
  }

  /** Judges each series; one that began late (a table, a process) is as short as it is. @throws Error where too little was measured */
  verdicts(): Verdict[] {
    return [...this.series].map(([name, one]) => judge({ name, ...one } satisfies Measured));
  }

  close(): void {
    this.redis?.disconnect();
  }

  private async databaseSize(): Promise<number> {
    const [row] = await this.world.read<{ n: string }>('SELECT pg_database_size(current_database()) AS n');
    return Number(row?.n) / 2 ** 20;
  }
}

/** Counts files below a folder; links lead to what is a cloud's. */
function filesBelow(folder: string): { count: number; mebibytes: number } {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((one) => one.isFile());
  // One may go meanwhile.
  const sizes = files.map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0);
  return { count: files.length, mebibytes: sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20 };
}
