import { CONTRACT_VERSION, type DriverModule } from '../clouds/driver';
import type { DriverRegistry } from '../clouds/registry';
import { configFolder, type Config } from '../config/config';
import { configError } from '../config/load';
import { isRecord, type Problem } from '../config/problems';
import { nearest } from '../model/nearest';
import { importModule, ImportError, type Exports } from './import-module';
import { versionProblem } from './version';

/**
 * Finds the driver of every configured cloud: one of those that ship with the gateway by its name, any other in the module that
 * the configuration names. Modules are loaded here, since what is wrong with one belongs to the configuration.
 * @returns a registry that has them all
 * @throws ConfigError naming every cloud whose driver there is not or can't be used, with path and line
 */
export async function driversOf(config: Config, shipped: DriverRegistry): Promise<DriverRegistry> {
  const modules = new Map<string, DriverModule>();
  const problems: Problem[] = [];
  for (const { key, driver: name } of Object.values(config.clouds)) {
    if (shipped.names.includes(name) || modules.has(name)) continue;
    try {
      modules.set(name, driverIn(name, await importModule(name, configFolder(config))));
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      const message = `the module ${JSON.stringify(name)} ${error.message}`;
      const known = error.missing && isName(name) ? unknownDriver(name, shipped.names) : undefined;
      problems.push({ path: `clouds.${key}.driver`, message: known === undefined ? message : `${known} (${message})` });
    }
  }
  if (problems.length > 0) throw configError(config, problems);
  return { names: shipped.names, load: async (name) => modules.get(name) ?? shipped.load(name) };
}

/** Tells whether it may have been meant for a driver of the gateway's own: no path, no package of a scope. */
function isName(name: string): boolean {
  return !/[./\\]/.test(name);
}

function unknownDriver(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const message = `there is no driver ${JSON.stringify(name)}; there are ${known.join(', ')}`;
  return near === undefined ? message : `${message}; did you mean ${near}?`;
}

/** @throws ImportError naming everything that keeps the module from being a driver */
function driverIn(name: string, exports: Exports): DriverModule {
  const version = versionProblem(exports['contractVersion'], CONTRACT_VERSION);
  const problems = version === undefined ? moduleProblems(exports['driver']) : [version];
  if (problems.length > 0) throw new ImportError(problems.join('; '), false);
  return exports['driver'] as DriverModule;
}

function moduleProblems(driver: unknown): string[] {
  if (!isRecord(driver)) return ['must export driver, an object with name, options and connect'];
  const { name, options, connect } = driver;
  return [
    ...(typeof name === 'string' && name !== '' ? [] : ['must name its driver: driver.name']),
    ...(typeof connect === 'function' ? [] : ['has no function driver.connect']),
    ...optionsProblems(options),
  ];
}

/** An option that no driver has. */
const UNKNOWN_OPTION = 'no-such-option';

function optionsProblems(options: unknown): string[] {
  if (!isSchema(options)) return ['must give the schema of its options in driver.options, of zod 4 (z of cimi-gateway/driver)'];
  const refused = options.safeParse({ [UNKNOWN_OPTION]: true }).error?.issues.some(({ code }) => code === 'unrecognized_keys');
  return refused ? [] : ['takes options that it does not know: driver.options must be a z.strictObject, so that a slip is told'];
}

function isSchema(options: unknown): options is DriverModule['options'] {
  return isRecord(options) && '_zod' in options && typeof options['safeParse'] === 'function';
}
