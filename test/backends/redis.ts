import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import type { Availability } from './need';
import { comesTrue } from '../harness/wait';

/** Tells whether a real redis-server can be started here. */
export function redisAvailable(): Availability {
  const found = spawnSync('redis-server', ['--version']);
  return found.status === 0 ? true : { missing: 'no redis-server on the PATH (Debian: apt-get install redis-server)' };
}

/** A redis-server of the test's own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Ends it in order; its data stays for `start`. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port over the same data. */
  start(): Promise<void>;
  /** Ends and starts it. */
  restart(): Promise<void>;
  /** Forgets everything (FLUSHALL). */
  flush(): Promise<void>;
  configure(name: string, value: string): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** Starts redis-server on a free port of 127.0.0.1, with AOF and noeviction, its folder under .backends/. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const base = resolve(__dirname, '../../.backends');
  await mkdir(base, { recursive: true });
  const dir = await mkdtemp(join(base, 'redis-'));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const options = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'yes', 'maxmemory-policy': 'noeviction', daemonize: 'no' };
    child = spawn(
      'redis-server',
      Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      { stdio: 'ignore' },
    );
    await answering(port);
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, 'exit');
    ending.kill(signal);
    await gone;
  }
  const ask = (...command: [string, ...string[]]) => asked(port, (client) => client.call(...command));

  await start();
  const stop = () => end('SIGTERM');
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    stop,
    kill: () => end('SIGKILL'),
    restart: () => stop().then(start),
    flush: async () => void (await ask('FLUSHALL')),
    configure: async (name, value) => void (await ask('CONFIG', 'SET', name, value)),
    remove: () => stop().then(() => rm(dir, { recursive: true, force: true })),
  };
}

async function asked<T>(port: number, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function answering(port: number): Promise<void> {
  return comesTrue(async () => void (await asked(port, (client) => client.ping())));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
