import type { Catalogue } from '../model/catalogue';
import { asRef } from '../operations/merge';
import type { Family, Found, Surroundings } from '../operations/family';
import { kindsOf, SYSTEM } from './kinds';

const MACHINE = 'Machine';
const MIXED = 'MIXED';
/** States that a System shares with its Machines (5.13.1, Table 9). */
const SHARED = ['STARTING', 'STARTED', 'STOPPING', 'STOPPED', 'PAUSING', 'PAUSED', 'SUSPENDING', 'SUSPENDED', 'ERROR'];
/** Up to so many Machines are read one by one; above that, by one list per cloud. */
const FEW = 20;

/**
 * Gives Systems the state that follows from their Machines, those of sub-Systems among them: what all share, MIXED
 * where they differ, where there are none, and for a state that a System does not have (D007). A Job's own state
 * (CREATING, DELETING, …) and ERROR after a failed create stand above it.
 */
export function withState(machines: Family | undefined) {
  return async (founds: readonly Found[], reads: Surroundings): Promise<readonly Found[]> => {
    if (founds.length === 0) return founds;
    const parts = await partsOf(reads, founds);
    const paths = new Set(founds.flatMap(({ path }) => machinesOf(parts, path)));
    const known = await read(reads, paths);
    return founds.map((found) => {
      const own = machinesOf(parts, found.path).map((path) => known.get(path));
      const { state = common(own) } = found.values as { state?: string };
      const offers = offered(
        reads.catalogue,
        machines,
        state,
        own.filter((one) => one !== undefined),
      );
      return { ...found, values: { ...found.values, state }, offers };
    });
  };
}

interface Parts {
  machines: Map<string, string[]>;
  systems: Map<string, string[]>;
}

/** Machines and sub-Systems by System; for one System only its own tree is read. */
async function partsOf({ tenant, catalogue, store }: Surroundings, founds: readonly Found[]): Promise<Parts> {
  const parts: Parts = { machines: new Map(), systems: new Map() };
  const read = async (type: string, into: Map<string, string[]>, owner?: string) => {
    const kind = kindsOf(catalogue).find((one) => one.type === type);
    if (!kind) return [];
    const rows = await store.resources({ type: kind.association, tenants: [tenant], ...(owner === undefined ? {} : { owner }) });
    return rows.flatMap((row) => {
      const path = asRef(row.values[kind.reference])?.href;
      if (path === undefined || row.owner === null) return [];
      into.set(row.owner, [...(into.get(row.owner) ?? []), path]);
      return [path];
    });
  };
  const [only, more] = founds;
  if (!only || more) {
    await Promise.all([read(MACHINE, parts.machines), read(SYSTEM, parts.systems)]);
    return parts;
  }
  const seen = new Set<string>();
  for (let next = [only.path]; next.length > 0;) {
    const fresh = next.filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    const below = await Promise.all(
      fresh.map(async (path) => (await Promise.all([read(MACHINE, parts.machines, path), read(SYSTEM, parts.systems, path)]))[1]),
    );
    next = below.flat();
  }
  return parts;
}

function machinesOf({ machines, systems }: Parts, system: string): string[] {
  const seen = new Set<string>();
  const all: string[] = [];
  for (const next = [system]; next.length > 0;) {
    const path = next.pop() ?? '';
    if (seen.has(path)) continue;
    seen.add(path);
    all.push(...(machines.get(path) ?? []));
    next.push(...(systems.get(path) ?? []));
  }
  return all;
}

async function read(reads: Surroundings, paths: ReadonlySet<string>): Promise<Map<string, Found>> {
  const founds = paths.size <= FEW ? await Promise.all([...paths].map((path) => reads.find(path))) : await reads.list(MACHINE);
  return new Map(founds.flatMap((found) => (found && paths.has(found.path) ? [[found.path, found] as const] : [])));
}

/** Undefined while it depends on what cannot be read now. */
function common(machines: readonly (Found | undefined)[]): string | undefined {
  const known = machines.flatMap((machine) => machine?.values.state ?? []);
  const states = new Set(known);
  if (known.length < machines.length && states.size < 2) return undefined;
  const [state] = states;
  return states.size === 1 && typeof state === 'string' && SHARED.includes(state) ? state : MIXED;
}

/** Actions that the System's state allows and at least one Machine can do now. */
function offered(catalogue: Catalogue, family: Family | undefined, state: string | undefined, machines: readonly Found[]): string[] {
  const can = new Set(machines.flatMap((machine) => family?.offered(machine, catalogue) ?? []));
  return Object.entries(catalogue.resource(SYSTEM).actions ?? {}).flatMap(([name, { from }]) =>
    state !== undefined && from?.includes(state) && can.has(name) ? [name] : [],
  );
}
