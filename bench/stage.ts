import { setTimeout as sleep } from 'node:timers/promises';
import { addToken, addUser } from '../src/http/principals';
import { memoryOf } from './curves';
import { createAsk, type Ask } from './load';
import type { Place } from './places';
import { processorTime } from './processor';
import { multiplied, numbered } from './fill';
import type { Subject } from './rounds';
import { startWorld, type World } from './world';

/** Gateways over one database that was filled before they were started, and the tenants that ask them. */
export interface Stage {
  place: Place;
  worlds: readonly World[];
  tenants: number;
  /** The next caller: each tenant and each gateway has its turn. */
  next(): Caller;
  close(): Promise<void>;
}

export interface Caller {
  ask: Ask;
  base: string;
  /** Number of the tenant. */
  tenant: number;
}

interface Settings {
  tenants: number;
  /** Tenants that ask, the first ones. Default: all. */
  asking?: number;
  /** Stored templates of each tenant. */
  each: number;
  gateways?: number;
  /** Sections of the configuration. */
  more?: Record<string, unknown>;
  /** Machines at each cloud. */
  machines?: Readonly<Record<string, number>>;
  /** Writes more, before any gateway is started. */
  fill?: (place: Place) => Promise<void>;
}

/** Nothing is worked on and nobody waits: a POST is its acceptance. */
const ACCEPT_ONLY = { jobs: { graceMs: 0 }, worker: { inProcess: false } };
/** Time over which gateways that nobody asks are looked at, in ms. */
const REST_MS = 5_000;
/** Requests at once. */
const AT_ONCE = 10;

export const tenantOf = (number: number): string => `t${number}`;

export async function stageOf(made: Promise<Place>, settings: Settings): Promise<Stage> {
  const { asking = settings.tenants, gateways = 1, more = {}, machines = { one: 0 } } = settings;
  const place = await made;
  const { ask, close } = createAsk();
  const worlds: World[] = [];
  const end = async (): Promise<void> => {
    close();
    for (const world of worlds) await world.stop();
    await place.close();
  };
  try {
    const tokens = await settle(place, settings);
    const tenants = tokens.map((_, number) => tenantOf(number));
    const clouds = Object.fromEntries(Object.keys(machines).map((key) => [key, { tenants, discoveredTenant: tenants[0] }]));
    const config = { ...place.config, access: { required: true }, tenants, log: { level: 'error' }, ...ACCEPT_ONLY, ...more, clouds };
    while (worlds.length < gateways) worlds.push(await startWorld(config, { folder: place.folder, machines }));
    let turn = -1;
    const next = (): Caller => {
      turn += 1;
      const tenant = turn % asking;
      const authorization = `Bearer ${tokens[tenant] ?? ''}`;
      return {
        base: worlds[turn % worlds.length]?.base ?? '',
        ask: (url, options) => ask(url, { ...options, headers: { authorization, ...options?.headers } }),
        tenant,
      };
    };
    return { place, worlds, tenants: tokens.length, next, close: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Writes users and stored templates. @returns tokens of the tenants */
async function settle(place: Place, { tenants, each, fill }: Settings): Promise<string[]> {
  const store = await place.open();
  const tokens: string[] = [];
  try {
    for (let number = 0; number < tenants; number++) {
      await addUser(store.access, { name: tenantOf(number), tenant: tenantOf(number), role: 'operator' });
      tokens.push((await addToken(store.access, tenantOf(number))).token);
    }
    const none = { cloud: null, providerKey: null, owner: null, state: null, secrets: null, internal: {} };
    const values = { description: 'one of very many', initialState: 'STOPPED', properties: { tier: 'web', rack: 'r7' } };
    const path = 'machineTemplates/first';
    await store.transaction((unit) =>
      unit.insertResource({ path, type: 'MachineTemplate', tenant: tenantOf(0), ...none, values: { name: 'stored-0', ...values } }),
    );
  } finally {
    await store.close();
  }
  const given = {
    path: numbered('machineTemplates'),
    // Whose it is, its number tells.
    tenant: `'${tenantOf(0).slice(0, -1)}' || (n.i % ${tenants})`,
    document: "replace(r.document, 'stored-0', 'stored-' || n.i)",
    name: "'stored-' || n.i",
  };
  await place.run(multiplied({ path: 'machineTemplates/first', from: 1, to: each * tenants - 1, given }));
  await fill?.(place);
  await place.recount();
  return tokens;
}

/** Processor time of one request, of the gateways' processes and of the database's for them, in ms. */
export function spentOn(
  { place, worlds, next }: Stage,
  times: number,
  request: (caller: Caller, turn: number) => Promise<void>,
  atOnce = AT_ONCE,
): Subject {
  let turn = 0;
  const some = (): Promise<unknown> => Promise.all(Array.from({ length: atOnce }, () => request(next(), turn++)));
  const own = (): number => worlds.reduce((sum, { pid }) => sum + processorTime(pid), 0);
  return async () => {
    // Connections to the database are there before it is counted.
    await some();
    const [begun, before] = [own(), await place.spent()];
    for (let sent = 0; sent < times; sent += atOnce) await some();
    const after = await place.spent();
    const database = [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
    return (own() - begun + database) / times;
  };
}

/** A request of a path that is answered anew: a preference is none that an answer is kept for. */
export function get(path: (caller: Caller, turn: number) => string) {
  return async (caller: Caller, turn: number): Promise<void> => {
    const wanted = path(caller, turn);
    const { status, body } = await caller.ask(caller.base + wanted, { headers: { prefer: 'respond-async' } });
    if (status !== 200) throw new Error(`${wanted}: ${status} ${body.toString().slice(0, 500)}`);
  };
}

/** Figures of gateways that nobody asks. */
export function standing({ worlds, place }: Stage): Record<string, { unit: string; read: Subject }> {
  const own = (): number => worlds.reduce((sum, { pid }) => sum + processorTime(pid), 0);
  const rest = async (): Promise<number> => {
    const [begun, before] = [own(), await place.spent()];
    await sleep(REST_MS);
    const after = await place.spent();
    const database = [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
    return (own() - begun + database) / (REST_MS / 1_000);
  };
  return {
    'processor time at rest, a second': { unit: 'ms', read: rest },
    'memory at rest': { unit: 'MiB', read: () => Promise.resolve(worlds.reduce((sum, { pid }) => sum + memoryOf(pid), 0)) },
    database: { unit: 'MB', read: async () => (await place.bytes()) / 1e6 },
  };
}
