import { Command } from 'commander';
import { join } from 'node:path';
import { checkNames } from '../clouds/check-names';
import type { Finding } from '../clouds/driver';
import { secretKey, type Config } from '../config/config';
import { assertListenersApart } from '../config/listeners';
import { ConfigError, problemText } from '../config/problems';
import { maskOf } from '../config/redact';
import { connect, keyFile } from '../gateway';
import { checkRules } from '../gateway/declared-rules';
import { DATABASE_FILE } from '../gateway/opening';
import { createLog } from '../http/log';
import { assertListenAllowed } from '../http/loopback';
import { createMetrics } from '../http/metrics';
import { assertNamed } from '../http/public-address';
import { contextOf } from '../http/tls';
import { typeExtensionsOf } from '../plugins/type-module';
import { createCipher } from '../store/cipher';
import { readKey } from '../store/key-file';
import { checkPostgres, reasonOf } from '../store/postgres-check';
import { checkSqlite } from '../store/stored-check';
import { catalogueOf } from './catalogue';
import { configOf, say, withConfig, type CommonOptions } from './common';
import { warningsOf } from './policy';

/**
 * `check`: does what `serve` does at its start, changing nothing: reads the configuration, opens store and queue with the
 * key, logs in to every cloud, and says in words what is wrong with each.
 */
export function checkCommand(): Command {
  return withConfig(new Command('check').description('check the configuration, the servers and the login of every cloud')).action(check);
}

type Tell = (finding: Finding) => void;

async function check(options: CommonOptions): Promise<void> {
  const config = await configOf(options);
  const mask = maskOf(config);
  let wrong = 0;
  const tell: Tell = ({ ok, what, message }) => {
    if (!ok) wrong += 1;
    say(mask(`${what}: ${ok ? 'ok' : 'WRONG'}${message === undefined ? '' : ` (${message})`}`));
  };
  tell({ ok: true, what: `configuration: ${config.source.file ?? 'the built-in demo'}` });
  checkListeners(config, tell);
  await checkExtensions(config, tell);
  await checkPolicies(config, tell);
  await checkStore(config, await checkKey(config, tell), tell);
  await checkQueue(config, tell);
  for (const key of Object.keys(config.clouds)) await checkCloud(config, key, tell);
  if (wrong === 0) return;
  say(`${wrong} finding${wrong === 1 ? '' : 's'} to fix`);
  process.exitCode = 1;
}

function checkListeners(config: Config, tell: Tell): void {
  try {
    assertListenersApart(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    tellProblems(error, (message) => tell({ ok: false, what: 'listening', message }));
  }
}

/** Loads the modules of own types, as a start would. */
async function checkExtensions(config: Config, tell: Tell): Promise<void> {
  if (config.extensions.length === 0) return;
  try {
    const { resources, attributes } = await typeExtensionsOf(config);
    const names = [...resources.map(({ name }) => name), ...attributes.map(({ name, types }) => `${types.join()}.${name}`)];
    tell({ ok: true, what: 'extensions', message: names.join(', ') });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    tellProblems(error, (message) => tell({ ok: false, what: 'extensions', message }));
  }
}

/** Checks the names in declared rules, where there are any. */
async function checkPolicies(config: Config, tell: Tell): Promise<void> {
  if (config.access.policies.length === 0) return;
  const what = 'access.policies';
  try {
    checkRules(config, await catalogueOf(config));
    tell({ ok: true, what, message: config.access.policies.map(({ name }) => name).join(', ') });
    for (const message of await warningsOf(config)) tell({ ok: true, what: `${what}, warning`, message });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    tellProblems(error, (message) => tell({ ok: false, what, message }));
  }
}

/** Tells each problem of a configuration by itself. */
function tellProblems({ problems }: ConfigError, tell: (message: string) => void): void {
  for (const problem of problems) tell(problemText(problem));
}

/** @returns the key that a start would use, where there is one */
async function checkKey(config: Config, tell: Tell): Promise<Buffer | undefined> {
  const what = 'key for secrets';
  const configured = secretKey(config);
  if (configured) {
    tell({ ok: true, what });
    return configured;
  }
  const file = keyFile(config);
  try {
    const kept = await readKey(file);
    if (kept) tell({ ok: true, what: `${what} in ${file}`, message: 'used by serve --make-key only' });
    else if (config.source.file === undefined) tell({ ok: true, what: `${what}, made in ${file} at the first start` });
    else tell({ ok: false, what, message: 'none is configured: set secrets.key, or start with serve --make-key' });
    return kept;
  } catch (error) {
    tell({ ok: false, what, message: reasonOf(error) });
    return undefined;
  }
}

async function checkStore(config: Config, key: Buffer | undefined, tell: Tell): Promise<void> {
  const { store, data, server, access } = config;
  const cipher = createCipher(key);
  let what = store.kind === 'sqlite' ? `store: SQLite in ${data.dir}` : 'store: PostgreSQL';
  try {
    const found =
      store.kind === 'sqlite' ? await checkSqlite(join(data.dir, DATABASE_FILE), cipher) : await checkPostgres(store.url ?? '', cipher);
    if ('version' in found) what = `${what} ${found.version}`;
    tell({ ok: true, what });
    const users = found.users ?? 0;
    if (access.required === true && users === 0)
      tell({ ok: true, what: 'users', message: 'there are none yet, so nobody can log in: cimi-gateway user add' });
    what = `listening on ${server.host}`;
    assertListenAllowed({ host: server.host, usersConfigured: access.required ?? users > 0 });
    assertNamed(server);
    if (server.tls) contextOf(server.tls);
  } catch (error) {
    tell({ ok: false, what, message: reasonOf(error) });
  }
}

async function checkQueue({ queue }: Config, tell: Tell): Promise<void> {
  if (queue.kind === 'embedded') return tell({ ok: true, what: 'queue: embedded' });
  const what = 'queue: Redis';
  try {
    const { checkRedis } = await import('../jobs/redis-queue');
    await checkRedis(queue.url ?? '');
    tell({ ok: true, what });
  } catch (error) {
    tell({ ok: false, what, message: reasonOf(error) });
  }
}

/** Each cloud by itself, so that what is wrong with one hides nothing of the others. */
async function checkCloud(config: Config, key: string, tell: Tell): Promise<void> {
  const alone = { ...config, clouds: { [key]: config.clouds[key] as Config['clouds'][string] } };
  const about = (finding: Finding): void => tell({ ...finding, what: `cloud ${key}: ${finding.what}` });
  try {
    const log = createLog({ level: 'silent' });
    const clouds = await connect({ config: alone, log }, createMetrics({ process: false }));
    try {
      for (const cloud of clouds.all()) for (const finding of [...(await cloud.check()), ...(await checkNames(cloud))]) about(finding);
    } finally {
      await clouds.close();
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) return about({ ok: false, what: 'connecting', message: reasonOf(error) });
    tellProblems(error, (message) => about({ ok: false, what: 'configuration', message }));
  }
}
