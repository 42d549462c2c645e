import type { Catalogue } from '../model/catalogue';
import type { Value } from '../model/values';
import { asRef } from '../operations/template-merge';
import type { ResourceHandler, Found, EnrichContext } from '../operations/resource-handler';
import type { ResourcePath } from '../store/store';
import { kindsOf, SYSTEM } from './component-kinds';

const MACHINE = 'Machine';
const MIXED = 'MIXED';
/** States that a System shares with its Machines (5.13.1, Table 9). */
const SHARED = ['STARTING', 'STARTED', 'STOPPING', 'STOPPED', 'PAUSING', 'PAUSED', 'SUSPENDING', 'SUSPENDED', 'ERROR'];
/** Largest number of Machines that are read one by one; more are read by one list per cloud. */
const FEW = 20;

/**
 * Gives Systems the state that follows from their Machines, those of sub-Systems among them: what all share, MIXED
 * where they differ, where there are none, and for a state that a System does not have (D007). A Job's own state
 * (CREATING, DELETING, …) and ERROR after a failed create stand above it.
 */
export function withState(machines: ResourceHandler | undefined) {
  return async <F extends Found>(founds: readonly F[], reads: EnrichContext): Promise<readonly F[]> => {
    if (founds.length === 0) return founds;
    const machinesIn = await machinesOfSystems(
      reads,
      founds.map(({ path }) => path),
    );
    const known = await read(reads, new Set([...machinesIn.values()].flat()));
    return founds.map((found) => {
      const own = (machinesIn.get(found.path) ?? []).map((path) => known.get(path));
      const { state = commonState(own.map((machine) => machine?.values.state)) } = found.values as { state?: string };
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

/** Lists the Machines of each of a tenant's Systems, those of their sub-Systems among them. */
export async function machinesOfSystems(
  reads: Pick<EnrichContext, 'tenant' | 'catalogue' | 'store'>,
  systems: readonly ResourcePath[],
): Promise<Map<ResourcePath, ResourcePath[]>> {
  const parts = await partsOf(reads, systems);
  return new Map(systems.map((path) => [path, machinesOf(parts, path)]));
}

interface Parts {
  machines: Map<string, string[]>;
  systems: Map<string, string[]>;
}

/** Machines and sub-Systems by System, of these Systems and all below them, level by level. */
async function partsOf(
  { tenant, catalogue, store }: Pick<EnrichContext, 'tenant' | 'catalogue' | 'store'>,
  systems: readonly ResourcePath[],
): Promise<Parts> {
  const parts: Parts = { machines: new Map(), systems: new Map() };
  const read = async (type: string, into: Map<string, string[]>, owners: readonly string[]): Promise<string[]> => {
    const kind = kindsOf(catalogue).find((one) => one.type === type);
    if (!kind) return [];
    const rows = await store.resources({ type: kind.association, tenants: [tenant], owners });
    return rows.flatMap((row) => {
      const path = asRef(row.values[kind.reference])?.href;
      if (path === undefined || row.owner === null) return [];
      const known = into.get(row.owner) ?? [];
      known.push(path);
      into.set(row.owner, known);
      return [path];
    });
  };
  const seen = new Set<string>();
  for (let next = [...systems]; next.length > 0;) {
    const fresh = [...new Set(next)].filter((path) => !seen.has(path));
    for (const path of fresh) seen.add(path);
    if (fresh.length === 0) break;
    const [, below] = await Promise.all([read(MACHINE, parts.machines, fresh), read(SYSTEM, parts.systems, fresh)]);
    next = below;
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

async function read(reads: EnrichContext, paths: ReadonlySet<string>): Promise<Map<string, Found>> {
  const founds = paths.size <= FEW ? await Promise.all([...paths].map((path) => reads.find(path))) : await reads.list(MACHINE);
  return new Map(founds.flatMap((found) => (found && paths.has(found.path) ? [[found.path, found] as const] : [])));
}

/** Returns the state of a System whose Machines are in these; undefined while it depends on one that is not known. */
export function commonState(machines: readonly (Value | undefined)[]): string | undefined {
  const known = machines.filter((state) => state !== undefined);
  const states = new Set(known);
  if (known.length < machines.length && states.size < 2) return undefined;
  const [state] = states;
  return states.size === 1 && typeof state === 'string' && SHARED.includes(state) ? state : MIXED;
}

/** Actions that the System's state allows and at least one Machine can do now; those of any state where every Machine can. */
function offered(
  catalogue: Catalogue,
  handler: ResourceHandler | undefined,
  state: string | undefined,
  machines: readonly Found[],
): string[] {
  const each = machines.map((machine) => handler?.offered(machine, catalogue) ?? []);
  const can = new Set(each.flat());
  const all = (name: string): boolean => each.length > 0 && each.every((names) => names.includes(name));
  return Object.entries(catalogue.resource(SYSTEM).actions ?? {}).flatMap(([name, { from }]) =>
    (from ? state !== undefined && from.includes(state) && can.has(name) : all(name)) ? [name] : [],
  );
}
