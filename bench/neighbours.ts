import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashPassword } from '../src/http/passwords';
import { addToken, addUser } from '../src/http/principals';
import { createCipher } from '../src/store/cipher';
import { openSqliteStore } from '../src/store/sqlite';
import { createAsk, type Ask } from './load';
import { createMachine } from './machines';
import { startProcess } from './processes';
import { quantile, show, type Line } from './rounds';
import { PAGE_SIZE, startWorld, type World } from './world';

/** Kinds of what the hostile tenant does, one after the other, and then all at once. */
const KINDS = ['references', 'bodies', 'lists', 'filters', 'expands', 'keys', 'passwords', 'flood', 'systems'];
/** Factor of its own p99 that a neighbour may wait at most. */
const MOST = 10;
const MOST_MIB = 512;
/** Interval between two of the neighbour's reads, and between its logins, in ms. */
const READ_EVERY = 10;
const LOGIN_EVERY = 75;
const QUIET_MS = 2_000;
const WORST_MS = 5_000;
const PASSWORD = 'correct horse battery staple';
const LOGINS = 2_000;

interface Figures {
  read: number[];
  login: number[];
}

interface Neighbour {
  ask: Ask;
  world: World;
  machine: string;
  bearer: { authorization: string };
  /** Users of the neighbour's tenant that have not logged in yet: a password that was right is remembered. */
  fresh: string[];
}

/**
 * Measures a neighbour: one tenant does its worst, another one reads a machine and logs in with passwords; how long that one waits,
 * against how long it waits in the same run while the first one is quiet, and the gateway's memory.
 */
export async function measureNeighbours(only: readonly string[] = KINDS): Promise<Line[]> {
  const world = await startWorld(tenants());
  const { ask, close } = createAsk();
  try {
    const { neighbour, hostile } = await moveIn(world, ask);
    await observe(neighbour, QUIET_MS);
    const quiet: Figures = { read: [], login: [] };
    const worst: [name: string, figures: Figures][] = [];
    const memory = watchMemory(world.pid);
    for (const kinds of [...only.map((kind) => [kind]), ...(only.length > 1 ? [only] : [])]) {
      add(quiet, await observe(neighbour, QUIET_MS));
      const args = [world.base, hostile, neighbour.machine, kinds.join(',')];
      const child = await startProcess('bench/neighbours-child.ts', args, /at its worst/);
      // It sits elsewhere: this machine's processors are for the gateway and for who measures it.
      setPriority(child.pid, constants.priority.PRIORITY_LOW);
      await sleep(300);
      worst.push([kinds.length > 1 ? 'everything at once' : kinds.join(), await observe(neighbour, WORST_MS)]);
      await child.stop();
      await calm(neighbour);
    }
    const lines = worst.flatMap(([name, figures]) => [
      compared(`GET of a machine, p99, while a neighbour does: ${name}`, figures.read, quiet.read),
      compared(`password login, p99, while a neighbour does: ${name}`, figures.login, quiet.login),
    ]);
    return [...lines, memory()];
  } finally {
    close();
    await world.stop();
  }
}

/** Each tenant has its clouds; one is both tenants' own. */
function tenants() {
  const cloud = (...names: string[]) => ({
    driver: 'simulator',
    tenants: names,
    discoveredTenant: names[0],
    guard: { cacheMs: 600_000 },
    options: { pageSize: PAGE_SIZE },
  });
  return {
    access: { required: true },
    tenants: ['calm', 'hostile'],
    log: { level: 'error' },
    clouds: { one: cloud('hostile', 'calm'), hundred: cloud('calm'), thousand: cloud('hostile'), many: cloud('hostile') },
  };
}

async function moveIn(world: World, ask: Ask): Promise<{ neighbour: Neighbour; hostile: string }> {
  const store = await openSqliteStore({ file: join(world.folder, 'cimi.db'), cipher: createCipher(undefined) });
  const { access } = store;
  try {
    for (const tenant of ['calm', 'hostile']) await addUser(access, { name: tenant, tenant, role: 'operator' });
    // One hash for all: hashing two thousand passwords would take longer than the measurement.
    const passwordHash = await hashPassword(PASSWORD);
    const fresh = Array.from({ length: LOGINS }, (_, index) => `calm-${index}`);
    await Promise.all(fresh.map((name) => access.putPrincipal({ name, tenant: 'calm', role: 'reader', passwordHash })));
    const { token } = await addToken(access, 'calm');
    const bearer = { authorization: `Bearer ${token}` };
    const asCalm: Ask = (url, options) => ask(url, { ...options, headers: { ...bearer, ...options?.headers } });
    const machine = await createMachine(asCalm, `${world.base}clouds/hundred/`);
    return { neighbour: { ask, world, machine, bearer, fresh }, hostile: (await addToken(access, 'hostile')).token };
  } finally {
    await store.close();
  }
}

/** Reads and logs in at a steady pace for so long. @returns what each took, ms @throws Error where one was not answered with 200 */
async function observe(neighbour: Neighbour, ms: number): Promise<Figures> {
  const { ask, world, machine, bearer, fresh } = neighbour;
  const until = performance.now() + ms;
  const paced = async (every: number, once: () => Promise<number>): Promise<number[]> => {
    const figures: number[] = [];
    while (performance.now() < until) {
      figures.push(await once());
      await sleep(every);
    }
    return figures;
  };
  const timed = async (url: string, headers: Record<string, string>): Promise<number> => {
    const answer = await ask(url, { headers });
    if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${answer.body.toString().slice(0, 500)}`);
    return answer.ms;
  };
  const [read, login] = await Promise.all([
    paced(READ_EVERY, () => timed(machine, bearer)),
    paced(LOGIN_EVERY, () => timed(`${world.base}cloudEntryPoint`, { authorization: basic(fresh.pop() ?? '') })),
  ]);
  return { read, login };
}

/** Waits until what was left over is done: the next kind is measured by itself. */
async function calm({ ask, machine, bearer }: Neighbour): Promise<void> {
  for (let quick = 0, left = 100; quick < 5 && left > 0; left--) {
    quick = (await ask(machine, { headers: bearer })).ms < 20 ? quick + 1 : 0;
    await sleep(100);
  }
}

function compared(measure: string, ours: number[], quiet: number[]): Line {
  const [now, alone] = [quantile(ours, 0.99), quantile(quiet, 0.99)];
  const note = `(longest ${show(Math.max(...ours), 'ms')}, median ${show(quantile(ours, 0.5), 'ms')} of ${ours.length})`;
  return {
    measure,
    reference: 'the same alone',
    figures: [show(alone, 'ms'), show(now, 'ms')],
    ratio: now / alone,
    aim: { most: MOST },
    note,
  };
}

function add(to: Figures, more: Figures): void {
  to.read.push(...more.read);
  to.login.push(...more.login);
}

/** Watches the gateway's resident memory. @returns what says its peak */
function watchMemory(pid: number): () => Line {
  const peak = { mib: 0 };
  const timer = setInterval(() => {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    peak.mib = Math.max(peak.mib, Number(kib) / 1024);
  }, 50);
  return () => {
    clearInterval(timer);
    const figures = [`${MOST_MIB} MiB`, show(peak.mib, 'MiB')] as const;
    return { measure: 'memory of the gateway at its peak', reference: 'at most', figures, ratio: peak.mib / MOST_MIB, aim: { most: 1 } };
  };
}

function basic(name: string): string {
  return `Basic ${Buffer.from(`${name}:${PASSWORD}`).toString('base64')}`;
}
