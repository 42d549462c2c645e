import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, open, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Availability } from './need';
import { waitUntil } from '../harness/wait';

const run = promisify(execFile);
const ROOT = resolve(__dirname, '../../.backends');
const DEBIAN = '/usr/lib/postgresql';
let started = 0;

export interface Postgres {
  /** URL of its empty database. */
  url: string;
  /** Ends the server as a crash would, and starts it again on its data and port. */
  restart(): Promise<void>;
  /** Ends the server as a crash would; `restart` begins it again. */
  kill(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** True where a PostgreSQL server can be started here, else why not. */
export function postgresAvailable(): Availability {
  const missing = ['initdb', 'postgres'].filter((program) => !find(program));
  if (missing.length > 0) return { missing: `${missing.join(' and ')} in PATH or ${DEBIAN}/*/bin (Debian: apt-get install postgresql)` };
  if (isRoot() && !unprivileged()) return { missing: 'a user postgres or nobody (PostgreSQL does not run as root)' };
  return true;
}

/** Starts a server of its own on a free port of 127.0.0.1, data below .backends/. */
export async function startPostgres(): Promise<Postgres> {
  const folder = join(ROOT, `postgres-${process.pid}-${++started}`);
  const data = join(folder, 'data');
  const user = isRoot() ? unprivileged() : undefined;
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (user) for (const path of [folder, data]) await chown(path, user.uid, user.gid);
  await chmod(folder, 0o755);
  const initdb = ['-D', data, '-U', 'cimi', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'];
  await run(program('initdb'), initdb, { cwd: folder, ...user });
  const port = await freePort();
  const url = `postgres://cimi@127.0.0.1:${port}/postgres`;
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', fsync: 'off', max_connections: 200 };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const start = async (): Promise<ChildProcess> => {
    const log = await open(join(folder, 'log'), 'a');
    const server = spawn(program('postgres'), args, { cwd: folder, stdio: ['ignore', log.fd, log.fd], ...user });
    await log.close();
    await ready(server, url, join(folder, 'log'));
    return server;
  };
  let server = await start();
  return {
    url,
    restart: async () => {
      await end(server, 'SIGQUIT');
      server = await start();
    },
    kill: () => end(server, 'SIGQUIT'),
    stop: async () => {
      await end(server, 'SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(server: ChildProcess, url: string, log: string): Promise<void> {
  await waitUntil(
    async () => {
      if (server.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${readFileSync(log, 'utf8')}`);
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      return client.connect().then(
        () => client.end().then(() => true),
        () => false,
      );
    },
    () => `PostgreSQL answers:\n${readFileSync(log, 'utf8')}`,
  );
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((done) => server.once('exit', done));
  server.kill(signal);
  await ended;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

function program(name: string): string {
  const path = find(name);
  if (!path) throw new Error(`${name} not found`);
  return path;
}

/** Debian's newest version first: what PATH holds may be a link to any. */
function find(name: string): string | undefined {
  const folders = [...debianFolders(), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function debianFolders(): string[] {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(DEBIAN, version, 'bin'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;

function unprivileged(): { uid: number; gid: number } | undefined {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}
