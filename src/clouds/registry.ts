import type { ZodType } from 'zod';
import { placed, placeOf } from '../model/place';
import type { GuardHooks } from './call';
import { driverProblems } from './check-driver';
import type { Clouds, CloudSettings } from './cloud';
import type { DriverEnvironment, DriverModule } from './driver';
import type { GuardOptions } from './guard';
import { guardCloud, type GuardedCloud } from './guard';
import { isCloudKey } from './identity';
import { namesFor, type NamesToConnect } from './names-to-connect';

/** Services that the composition root lends to the clouds. */
export interface Lent {
  environment(cloud: string): DriverEnvironment;
  hooks: GuardHooks;
  /** Checks a cloud's options where more is known of them than here, such as their lines in a file. @throws as it likes */
  options?<O>(cloud: string, schema: ZodType<O>): O;
}

/** Lookup of drivers; nothing of one is loaded before a configured cloud names it. */
export interface DriverRegistry {
  /** Known drivers in alphabetical order. */
  readonly names: readonly string[];
  /** @throws ConfigurationError naming the known drivers, where there is none of this name */
  load(name: string): Promise<DriverModule>;
}

/** Configured cloud: what every cloud has, and the options of its driver, not yet validated. */
export interface CloudToConnect extends Omit<CloudSettings, 'names'>, NamesToConnect {
  options: unknown;
  guard?: Partial<GuardOptions>;
}

/** Fault of the configuration, in words for people. */
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

/** A cloud that was connected anew beside the one in use. */
export interface Renewal {
  key: string;
  /** True where it offers the same: what was made of that at the start goes on to hold. */
  fits: boolean;
  /** Takes the place of the one in use, whose calls under way go on to their end. */
  take(): void;
  /** Closes it, unused. Never rejects. */
  drop(): Promise<void>;
}

/** The connected clouds, to be closed at the end. */
export interface ConnectedClouds extends Clouds {
  /** Connects a cloud that there is anew, by other options and limits. @throws as connectClouds */
  renewal(config: CloudToConnect, registry: DriverRegistry, lent: Lent): Promise<Renewal>;
  close(): Promise<void>;
}

/**
 * Connects every configured cloud, in the order of the configuration. Connecting asks no provider anything, so it
 * fails for reasons of the configuration only, and then for all of them together.
 * @throws ConfigurationError naming the cloud, and for options the path of each that is wrong; what `lent.options` throws
 */
export async function connectClouds(configs: readonly CloudToConnect[], registry: DriverRegistry, lent: Lent): Promise<ConnectedClouds> {
  const connected = new Map<string, GuardedCloud>();
  /** Closes connections that were replaced, and are still used. */
  const formers = new Set<() => Promise<void>>();
  const wrong: unknown[] = [];
  const close = async (): Promise<void> => {
    await Promise.all([...[...connected.values()].map((cloud) => () => cloud.close()), ...formers].map((end) => end()));
  };
  const unclosed = (cloud: string, what: string) => (error: unknown) => {
    lent.hooks.log.warn(`a cloud was connected anew, and the ${what} connection could not be closed`, {
      cloud,
      error: error instanceof Error ? error.message : String(error),
    });
  };
  const replace = (current: GuardedCloud, fresh: GuardedCloud): void => {
    const { retire, close: end } = current;
    // Everybody has the object itself: it is what it was made of that changes.
    Object.assign(current, fresh);
    formers.add(end);
    void retire()
      .catch(unclosed(current.key, 'former'))
      .then(() => formers.delete(end));
  };
  try {
    for (const config of configs) {
      if (!isCloudKey(config.key))
        throw new ConfigurationError(`"${config.key}" is not a valid cloud key: use a lower-case letter, then up to 31 of a-z 0-9 -`);
      if (connected.has(config.key)) throw new ConfigurationError(`Two clouds have the key "${config.key}"`);
      // What is wrong with one cloud hides nothing of the others.
      const cloud = await connect(config, registry, lent).catch((error: unknown) => void wrong.push(error));
      if (cloud) connected.set(config.key, cloud);
    }
    if (wrong.length === 1) throw wrong[0];
    if (wrong.length > 1)
      throw new ConfigurationError(wrong.map((error) => (error instanceof Error ? error.message : String(error))).join('\n'));
  } catch (error) {
    await close();
    throw error;
  }
  const all = [...connected.values()];
  return {
    all: () => all,
    byKey: (key) => connected.get(key),
    forTenant: (tenant) => all.filter((cloud) => cloud.tenants.includes(tenant)),
    async renewal(config, drivers, more) {
      const current = connected.get(config.key);
      if (!current) throw new ConfigurationError(`There is no cloud "${config.key}"`);
      const fresh = await connect(config, drivers, more);
      return {
        key: config.key,
        fits: fresh.shape === current.shape,
        take: () => replace(current, fresh),
        // Whatever becomes of it, the reload goes on as a whole or fails as a whole.
        drop: () => fresh.close().catch(unclosed(config.key, 'unused')),
      };
    },
    close,
  };
}

async function connect(
  { options, guard, images, sizes, ...settings }: CloudToConnect,
  registry: DriverRegistry,
  lent: Lent,
): Promise<GuardedCloud> {
  const module = await registry.load(settings.driver);
  const checked = lent.options ? lent.options(settings.key, module.options) : checkedOptions(settings.key, module.options, options);
  try {
    const driver = await module.connect(checked, lent.environment(settings.key));
    const problems = driverProblems(driver);
    if (problems.length > 0) throw new Error(`the driver ${module.name} breaks the contract: ${problems.join('; ')}`);
    const names = namesFor({ images, sizes }, module, driver);
    return guardCloud({ ...settings, names }, driver, guard ?? {}, lent.hooks);
  } catch (error) {
    throw new ConfigurationError(`Cloud "${settings.key}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function checkedOptions<O>(key: string, schema: ZodType<O>, options: unknown): O {
  const parsed = schema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => placed(placeOf(['options', ...issue.path]), issue.message));
  throw new ConfigurationError(`Cloud "${key}": ${issues.join('; ')}`);
}
