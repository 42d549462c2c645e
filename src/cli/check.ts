import { existsSync } from 'node:fs';
import { Command } from 'commander';
import type { Finding } from '../clouds/driver';
import { secretKey, type Config } from '../config/config';
import { connect, keyFile } from '../gateway';
import { createLog } from '../http/log';
import { createMetrics } from '../http/metrics';
import { checkRedis } from '../jobs/redis-check';
import { checkPostgres } from '../store/postgres-check';
import { configOf, withConfig, type CommonOptions } from './common';

/** `check`: reads the configuration, tries store, queue and every cloud's login, and says in words what is wrong. */
export function checkCommand(): Command {
  return withConfig(new Command('check').description('check the configuration, the servers and the login of every cloud')).action(check);
}

async function check(options: CommonOptions): Promise<void> {
  const config = await configOf(options);
  tell('configuration', { ok: true, what: config.source.file ?? 'the built-in demo' });
  const wrong = [keyFinding(config), await storeFinding(config), await queueFinding(config)].filter((finding) => !tell('', finding)).length;
  const total = wrong + (await checkClouds(config));
  if (total === 0) return;
  say(`${total} finding${total === 1 ? '' : 's'} to mend`);
  process.exitCode = 1;
}

/** @returns how many findings are wrong */
async function checkClouds(config: Config): Promise<number> {
  const clouds = await connect({ config, log: createLog({ level: 'silent' }), role: 'gateway' }, createMetrics({ process: false }));
  try {
    let wrong = 0;
    for (const cloud of clouds.all()) {
      for (const finding of await cloud.check()) if (!tell(`cloud ${cloud.key}`, finding)) wrong += 1;
    }
    return wrong;
  } finally {
    await clouds.close();
  }
}

function keyFinding(config: Config): Finding {
  const what = 'key for secrets';
  if (secretKey(config)) return { ok: true, what };
  const file = keyFile(config);
  if (existsSync(file)) return { ok: true, what: `${what} in ${file}`, words: 'used by serve --make-key only' };
  if (config.source.file === undefined) return { ok: true, what: `${what}, made in ${file} at the first start` };
  return { ok: false, what, words: 'none is configured: set secrets.key, or start with serve --make-key' };
}

async function storeFinding({ store, data }: Config): Promise<Finding> {
  if (store.kind === 'sqlite') return { ok: true, what: `store: SQLite in ${data.dir}` };
  return tried('store: PostgreSQL', () => checkPostgres(store.url ?? ''));
}

async function queueFinding({ queue }: Config): Promise<Finding> {
  if (queue.kind === 'embedded') return { ok: true, what: 'queue: embedded' };
  return tried('queue: Redis', () => checkRedis(queue.url ?? ''));
}

async function tried(what: string, work: () => Promise<string | void>): Promise<Finding> {
  try {
    const version = await work();
    return { ok: true, what: version === undefined ? what : `${what} ${version}` };
  } catch (error) {
    return { ok: false, what, words: error instanceof Error ? error.message || String(Reflect.get(error, 'code')) : String(error) };
  }
}

/** @returns whether it is well */
function tell(about: string, { ok, what, words }: Finding): boolean {
  const begin = about === '' ? what : `${about}: ${what}`;
  say(`${begin}: ${ok ? 'well' : 'WRONG'}${words === undefined ? '' : ` (${words})`}`);
  return ok;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
