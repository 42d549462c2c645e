import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
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

/** Settings of a gateway under measurement beside its configuration. */
export interface WorldOptions {
  /** Folder of another checkout whose gateway it is to be. */
  root?: string | undefined;
  /** Options of the simulated clouds, beside their pages and their latency. */
  options?: Readonly<Record<string, object>>;
  /** Machines at each cloud, by its key. */
  machines?: Readonly<Record<string, number>>;
  /** Folder of its data where there is one already, with clouds or without; who made it removes it. */
  folder?: string;
}

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

/** @param more sections of the configuration beside the data and the port; where it has clouds, those alone, each over what it is otherwise */
export async function startWorld(
  { clouds: given, ...more }: Record<string, unknown> & { clouds?: Readonly<Record<string, object>> } = {},
  { root, options = {}, machines = CLOUDS, folder: filled }: WorldOptions = {},
): Promise<World> {
  const folder = filled ?? (await mkdtemp(join(tmpdir(), 'cimi-bench-')));
  for (const [cloud, count] of Object.entries(machines)) {
    const at = join(folder, 'clouds', cloud);
    if (!existsSync(at)) await fill(at, count, cloud === 'thousand');
  }
  const config = join(folder, `gateway-${randomUUID()}.yaml`);
  const own = clouds(Object.keys(given ?? machines), options);
  await writeFile(
    config,
    stringify({
      ...{ ...MANY, server: { port: 0 }, data: { dir: folder }, defaultCloud: Object.keys(machines)[0], ...more },
      clouds: Object.fromEntries(Object.entries(own).map(([key, cloud]) => [key, { ...cloud, ...given?.[key] }])),
    }),
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
      if (filled === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Clouds whose provider is asked once and its answers are kept, but for two: what is measured is the gateway. */
function clouds(keys: readonly string[], more: Readonly<Record<string, object>>): Record<string, object> {
  return Object.fromEntries(
    keys.map((key) => {
      const cacheMs = CACHE_MS[key as CloudKey] ?? 600_000;
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
