import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { GuardHooks } from '../clouds/call';
import { TransferRate } from '../clouds/rate';
import { connectClouds, type CloudToConnect, type ConnectedClouds, type DriverRegistry, type Renewal } from '../clouds/registry';
import type { CloudConfig, Config } from '../config/config';
import { cloudOptions } from '../config/load';
import type { Metrics } from '../http/metrics';
import type { Ledger } from '../model/ledger';
import { driversOf } from '../plugins/drivers';
import type { Tracer } from '../tracing/tracer';

/** The connected clouds, which take other options while the gateway runs. */
export interface RenewableClouds extends ConnectedClouds {
  /**
   * Connects anew the clouds whose options or limits are others now, without using them yet.
   * @throws ConfigurationError or ConfigError where that cannot be; nothing has changed then
   */
  prepare(next: Config): Promise<Renewal[]>;
}

interface Parts {
  config: Config;
  log: Logger;
  drivers: DriverRegistry;
  metrics: Metrics;
  ledger: Ledger | undefined;
  tracer: Tracer | undefined;
}

/** Connects the configured clouds; asks no provider anything. */
export async function connectConfigured({ config, log, drivers, ...parts }: Parts): Promise<RenewableClouds> {
  const rates = new Map(Object.entries(config.move.bytesPerSecond).map(([key, rate]) => [key, new TransferRate(rate)]));
  const toConnect = (cloud: CloudConfig): CloudToConnect => ({ ...cloud, ...(rates.has(cloud.key) && { rate: rates.get(cloud.key) }) });
  const registry = await driversOf(config, drivers);
  const lent = (from: Config): Parameters<typeof connectClouds>[2] => ({
    options: (cloud, schema) => cloudOptions(from, cloud, schema),
    environment: (cloud) => {
      const dataDir = join(config.data.dir, 'clouds', cloud);
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      return { dataDir, warn: (message, details) => log.warn({ cloud, ...details }, message) };
    },
    hooks: hooksOf({ log, ...parts }),
  });
  const clouds = await connectClouds(Object.values(config.clouds).map(toConnect), registry, lent(config));
  let known = config.clouds;
  return {
    ...clouds,
    async prepare(next) {
      const prepared: Renewal[] = [];
      try {
        for (const [key, cloud] of Object.entries(next.clouds)) {
          const before = known[key];
          if (!before || isDeepStrictEqual(cloud, before) || !isDeepStrictEqual(restOf(cloud), restOf(before))) continue;
          const renewal = await clouds.renewal(toConnect(cloud), registry, lent(next));
          const take = (): void => {
            renewal.take();
            known = { ...known, [key]: cloud };
          };
          prepared.push({ ...renewal, take });
        }
      } catch (error) {
        await Promise.all(prepared.map((renewal) => renewal.drop()));
        throw error;
      }
      return prepared;
    },
  };
}

/** Parts of a cloud's configuration that it is given at a start only: whose it is, and what is shown of it. */
function restOf({ options: _options, guard: _guard, ...rest }: CloudConfig): object {
  return rest;
}

function hooksOf({ log, metrics, ledger, tracer }: Omit<Parts, 'config' | 'drivers'>): GuardHooks {
  return {
    log: {
      info: (message, details) => log.info(details, message),
      warn: (message, details) => log.warn(details, message),
      error: (message, details) => log.error(details, message),
    },
    metrics: {
      onHealth: ({ cloud, state }) => metrics.cloudHealth(cloud, state),
      onRefusing: ({ cloud, refusing }) => metrics.cloudRefusing(cloud, refusing),
      onCall: ({ ms, ...call }) => metrics.providerCall({ ...call, seconds: ms / 1000 }),
      onUnmappedState: ({ cloud, type, state }) => metrics.unmappedState(cloud, type, state),
    },
    ledger,
    tracer,
  };
}
