import { z } from 'zod';
import type { Clouds } from '../clouds/cloud';
import { decodeId } from '../clouds/identity';
import type { Catalogue } from '../model/catalogue';
import { EVENT_TYPES } from '../model/event-types';
import type { Value } from '../model/values';
import { stateEvent, subjectOf } from '../operations/events';
import { SYSTEM } from '../systems/component-kinds';
import { componentsOfSystems } from '../systems/members';
import { commonState, STATE_FROM } from '../systems/state';
import type { EventRecord } from '../store/event-record';
import { pagesOf } from '../store/pages';
import type { ResourcePath, ResourceRow, Store, StoreReads } from '../store/store';
import { readKnown } from './looks';
import { readMemory, watchName } from './watch-memory';
import { occurredSince } from './watcher';

/** Everything that the states of Systems are known from. */
export interface SystemStatesContext {
  store: StoreReads & Pick<Store, 'taskMemories'>;
  clouds: Clouds;
  catalogue: Catalogue;
}

/** Outcome of a turn. */
export interface SystemTurn {
  memory: Value;
  /** Events to record, of Systems whose state nobody has told since `began`. */
  records: readonly EventRecord[];
  /** Time before anything was read, in ms since the epoch by the database's clock. */
  began: number;
}

/** States told last, by System. */
const memorySchema = z.object({ at: z.number(), states: z.record(z.string(), z.string()) });
/** Time for which a memory that differs by its time alone need not be written again, in ms. */
const GOOD_FOR_MS = 600_000;

/**
 * Tells the states of Systems that follow from those of their Machines (Table 9), as far as the watchers and others have told these:
 * no cloud is asked. What a Job is at is told at its end; the first turn tells nothing.
 * @returns undefined where nothing is different
 */
export async function systemTurn(context: SystemStatesContext, before: Value | null): Promise<SystemTurn | undefined> {
  const { store } = context;
  const began = await store.now();
  const memory = memorySchema.safeParse(before).data;
  const told = new Map(Object.entries(memory?.states ?? {}));
  if (memory)
    for (const { resource, type, content } of await store.recentEvents({ resourceType: SYSTEM, since: memory.at }))
      if (type === EVENT_TYPES.state && typeof content.state === 'string' && told.has(resource)) told.set(resource, content.state);
  const states: Record<ResourcePath, string> = {};
  const records: EventRecord[] = [];
  let seen: MachineStates | undefined;
  for await (const systems of pagesOf(store, { type: SYSTEM })) {
    seen ??= await machineStates(context);
    const holds = await store.holds(systems.map(({ path }) => path));
    const now = await statesOf(context, systems, seen);
    for (const row of systems) {
      const previous = told.get(row.path);
      // What a failed create left behind is ERROR, whatever its Machines are.
      const state = holds.has(row.path) || row.state !== null ? undefined : now.get(row.path);
      if (state !== undefined && previous !== undefined && state !== previous)
        records.push(stateEvent(subjectOf(row), state, { previous }));
      const next = state ?? previous;
      if (next !== undefined) states[row.path] = next;
    }
  }
  const isNew = !memory || began - memory.at > GOOD_FOR_MS || JSON.stringify(states) !== JSON.stringify(memory.states);
  if (records.length === 0 && !isNew) return undefined;
  return { memory: { at: began, states }, records, began };
}

/** States of Machines as they were told last. */
interface MachineStates {
  /** States by cloud and key, as the watchers' looks have them. */
  seen: ReadonlyMap<string, ReadonlyMap<string, { state?: string | undefined }>>;
  /** States by path that were told since these looks. */
  told: ReadonlyMap<ResourcePath, string>;
}

async function machineStates({ store, clouds }: SystemStatesContext): Promise<MachineStates> {
  const memories = await store.taskMemories(clouds.all().map(({ key }) => watchName(key)));
  const looks = clouds.all().flatMap(({ key }) => {
    const look = readMemory(memories.get(watchName(key)) ?? null)?.known[STATE_FROM];
    return look ? [{ key, at: look.at, known: readKnown(look.things) }] : [];
  });
  const since = Math.min(...looks.map(({ at }) => at));
  const recorded = looks.length === 0 ? [] : await store.recentEvents({ resourceType: STATE_FROM, since });
  const told = new Map<ResourcePath, string>();
  for (const { resource, type, content } of occurredSince(recorded, since))
    if (type === EVENT_TYPES.state && typeof content.state === 'string') told.set(resource, content.state);
  return { seen: new Map(looks.map(({ key, known }) => [key, known])), told };
}

/** States of Systems, of those that can be told: all their Machines' are known, or enough of them to differ. */
async function statesOf(
  { store, catalogue }: SystemStatesContext,
  systems: readonly ResourceRow[],
  { seen, told }: MachineStates,
): Promise<Map<ResourcePath, string>> {
  const states = new Map<ResourcePath, string>();
  for (const tenant of new Set(systems.map((row) => row.tenant))) {
    const own = systems.filter((row) => row.tenant === tenant).map(({ path }) => path);
    const machinesIn = await componentsOfSystems({ tenant, catalogue, store }, own, STATE_FROM);
    const paths = [...new Set([...machinesIn.values()].flat())];
    const rows = new Map((await store.resources({ type: STATE_FROM, paths })).map((row) => [row.path, row]));
    const stateOf = (path: ResourcePath): string | undefined => {
      const row = rows.get(path);
      const at = row ? { cloudKey: row.cloud ?? '', providerKey: row.providerKey ?? '' } : decodeId(path.split('/').at(-1) ?? '');
      return told.get(path) ?? (at && seen.get(at.cloudKey)?.get(at.providerKey)?.state);
    };
    for (const [path, machines] of machinesIn) {
      const state = commonState(machines.map(stateOf));
      if (state !== undefined) states.set(path, state);
    }
  }
  return states;
}
