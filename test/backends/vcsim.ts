import { execFile, spawn } from 'node:child_process';
import { createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { goProgram } from './go-program';
import type { Availability } from './need';

const FOLDER = join(__dirname, '..', '..', '.backends');

const program = goProgram('vcsim');

/** Tells whether the simulator can be built and run here; needs go, and flock. */
export const vcsimAvailable = (): Availability => program.available();

/** Builds the simulator below .backends unless it is there; safe to call from several processes. */
export const installVcsim = (): Promise<void> => program.install();

/** Members of API types, in the API's order. */
export async function describeTypes(names: readonly string[]): Promise<Record<string, { name: string; type: string }[]>> {
  await installVcsim();
  const { stdout } = await promisify(execFile)(program.path(), ['-describe', names.join(',')]);
  return JSON.parse(stdout) as Record<string, { name: string; type: string }[]>;
}

export interface VcsimSize {
  datacenters?: number;
  clusters?: number;
  hosts?: number;
  /** Machines in each cluster. */
  machines?: number;
  /** Number of them that are templates (`template-0` and so on). */
  templates?: number;
  datastores?: number;
  portGroups?: number;
  /** Opaque networks, as NSX makes them. */
  opaque?: number;
  /** Datastore clusters. */
  pods?: number;
  pools?: number;
  vApps?: number;
  tls?: boolean;
}

/** Order to the simulator beside its API; see vcsim/control.go. */
export interface VcsimOrder {
  fault?: { method: string; fault: string; times?: number; skip?: number };
  clear?: boolean;
  delay?: Record<string, number>;
  taskDelay?: Record<string, number>;
  /** Duration of every task, in ms. */
  eachTask?: number;
  /** Extension that manages a machine. */
  managed?: { key: string; extension: string; type?: string };
  machine?: { key: string; connectionState?: string; powerState?: string; name?: string; template?: boolean; tools?: string };
  fill?: { name: string; count: number; template?: boolean; card?: boolean; disk?: boolean; volume?: boolean };
  fcds?: { name: string; count: number; metadata?: Record<string, string>; keep?: boolean };
  drop?: string;
  /** Settings that a machine allows to change while it runs; memory in MiB. What is absent is not allowed. */
  hotPlug?: {
    key: string;
    cpuAdd?: boolean;
    cpuRemove?: boolean;
    memoryAdd?: boolean;
    memoryLimit?: number;
    memoryStep?: number;
    coresPerSocket?: number;
  };
  /** Faults of imports and exports: seconds a lease lives without progress, bytes after which a transfer breaks off or stands still. */
  nfc?: { seconds?: number; breakAfter?: number; holdAfter?: number; star?: boolean };
  /** Asks for the machines of leases that have not ended. */
  leases?: boolean;
  /** Most metrics that one QueryPerf may ask for; 0: any number. */
  maxQueryMetrics?: number;
}

/** A running vCenter simulator. */
export interface Vcsim {
  /** Base URL, without a slash at its end. */
  url: string;
  username: string;
  password: string;
  order(order: VcsimOrder): Promise<{ keys?: string[] }>;
  stop(): Promise<void>;
}

const LOGIN = { username: 'gateway@vsphere.local', password: 'a <secret> & more' };

function flags(size: VcsimSize): string[] {
  const { datacenters = 1, clusters = 1, hosts = 1, machines = 3, templates = 1, datastores = 1, portGroups = 1 } = size;
  const numbers = {
    ...{ dc: datacenters, cluster: clusters, 'cluster-host': hosts, host: 0, vm: machines, templates, ds: datastores, pg: portGroups },
    ...{ pool: size.pools ?? 0, app: size.vApps ?? 0, opaque: size.opaque ?? 0, pods: size.pods ?? 0 },
  };
  return [
    ...Object.entries(numbers).flatMap(([name, count]) => [`-${name}`, String(count)]),
    ...['-l', '127.0.0.1:0', '-username', LOGIN.username, '-password', LOGIN.password],
    ...(size.tls === true ? ['-tls'] : []),
  ];
}

/** Simulators that nobody has stopped yet. */
const running = new Set<() => Promise<void>>();
// A test that fails half way must not leave one behind: the run would never end.
if (typeof afterAll === 'function') {
  afterAll(async () => {
    for (const stop of running) await stop();
  });
}

/** Starts a simulator of one's own on a free port. In a file of tests it ends with the file, if nobody stops it before. */
export async function startVcsim(size: VcsimSize = {}): Promise<Vcsim> {
  await installVcsim();
  const child = spawn(program.path(), flags(size), { stdio: ['ignore', 'pipe', 'pipe'] });
  const logFile = join(FOLDER, `vcsim-${process.pid}-${child.pid}.log`);
  const log = createWriteStream(logFile);
  child.stderr.pipe(log, { end: false });
  const stop = async (): Promise<void> => {
    running.delete(stop);
    const killed = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    if (!killed) {
      const gone = new Promise<void>((done) => child.once('exit', () => done()));
      // It takes its files away on the way out.
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(late);
    }
    await new Promise<void>((done) => log.end(() => done()));
    // A simulator that died by itself leaves its words behind.
    if (!killed) rmSync(logFile, { force: true });
  };
  running.add(stop);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the vCenter simulator ended at once (${code}); see ${logFile}`)));
  });
  const order = async (what: VcsimOrder): Promise<{ keys?: string[] }> => {
    const answer = await fetch(`${url}/control`, { method: 'POST', body: JSON.stringify(what) });
    if (!answer.ok) throw new Error(`${JSON.stringify(what)}: ${await answer.text()}`);
    return (await answer.json()) as { keys?: string[] };
  };
  return { url, ...LOGIN, order, stop };
}
