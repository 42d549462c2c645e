import { Command } from 'commander';
import type { Logger } from 'pino';
import { buildOf } from '../config/build';
import type { Config } from '../config/config';
import { startGateway, type Gateway, type GatewayOptions } from '../gateway';
import { createLog } from '../http/log';
import { configOf, withConfig, type CommonOptions } from './common';
import { tellServiceManager } from './service-manager';

/** Time in which a process that has closed everything ends by itself, ms. */
const LEAVING_MS = 500;

interface ServeOptions extends CommonOptions {
  makeKey?: boolean;
}

/** `serve`: answers requests, and works on Jobs where the configuration says so. */
export function serveCommand(): Command {
  return withConfig(new Command('serve').description('run the gateway'))
    .option('-p, --port <port>', 'port to listen on (CIMI_PORT)')
    .option('--make-key', 'make a key for secrets in the data folder where none is configured')
    .action((options: ServeOptions) => run('gateway', options));
}

/** `worker`: works on Jobs only; needs PostgreSQL and Redis. */
export function workerCommand(): Command {
  return withConfig(new Command('worker').description('work on Jobs of gateways that share the database and Redis')).action(
    (options: ServeOptions) => run('worker', options),
  );
}

async function run(role: GatewayOptions['role'], options: ServeOptions): Promise<void> {
  const config = await configOf(options);
  if (role === 'worker' && config.store.kind === 'sqlite') {
    throw new Error('a separate worker needs store.kind postgres: one process owns an SQLite data folder (use worker.inProcess there)');
  }
  if (role === 'worker' && config.queue.kind === 'embedded') {
    throw new Error('a separate worker needs queue.kind redis: the embedded queue tells no other process of new Jobs');
  }
  const log = createLog({ level: config.log.level, pretty: config.log.pretty, base: { role } });
  log.info({ ...buildOf(process.env) }, 'starting');
  const demo = config.source.file === undefined;
  const gateway = await startGateway({ config, log, role, makeKey: options.makeKey === true || demo });
  // Before it says that it is ready: from then on it may be told to stop.
  stopOnSignal(gateway, log);
  reloadOnHangup(gateway, log, () => configOf(options));
  announce(gateway, log, config.data.dir);
  tellSystemd(log, ['READY=1']);
}

function tellSystemd(log: Logger, states: readonly string[]): void {
  void tellServiceManager(states).then((trouble) => trouble !== undefined && log.warn({ trouble }, 'systemd could not be told'));
}

function announce(gateway: Gateway, log: Logger, dataDir: string): void {
  if (gateway.entryPoint === undefined) return log.info({ dataDir }, 'working on Jobs');
  log.info({ entryPoint: gateway.entryPoint, dataDir }, 'the Cloud Entry Point is ready');
  if (gateway.anonymous)
    log.warn({}, 'no users are configured: everyone on this machine is let in, nobody else (see: cimi-gateway user add)');
  // For people and scripts that look at the terminal: where it is, whatever the log level.
  process.stderr.write(`cimi-gateway: ${gateway.entryPoint}\n`);
}

function stopOnSignal(gateway: Gateway, log: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping: waiting for running requests and steps');
    tellSystemd(log, ['STOPPING=1']);
    gateway.close().then(
      () => {
        log.info({}, 'stopped');
        // What was given up on at the end (a request to a collector of traces) may still keep the process.
        setTimeout(() => process.exit(), LEAVING_MS).unref();
      },
      (error: unknown) => {
        log.error({ error: error instanceof Error ? error.message : String(error) }, 'stopping failed');
        process.exitCode = 1;
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', ...(hasTerminal() ? (['SIGHUP'] as const) : [])] as const) process.on(signal, stop);
}

/** Reads the configuration again at SIGHUP, unless that says that the terminal it was started from is gone. */
function reloadOnHangup(gateway: Gateway, log: Logger, read: () => Promise<Config>): void {
  if (hasTerminal()) return;
  let reading = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      await gateway.reload(await read());
    } catch (error) {
      log.error(
        { error: error instanceof Error ? error.message : String(error) },
        'the configuration could not be read again: all stays as it was',
      );
    }
  };
  process.on('SIGHUP', () => {
    reading = reading.then(reload);
  });
}

function hasTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}
