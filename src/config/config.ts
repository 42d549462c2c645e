import { dirname } from 'node:path';
import type { Path } from './problems';
import { decodeKey } from './formats';
import type { ConfigValues } from './schema';

/** Configured cloud, with every default filled in. */
export interface CloudConfig extends Omit<ConfigValues['clouds'][string], 'name' | 'discoveredTenant'> {
  key: string;
  name: string;
  discoveredTenant: string;
}

/** Source of a configuration; kept for messages and for printing. */
export interface ConfigSource {
  /** Absolute path; undefined for the built-in demo. */
  file: string | undefined;
  /** References, by path, that stand in the file in place of values: `${NAME}`, `$file: path`, an environment variable's name. */
  references: ReadonlyMap<string, string>;
  line(path: Path): number | undefined;
}

/** The whole configuration, checked, with every default filled in. `data.dir` is absolute, `publicUrl` has no slash at its end. */
export interface Config extends Omit<ConfigValues, 'clouds'> {
  /** Clouds by key, in the order of the file. */
  clouds: Readonly<Record<string, CloudConfig>>;
  source: ConfigSource;
}

/** The key for secrets at rest: 32 bytes; undefined where none is configured. */
export function secretKey(config: Config): Buffer | undefined {
  return config.secrets.key === undefined ? undefined : decodeKey(config.secrets.key);
}

/** Keys that what was sealed with them is opened with, and nothing sealed: 32 bytes each. */
export function otherKeys(config: Config): Buffer[] {
  return config.secrets.otherKeys.flatMap((text) => decodeKey(text) ?? []);
}

/** Every tenant of the configuration. */
export function tenantsOf({ tenants, clouds }: Config): string[] {
  return [...new Set(tenants ?? Object.values(clouds).flatMap((cloud) => cloud.tenants))];
}

/** The folder that paths in the configuration are relative to: that of its file, of the built-in demo the current one. */
export function configFolder({ source }: Config): string {
  return source.file === undefined ? process.cwd() : dirname(source.file);
}
