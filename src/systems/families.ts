import type { Workflow } from '../jobs/workflow';
import type { Catalogue } from '../model/catalogue';
import type { Value } from '../model/values';
import type { Family, Found } from '../operations/family';
import { planStoredCreate, planStoredUpdate, storedFamily } from '../operations/stored';
import { actSystem, planActSystem } from './act';
import { associationFamily } from './associations';
import { createSystemWorkflow } from './create';
import { componentsOf } from './descriptors';
import { groupsOf, kindsOf, SYSTEM } from './kinds';
import { planSystem } from './plan';
import { planRemoveSystem, removeSystemWorkflow } from './remove';
import { withState } from './state';
import type { Ground } from './take-back';

const TEMPLATE = 'SystemTemplate';

/** Families that a System can consist of, together with those of Systems themselves (DSP0263 5.13). */
export function withSystems(families: readonly Family[], catalogue: Catalogue): readonly Family[] {
  const table = new Map(families.map((family) => [family.type, family]));
  const machines = table.get('Machine');
  const actions = Object.keys(catalogue.resource(SYSTEM).actions ?? {}).filter((name) => machines?.act?.[name]);
  const system: Family = {
    type: SYSTEM,
    stored: true,
    enrich: withState(machines),
    create: planSystem(table),
    update: planStoredUpdate,
    remove: planRemoveSystem,
    ...(machines?.group === undefined ? {} : { actThrough: machines.group }),
    act: Object.fromEntries(actions.map((name) => [name, planActSystem(table, name)])),
    offered,
  };
  table.set(SYSTEM, system);
  const kinds = kindsOf(catalogue).filter(({ type }) => table.has(type));
  return [...families, system, templateFamily, ...kinds.map(associationFamily)];
}

/** Workflows of Systems. @param families all that components may be of. */
export function systemWorkflows(families: readonly Family[], catalogue: Catalogue): readonly Workflow<Value>[] {
  const kinds = kindsOf(catalogue);
  const ground: Ground = { catalogue, groups: groupsOf(new Map(families.map((family) => [family.type, family])), kinds) };
  return [createSystemWorkflow(ground), removeSystemWorkflow(ground), actSystem] as unknown as Workflow<Value>[];
}

function offered(found: Found): string[] {
  if (found.held) return found.values.state === 'CREATING' ? ['delete'] : [];
  return ['edit', 'delete', ...(found.offers ?? [])];
}

/** SystemTemplate (5.13.3): two components of one type may not be named alike. */
const templateFamily: Family = storedFamily(TEMPLATE, {
  create: (context, request) => {
    componentsOf(context.catalogue, request.values.componentDescriptors);
    return planStoredCreate(TEMPLATE, context, request);
  },
  update: (context, found, request) => {
    componentsOf(context.catalogue, request.set.componentDescriptors);
    return planStoredUpdate(context, found, request);
  },
});
