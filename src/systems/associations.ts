import type { allocations } from '../model/address';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { rowOfDiscovered } from '../operations/discovered-row';
import {
  heldBy,
  Refusal,
  type CreateRequest,
  type ResourceHandler,
  type Found,
  type ChangePlan,
  type PlanContext,
} from '../operations/resource-handler';
import { asRef } from '../operations/template-merge';
import { planStoredRemove, planStoredUpdate, storedOffered } from '../operations/stored';
import type { ResourcePath, StoreReads } from '../store/store';
import { kindsOf, SYSTEM, type ComponentKind } from './component-kinds';

import { allMembersOf, associationRow } from './members';

const ADDRESS = 'Address';
const MACHINE = 'Machine';
/** Allocation of what comes and goes with its Machine. */
const BY_PROVIDER: (typeof allocations)[number] = 'dynamic';

/**
 * The items of a System's collections: adding one makes the resource the System's, deleting one lets it go and leaves
 * it alone (5.13.1).
 */
export function associationHandler(kind: ComponentKind, kinds: readonly ComponentKind[]): ResourceHandler {
  return {
    type: kind.association,
    stored: true,
    create: (context, request) => planAdd(kind, context, request),
    update: planStoredUpdate,
    remove: planStoredRemove,
    offered: storedOffered,
    ...addressesOf(kind, kinds),
  };
}

/** Addresses that a provider made for a System's Machines are the System's (5.13.2.1), and go with these (5.16.13). */
function addressesOf({ type, reference }: ComponentKind, kinds: readonly ComponentKind[]): Pick<ResourceHandler, 'derived'> {
  const machine = kinds.find((kind) => kind.type === MACHINE);
  if (type !== ADDRESS || !machine) return {};
  const only = ({ values }: Found): boolean => values.allocation === BY_PROVIDER;
  return {
    derived: { from: type, through: 'resource', as: reference, only, holders: (store, systems) => heldBySystems(store, machine, systems) },
  };
}

/** Members of a kind that Systems hold themselves, by System. */
async function heldBySystems(
  store: StoreReads,
  kind: ComponentKind,
  systems: readonly Found[],
): Promise<Map<ResourcePath, Set<ResourcePath>>> {
  const rows = await store.resources({ type: kind.association, owners: systems.map(({ path }) => path) });
  const held = new Map<ResourcePath, Set<ResourcePath>>();
  for (const { owner, values } of rows) {
    const path = asRef(values[kind.reference])?.href;
    if (owner !== null && path !== undefined) held.set(owner, (held.get(owner) ?? new Set()).add(path));
  }
  return held;
}

async function planAdd(kind: ComponentKind, context: PlanContext, { values, collection }: CreateRequest): Promise<ChangePlan> {
  const { reference, type } = kind;
  const href = asRef(values[reference])?.href;
  if (href === undefined) throw new Refusal(400, `a reference to the ${type} to add is needed`, { at: reference });
  const owner = collection
    .replace(/^clouds\/[^/]+\//, '')
    .split('/')
    .slice(0, 2)
    .join('/');
  const system = await context.resolve(owner, SYSTEM, 'the System');
  if (system.held) throw heldBy(system);
  const component = await context.resolve(href, type, reference);
  // What is in a System is deleted with it.
  context.mustOwn(component);
  await refuseOwned(context.store, context.catalogue, system.path, component.path);
  const { [reference]: _reference, ...naming } = values;
  const row = associationRow(system.path, kind, component.path, context.principal.tenant, onlyGiven(naming));
  return {
    target: collection,
    affected: [collection, row.path, component.path],
    insert: [row, ...(!component.row && component.key !== undefined ? [rowOfDiscovered(component)] : [])],
    also: (unit) => refuseOwned(unit, context.catalogue, system.path, component.path, row.path),
    statusMessage: 'Added',
    location: row.path,
  };
}

function onlyGiven(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
}

/** @throws Refusal 409 where the resource is another System's, unless one of the two Systems owns the other; and for circles. */
async function refuseOwned(
  store: StoreReads,
  catalogue: Catalogue,
  system: ResourcePath,
  component: ResourcePath,
  except?: ResourcePath,
): Promise<void> {
  const owners = (await ownersOf(store, catalogue, component)).filter(({ association }) => association !== except);
  if (owners.some((other) => other.system === system)) throw new Refusal(409, `${component} is in ${system} already`, { kind: 'conflict' });
  const above = await ancestorsOf(store, catalogue, system);
  if (component === system || above.has(component))
    throw new Refusal(409, `${component} cannot be part of ${system}, which is part of it`, { kind: 'conflict' });
  if (owners.length === 0) return;
  const below = new Set((await allMembersOf(store, catalogue, system)).map(({ path }) => path));
  const foreign = owners.find((other) => !above.has(other.system) && !below.has(other.system));
  if (foreign)
    throw new Refusal(409, `${component} is owned by ${foreign.system}: a resource has one System at most (5.13.1)`, { kind: 'conflict' });
}

async function ownersOf(
  store: StoreReads,
  catalogue: Catalogue,
  component: ResourcePath,
): Promise<{ system: ResourcePath; association: ResourcePath }[]> {
  const types = new Set(kindsOf(catalogue).map(({ association }) => association));
  const rows = await Promise.all((await store.referring([component])).map((path) => store.resource(path)));
  return rows.flatMap((row) => (row && row.owner !== null && types.has(row.type) ? [{ system: row.owner, association: row.path }] : []));
}

async function ancestorsOf(store: StoreReads, catalogue: Catalogue, system: ResourcePath): Promise<Set<ResourcePath>> {
  const above = new Set<ResourcePath>();
  for (const next = [system]; next.length > 0;) {
    for (const { system: owner } of await ownersOf(store, catalogue, next.pop() ?? '')) {
      if (above.has(owner)) continue;
      above.add(owner);
      next.push(owner);
    }
  }
  return above;
}
