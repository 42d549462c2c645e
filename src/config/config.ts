import type { Path } from './problems';
import { type ConfigValues, decodeKey } from './schema';

/** One configured cloud, with every default filled in. */
export interface CloudConfig extends Omit<ConfigValues['clouds'][string], 'name' | 'discoveredTenant'> {
  key: string;
  name: string;
  discoveredTenant: string;
}

/** Where a configuration came from; kept for messages and for printing. */
export interface ConfigSource {
  /** Absolute path; undefined for the built-in demo. */
  file: string | undefined;
  /** By path, what stands in the file in place of the value: `${NAME}`, `$file: path`, an environment variable's name. */
  references: ReadonlyMap<string, string>;
  line(path: Path): number | undefined;
}

/** The whole configuration, checked, with every default filled in. `data.dir` is absolute, `publicUrl` has no slash at its end. */
export interface Config extends Omit<ConfigValues, 'clouds'> {
  /** By key, in the order of the file. */
  clouds: Readonly<Record<string, CloudConfig>>;
  source: ConfigSource;
}

/** The key for secrets at rest: 32 bytes; undefined where none is configured. */
export function secretKey(config: Config): Buffer | undefined {
  return config.secrets.key === undefined ? undefined : decodeKey(config.secrets.key);
}
