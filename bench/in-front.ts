import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Driver, DriverModule } from '../src/clouds/driver';
import { type Ask, createAsk } from './load';
import { startProcess } from './processes';

/** A provider as the gateway is configured for it. */
export interface Behind {
  driver: string;
  module: DriverModule<never>;
  options: Record<string, unknown>;
  guard?: Record<string, unknown>;
}

/** The gateway in front of a provider, in a process of its own, and the same driver without it. */
export interface InFront {
  /** Base URI, ending in a slash. */
  base: string;
  direct: Driver;
  ask: Ask;
}

/** Starts both, does the work and stops them. */
export async function inFrontOf<T>({ driver, module, options, guard = {} }: Behind, work: (both: InFront) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-bench-'));
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, stringify({ server: { port: 0 }, data: { dir: folder }, clouds: { there: { driver, guard, options } } }));
  const { said, stop } = await startProcess('src/main.ts', ['serve', '--config', file, '--make-key'], /cimi-gateway: (\S+)cloudEntryPoint/);
  const direct = await module.connect(module.options.parse(options), { dataDir: folder, warn: (message) => console.error(message) });
  const { ask, close } = createAsk();
  try {
    return await work({ base: said[1] ?? '', direct, ask });
  } finally {
    close();
    await direct.close();
    await stop();
    await rm(folder, { recursive: true, force: true });
  }
}
