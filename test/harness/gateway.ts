import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeFile } from 'node:fs/promises';
import { loadConfig } from '../../src/config/load';
import { startGateway, type Gateway, type GatewayOptions } from '../../src/gateway';
import { createLog, createLogSink } from '../../src/http/log';

export interface TestGateway {
  gateway: Gateway;
  /** Absolute base URI, ending in a slash. */
  base: string;
  dataDir: string;
  /** Log lines so far. */
  logs(): { [key: string]: unknown }[];
  /** Stops it; keeps the data where `keepData`. */
  stop(options?: { keepData?: boolean }): Promise<void>;
}

export interface TestGatewayOptions extends Partial<Pick<GatewayOptions, 'onBoundary' | 'drivers' | 'policy' | 'role'>> {
  /** The configuration file's content; the default is one fast simulated cloud `sim`. */
  config?: Record<string, unknown>;
  dataDir?: string;
}

/** Configures one simulated cloud that is as quick as the test is patient. */
export function simulatedCloud(options: Record<string, unknown> = {}, more: Record<string, unknown> = {}): Record<string, unknown> {
  const delays = { create: 30, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 };
  return { driver: 'simulator', guard: { cacheMs: 200 }, options: { delays, ...options }, ...more };
}

/** A gateway in this process on a free port of 127.0.0.1, with a data folder of its own. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'cimi-test-')));
  const file = join(dataDir, 'gateway.yaml');
  // Nobody looks at a cloud but for the test: its calls are counted, and its faults are meant for somebody.
  const quiet = { monitoring: { watchMs: 0 } };
  const own = { server: { port: 0, shutdownMs: 2000 }, data: { dir: dataDir }, clouds: { sim: simulatedCloud() } };
  const content = { ...own, ...quiet, ...options.config };
  await writeFile(file, stringify(content));
  const config = await loadConfig({ file, env: {}, cwd: dataDir });
  const sink = createLogSink();
  const gateway = await startGateway({
    config,
    log: createLog({ level: 'debug', destination: sink }),
    role: options.role ?? 'gateway',
    makeKey: true,
    ...(options.drivers ? { drivers: options.drivers } : {}),
    ...(options.policy ? { policy: options.policy } : {}),
    ...(options.onBoundary ? { onBoundary: options.onBoundary } : {}),
  });
  return {
    gateway,
    base: (gateway.entryPoint ?? '').replace(/cloudEntryPoint$/, ''),
    dataDir,
    logs: () => sink.lines(),
    async stop({ keepData = false } = {}) {
      await gateway.close();
      if (!keepData) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
