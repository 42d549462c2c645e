import type { ZodType } from 'zod';
import type { GuardHooks } from './call';
import type { Cloud, Clouds, CloudSettings } from './cloud';
import type { DriverEnvironment, DriverModule } from './driver';
import type { GuardOptions } from './guard';
import { guardCloud } from './guard';
import { isCloudKey } from './identity';

/** What the composition root lends to the clouds. */
export interface Lent {
  environment(cloud: string): DriverEnvironment;
  hooks: GuardHooks;
  /** Checks a cloud's options where more is known of them than here, such as their lines in a file. @throws as it likes */
  options?<O>(cloud: string, schema: ZodType<O>): O;
}

/** How drivers are found; nothing of one is loaded before a configured cloud names it. */
export interface DriverRegistry {
  /** Known drivers in alphabetical order. */
  readonly names: readonly string[];
  /** @throws ConfigurationError naming the known drivers, where there is none of this name */
  load(name: string): Promise<DriverModule>;
}

/** One cloud as configured: what every cloud has, and the options of its driver, not yet validated. */
export interface CloudConfig extends CloudSettings {
  options: unknown;
  guard?: Partial<GuardOptions>;
}

/** What is wrong with the configuration, for people. */
export class ConfigurationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigurationError';
  }
}

export function driverRegistry(loaders: Readonly<Record<string, () => Promise<DriverModule>>>): DriverRegistry {
  const names = Object.keys(loaders).sort();
  return {
    names,
    async load(name) {
      const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
      if (!loader) throw new ConfigurationError(`There is no driver "${name}"; there are: ${names.join(', ')}`);
      return loader();
    },
  };
}

/** The connected clouds, to be closed at the end. */
export interface ConnectedClouds extends Clouds {
  close(): Promise<void>;
}

/**
 * Connects every configured cloud, in the order of the configuration. Connecting asks no provider anything, so it
 * fails for reasons of the configuration only, and then for all of them together.
 * @throws ConfigurationError naming the cloud, and for options the path of each that is wrong; what `lent.options` throws
 */
export async function connectClouds(configs: readonly CloudConfig[], registry: DriverRegistry, lent: Lent): Promise<ConnectedClouds> {
  const connected = new Map<string, Cloud>();
  const close = async (): Promise<void> => {
    await Promise.all([...connected.values()].map((cloud) => cloud.close()));
  };
  try {
    for (const config of configs) {
      if (!isCloudKey(config.key))
        throw new ConfigurationError(`"${config.key}" is no cloud key: a lower-case letter, then up to 31 of a-z 0-9 -`);
      if (connected.has(config.key)) throw new ConfigurationError(`Two clouds have the key "${config.key}"`);
      connected.set(config.key, await connect(config, registry, lent));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const all = [...connected.values()];
  return {
    all: () => all,
    byKey: (key) => connected.get(key),
    forTenant: (tenant) => all.filter((cloud) => cloud.tenants.includes(tenant)),
    close,
  };
}

async function connect({ options, guard, ...settings }: CloudConfig, registry: DriverRegistry, lent: Lent): Promise<Cloud> {
  const module = await registry.load(settings.driver);
  const checked = lent.options ? lent.options(settings.key, module.options) : checkedOptions(settings.key, module.options, options);
  try {
    const driver = await module.connect(checked, lent.environment(settings.key));
    return guardCloud(settings, driver, guard ?? {}, lent.hooks);
  } catch (error) {
    throw new ConfigurationError(`Cloud "${settings.key}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function checkedOptions<O>(key: string, schema: ZodType<O>, options: unknown): O {
  const parsed = schema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${['options', ...issue.path].join('.')}: ${issue.message}`);
  throw new ConfigurationError(`Cloud "${key}": ${issues.join('; ')}`);
}
