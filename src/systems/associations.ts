import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { rowOfDiscovered } from '../operations/discovered';
import { heldBy, Refusal, type CreateRequest, type Family, type Plan, type PlanContext } from '../operations/family';
import { asRef } from '../operations/merge';
import { planStoredRemove, planStoredUpdate, storedOffered } from '../operations/stored';
import type { ResourcePath, StoreReads } from '../store/store';
import { kindsOf, SYSTEM, type Kind } from './kinds';
import { allMembersOf, associationRow } from './members';

/**
 * The items of a System's collections: adding one makes the resource the System's, deleting one lets it go and leaves
 * it alone (5.13.1).
 */
export function associationFamily(kind: Kind): Family {
  return {
    type: kind.association,
    stored: true,
    create: (context, request) => planAdd(kind, context, request),
    update: planStoredUpdate,
    remove: planStoredRemove,
    offered: storedOffered,
  };
}

async function planAdd(kind: Kind, context: PlanContext, { values, collection }: CreateRequest): Promise<Plan> {
  const { reference, type } = kind;
  const href = asRef(values[reference])?.href;
  if (href === undefined) throw new Refusal(400, `${reference}: a reference to the ${type} to add is needed`);
  const owner = collection
    .replace(/^clouds\/[^/]+\//, '')
    .split('/')
    .slice(0, 2)
    .join('/');
  const system = await context.resolve(owner, SYSTEM, 'the System');
  if (system.held) throw heldBy(system);
  const component = await context.resolve(href, type, reference);
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
