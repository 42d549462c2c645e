import type { Catalogue } from '../model/catalogue';
import type { Value } from '../model/values';
import type { ResourceHandler, Found, EnrichContext } from '../operations/resource-handler';
import { SYSTEM } from './component-kinds';
import { componentsOfSystems } from './members';

/** Type of the components that the state of a System follows from. */
export const STATE_FROM = 'Machine';
const MIXED = 'MIXED';
/** States that a System shares with its Machines (5.13.1, Table 9). */
const SHARED = ['STARTING', 'STARTED', 'STOPPING', 'STOPPED', 'PAUSING', 'PAUSED', 'SUSPENDING', 'SUSPENDED', 'ERROR'];
/** Largest number of Machines that are read one by one; more are read by one list per cloud. */
const FEW = 20;

/**
 * Gives Systems the state that follows from their Machines, those of sub-Systems among them: what all share, MIXED
 * where they differ, where there are none, and for a state that a System does not have (D007). A Job's own state
 * (CREATING, DELETING, …) and ERROR after a failed create stand above it. Machines that who asks may not see do not count.
 */
export function withState(handler: ResourceHandler | undefined) {
  return async <F extends Found>(founds: readonly F[], reads: EnrichContext): Promise<readonly F[]> => {
    if (founds.length === 0) return founds;
    const systems = founds.map(({ path }) => path);
    const machinesIn = await componentsOfSystems(reads, systems, STATE_FROM);
    const all = new Set([...machinesIn.values()].flat());
    const seen = (await reads.narrowed?.seen([...all])) ?? all;
    const known = await read(reads, seen);
    return founds.map((found) => {
      const machines = machinesIn.get(found.path) ?? [];
      const own = machines.filter((path) => seen.has(path)).map((path) => known.get(path));
      const { state = commonState(own.map((machine) => machine?.values.state)) } = found.values as { state?: string };
      // What is done to a System is done to all that it consists of, or not at all.
      const there = own.length === machines.length ? own.filter((one) => one !== undefined) : [];
      const offers = offered(reads.catalogue, handler, state, there);
      return { ...found, values: { ...found.values, state }, offers };
    });
  };
}

async function read(reads: EnrichContext, paths: ReadonlySet<string>): Promise<Map<string, Found>> {
  const founds = paths.size <= FEW ? await Promise.all([...paths].map((path) => reads.find(path))) : await reads.list(STATE_FROM);
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
