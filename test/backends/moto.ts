import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Availability } from './need';
import { pythonPackage } from './python-package';
import { waitUntil } from '../harness/wait';

/** Release of moto that the tests were written against. */
export const MOTO_VERSION = '5.2.5';

const FOLDER = join(__dirname, '..', '..', '.backends');

/** A running moto server: an EC2 API (and STS, IAM, CloudWatch) that we did not write. */
export interface Moto {
  /** Base URL, without a slash at its end. */
  url: string;
  /** Forgets everything made so far. */
  reset(): Promise<void>;
  /** Checks signatures and permissions from now on (until `reset`), after `free` more calls without. */
  requireAuth(free?: number): Promise<void>;
  stop(): Promise<void>;
}

const PACKAGE = pythonPackage('moto', MOTO_VERSION, [], 'server');
const SERVER = join(dirname(PACKAGE.python), 'moto_server');

/** Tells whether moto can be installed and run here. */
export const motoAvailable = (): Availability => PACKAGE.available();

/** Installs moto unless it is there; safe to call from several processes. */
export const installMoto = (): Promise<void> => PACKAGE.install();

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise<void>((done) => server.close(() => done()));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/**
 * Starts a moto server of one's own.
 * @param options.fullImages moto's own list of some 1,200 images instead of our three (DescribeImages then takes a second)
 */
export async function startMoto(options: { fullImages?: boolean } = {}): Promise<Moto> {
  await installMoto();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(FOLDER, `moto-${process.pid}-${port}.log`);
  const log = createWriteStream(logFile);
  const child = spawn(SERVER, ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      MOTO_ENABLE_AMI_VALIDATION: 'true',
      MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION: 'true',
      MOTO_ENABLE_KEYPAIR_VALIDATION: 'true',
      ...(options.fullImages === true ? {} : { MOTO_AMIS_PATH: join(__dirname, 'images.json') }),
    },
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const post = async (path: string, body = ''): Promise<void> => {
    const answer = await fetch(url + path, { method: 'POST', body });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  await answering(child, url, logFile);
  return {
    url,
    reset: async () => {
      await post('/moto-api/reset-auth', 'Infinity');
      await post('/moto-api/reset');
    },
    requireAuth: (free = 0) => post('/moto-api/reset-auth', String(free)),
    stop: async () => {
      const killed = child.exitCode !== null || child.signalCode !== null;
      if (!killed) {
        const gone = new Promise<void>((done) => child.once('exit', () => done()));
        child.kill('SIGKILL');
        await gone;
      }
      await new Promise<void>((done) => log.end(() => done()));
      // A server that died by itself leaves its words behind.
      if (!killed) rmSync(logFile, { force: true });
    },
  };
}

async function answering(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const up = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`moto ended at once:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
    return fetch(`${url}/moto-api/`).then(
      (answer) => answer.status < 500,
      () => false,
    );
  };
  try {
    await waitUntil(up, () => `moto does not answer; see ${logFile}`);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
