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
  const server = await PostgresServer.over((data, run) => run('initdb', ['-D', data, ...INITDB]));
  await server.begin();
  return {
    url: server.url,
    restart: async () => {
      await server.end('SIGQUIT');
      await server.begin();
    },
    kill: () => server.end('SIGQUIT'),
    stop: () => server.remove(),
  };
}

/** Arguments of initdb beside the folder. */
export const INITDB = ['-U', 'cimi', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8'];

/** Runs a program of PostgreSQL as the user that the server runs as. */
type RunProgram = (name: string, args: readonly string[]) => Promise<unknown>;

/** A server over a data folder of its own below .backends/, of whichever life. */
export class PostgresServer {
  private server: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly settings: Readonly<Record<string, string | number>>,
  ) {}

  /**
   * Makes the data of a server, which `begin` starts.
   * @param fill fills the data folder
   * @param settings beyond those that every server of the tests has
   */
  static async over(
    fill: (data: string, run: RunProgram) => Promise<unknown>,
    settings: Readonly<Record<string, string | number>> = {},
  ): Promise<PostgresServer> {
    const folder = join(ROOT, `postgres-${process.pid}-${++started}`);
    const data = join(folder, 'data');
    const user = owner();
    await mkdir(data, { recursive: true, mode: 0o700 });
    if (user) for (const path of [folder, data]) await chown(path, user.uid, user.gid);
    await chmod(folder, 0o755);
    await fill(data, (name, args) => run(program(name), [...args], { cwd: folder, ...user }));
    const port = await freePort();
    const basic = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', fsync: 'off', max_connections: 200 };
    return new PostgresServer(folder, port, { ...basic, ...settings });
  }

  get url(): string {
    return `postgres://cimi@127.0.0.1:${this.port}/postgres`;
  }

  async begin(): Promise<void> {
    const args = ['-D', join(this.folder, 'data'), ...Object.entries(this.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const path = join(this.folder, 'log');
    const log = await open(path, 'a');
    const server = spawn(program('postgres'), args, { cwd: this.folder, stdio: ['ignore', log.fd, log.fd], ...owner() });
    await log.close();
    this.server = server;
    await ready(server, this.url, path);
  }

  /** Ends it: SIGQUIT as a crash would, SIGINT in order. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.server) await end(this.server, signal);
  }

  /** Ends all its processes by SIGKILL, as a host that dies does. */
  async vanish(): Promise<void> {
    const pid = this.server?.pid;
    if (pid === undefined) return;
    // The first one stands still, so that nobody is started or tidied up meanwhile.
    process.kill(pid, 'SIGSTOP');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    for (const child of children) process.kill(Number(child), 'SIGKILL');
    await this.end('SIGKILL');
    // Its shared memory outlives it: key and number are the seventh line.
    const [, memory] = (readFileSync(join(this.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[6] ?? '').trim().split(/\s+/);
    if (memory !== undefined) await run('ipcrm', ['-m', memory]);
  }

  /** Asks it one statement. */
  async ask<R extends object>(sql: string): Promise<R[]> {
    const client = new Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query<R>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.end('SIGINT');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** User that the server runs as, where it would be root. */
const owner = (): { uid: number; gid: number } | undefined => (isRoot() ? unprivileged() : undefined);

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
