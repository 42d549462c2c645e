import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Database from 'libsql';
import { stringify } from 'yaml';
import { Account } from '../drivers/simulator/account';
import { startProcess } from './processes';

/**
 * Machines at each simulated cloud: one to create in, lists of 100, 1,000 and 10,000; two that are read past every cache, one
 * of them slow; and a slow one whose answers are kept for a second. */
export const CLOUDS = { one: 0, hundred: 100, thousand: 1_000, many: 10_000, counted: 250, slow: 10, crowd: 10 } as const;
export type CloudKey = keyof typeof CLOUDS;

/** Duration of a call to the slow provider, in ms. */
export const PROVIDER_MS = 50;

const CACHE_MS: Partial<Record<CloudKey, number>> = { counted: 0, slow: 0, crowd: 1_000 };

/** Machines of one page at the simulated provider. */
export const PAGE_SIZE = 100;

/** Room for the 100,000 templates that a list is narrowed down from; and clouds are not watched, which would count for whatever is measured then. */
const MANY = { quotas: { resources: 1_000_000, bytes: 1_000_000_000 }, monitoring: { watchMs: 0 } };

/** The gateway under measurement: the program itself, in a process of its own over simulated clouds. */
export interface World {
  /** Base URI, ending in a slash. */
  base: string;
  folder: string;
  pid: number;
  /** Calls that a cloud's provider has had, by method, since its account was opened. */
  calls(cloud: CloudKey): Map<string, number>;
  stop(): Promise<void>;
}

/**
 * @param more sections of the configuration beside the clouds, the data and the port
 * @param root folder of another checkout whose gateway it is to be
 * @param options of the simulated clouds, beside their pages and their latency
 */
export async function startWorld(
  more: Record<string, unknown> = {},
  root?: string,
  options: Partial<Record<CloudKey, object>> = {},
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-bench-'));
  for (const [cloud, machines] of Object.entries(CLOUDS)) await fill(join(folder, 'clouds', cloud), machines, cloud === 'thousand');
  const config = join(folder, 'gateway.yaml');
  await writeFile(
    config,
    stringify({ ...MANY, server: { port: 0 }, data: { dir: folder }, defaultCloud: 'one', clouds: clouds(options), ...more }),
  );
  const { said, pid, stop } = await startProcess(
    'src/main.ts',
    ['serve', '--config', config, '--make-key'],
    /cimi-gateway: (\S+)cloudEntryPoint/,
    { root },
  );
  return {
    base: said[1] ?? '',
    folder,
    pid,
    calls: (cloud) => callsOf(join(folder, 'clouds', cloud)),
    stop: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Clouds whose provider is asked once and its answers are kept, but for two: what is measured is the gateway. */
function clouds(more: Partial<Record<CloudKey, object>>): Record<string, unknown> {
  const keys = Object.keys(CLOUDS) as CloudKey[];
  return Object.fromEntries(
    keys.map((key) => {
      const cacheMs = CACHE_MS[key] ?? 600_000;
      return [
        key,
        {
          driver: 'simulator',
          guard: { cacheMs },
          options: { pageSize: PAGE_SIZE, latencyMs: key === 'slow' || key === 'crowd' ? PROVIDER_MS : 0, ...more[key] },
        },
      ];
    }),
  );
}

async function fill(folder: string, machines: number, withDisks: boolean): Promise<void> {
  await mkdir(folder, { recursive: true });
  const account = new Account(join(resolve(folder), 'simulator.sqlite'));
  account.seed('believable');
  const began = Date.UTC(2026, 0, 1);
  account.transaction(() => {
    for (let index = 0; index < machines; index++) {
      const number = String(index).padStart(5, '0');
      account.put({
        ...{
          kind: 'instance',
          id: `i-${number}`,
          label: `machine ${number}`,
          note: 'one of many',
          labels: { tier: 'web', rack: `r${index % 40}` },
        },
        ...{
          shape: 's1.small',
          vcpus: 1,
          memoryMiB: 2048,
          arch: 'x86_64',
          source: 'img-debian-12',
          latest: null,
          keyPair: null,
          userData: null,
        },
        ...{
          nets: [],
          timeline: [{ phase: index % 3 === 0 ? 'stopped' : 'running', from: began }],
          launchedAt: began + index * 1000,
          tag: null,
          token: null,
        },
      });
      if (!withDisks) continue;
      const disk = { instance: `i-${number}`, sizeGiB: 20, path: '/dev/sda', boot: true };
      account.put({ kind: 'disk', id: `disk-${number}`, ...disk, madeAt: began, tag: null, token: null });
    }
  });
  account.close();
}

function callsOf(folder: string): Map<string, number> {
  const database = new Database(join(folder, 'simulator.sqlite'), { readonly: true });
  try {
    const rows = database.prepare('SELECT method, count FROM calls').all() as { method: string; count: number }[];
    return new Map(rows.map(({ method, count }) => [method, count]));
  } finally {
    database.close();
  }
}
