import type { Command } from 'commander';
import type { Config } from '../config/config';
import { loadConfig } from '../config/load';

export interface CommonOptions {
  config?: string;
  data?: string;
  port?: string;
}

/** The options that every command knows. */
export function withConfig(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file (default: CIMI_CONFIG, else the built-in demo)')
    .option('--data <folder>', 'folder of the state (CIMI_DATA)');
}

/** Reads the configuration as the options and the environment say. @throws ConfigError. */
export function configOf({ config, data, port }: CommonOptions): Promise<Config> {
  const file = config ?? process.env.CIMI_CONFIG;
  const env = {
    ...process.env,
    ...(data === undefined ? {} : { CIMI_DATA: data }),
    ...(port === undefined ? {} : { CIMI_PORT: port }),
  };
  const options = {
    ...(data === undefined ? {} : { CIMI_DATA: '--data' }),
    ...(port === undefined ? {} : { CIMI_PORT: '--port' }),
  };
  return loadConfig({ ...(file ? { file } : {}), env, options, cwd: process.cwd() });
}

/** Writes a line to standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
