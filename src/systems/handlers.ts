import type { Workflow } from '../jobs/workflow';
import type { Catalogue } from '../model/catalogue';
import type { Value } from '../model/values';
import type { ResourceHandler, Found } from '../operations/resource-handler';
import { monitored } from '../operations/monitored';
import { planStoredCreate, planStoredUpdate, storedHandler } from '../operations/stored';
import { actSystem, planActSystem } from './act';
import { associationHandler } from './associations';
import { createSystemWorkflow } from './create';
import { componentsOf } from './descriptors';
import { componentGroupsOf, kindsOf, SYSTEM } from './component-kinds';
import { planSystem } from './plan';
import { planRemoveSystem, removeSystemWorkflow } from './remove';
import { withState } from './state';
import type { SystemWorkflowDeps } from './take-back';

const TEMPLATE = 'SystemTemplate';

/** Handlers of what a System can consist of, together with those of Systems themselves (DSP0263 5.13). */
export function withSystems(handlers: readonly ResourceHandler[], catalogue: Catalogue): readonly ResourceHandler[] {
  const table = new Map(handlers.map((handler) => [handler.type, handler]));
  const machines = table.get('Machine');
  const actions = Object.keys(catalogue.resource(SYSTEM).actions ?? {}).filter((name) => machines?.act?.[name]);
  const system: ResourceHandler = monitored({
    type: SYSTEM,
    stored: true,
    enrich: withState(machines),
    create: planSystem(table),
    update: planStoredUpdate,
    remove: planRemoveSystem,
    ...(machines?.group === undefined ? {} : { actThrough: machines.group }),
    act: Object.fromEntries(actions.map((name) => [name, planActSystem(table, name)])),
    offered,
  });
  table.set(SYSTEM, system);
  const kinds = kindsOf(catalogue).filter(({ type }) => table.has(type));
  return [...handlers, system, templateHandler, ...kinds.map((kind) => associationHandler(kind, kinds))];
}

/** Workflows of Systems. @param handlers all that components may be of. */
export function systemWorkflows(handlers: readonly ResourceHandler[], catalogue: Catalogue): readonly Workflow<Value>[] {
  const kinds = kindsOf(catalogue);
  const deps: SystemWorkflowDeps = {
    catalogue,
    groups: componentGroupsOf(new Map(handlers.map((handler) => [handler.type, handler])), kinds),
  };
  return [createSystemWorkflow(deps), removeSystemWorkflow(deps), actSystem] as unknown as Workflow<Value>[];
}

function offered(found: Found): string[] {
  if (found.held) return found.values.state === 'CREATING' ? ['delete'] : [];
  return ['edit', 'delete', ...(found.offers ?? [])];
}

/** SystemTemplate (5.13.3): two components of one type may not be named alike. */
const templateHandler: ResourceHandler = storedHandler(TEMPLATE, {
  create: (context, request) => {
    componentsOf(context.catalogue, request.values.componentDescriptors);
    return planStoredCreate(TEMPLATE, context, request);
  },
  update: (context, found, request) => {
    componentsOf(context.catalogue, request.set.componentDescriptors);
    return planStoredUpdate(context, found, request);
  },
});
