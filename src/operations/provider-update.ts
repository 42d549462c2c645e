import { GROUPS } from '../clouds/driver';
import type { Workflow } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import { Refusal, type Found, type ChangePlan, type PlanContext, type UpdateRequest } from './resource-handler';
import { namingOf, restOf } from './naming';
import { keptOf, type UpdateInput } from './provider-change';
import { withDetail } from './size-messages';

/**
 * Plans a change of name, description and properties of something at a provider, with what else `more` asks of the
 * workflow. Finished in the accepting transaction when nothing has to be told to the provider (5.10.1).
 */
export async function planProviderUpdate(
  _context: PlanContext,
  found: Found,
  request: UpdateRequest,
  workflow: Pick<Workflow<UpdateInput>, 'name' | 'version'>,
  more: Pick<UpdateInput, 'resize' | 'update' | 'told'>,
): Promise<ChangePlan> {
  const { cloud, key, row, item } = found;
  const group = row === undefined && item === undefined ? undefined : groupOf(found);
  if (!cloud || key === undefined || !group) throw new Refusal(409, `${found.path} does not exist at its provider`);
  if (cloud.mode === 'observe') throw new Refusal(403, `cloud '${cloud.key}' is only observed: no change is accepted`);
  const wanted: Values = { name: found.values.name, description: found.values.description, properties: found.values.properties };
  for (const name of ['name', 'description', 'properties'] as const) {
    if (request.set[name] !== undefined) wanted[name] = request.set[name];
    if (request.erase.includes(name)) delete wanted[name];
  }
  const now = namingOf(found.values);
  const next = namingOf(wanted);
  const renamed = JSON.stringify(canonical(now)) !== JSON.stringify(canonical(next));
  const held = cloud.holds(group, next);
  const atProvider = JSON.stringify(canonical(cloud.holds(group, now))) !== JSON.stringify(canonical(held));
  const base = { target: found.path, affected: [found.path] };
  const naming = { held, rest: restOf(next, held) };
  if (more.resize === undefined && more.update === undefined && !atProvider && (row || !renamed)) {
    return {
      ...base,
      statusMessage: withDetail('Updated', more.told),
      ...(row && renamed ? { change: [{ path: found.path, version: row.version, change: keep(row.internal, naming.rest) }] } : {}),
    };
  }
  const input: UpdateInput = { cloud: cloud.key, group, path: found.path, key, ...more, ...(renamed ? { naming } : {}) };
  return {
    ...base,
    holds: [{ path: found.path, shows: null }],
    work: { workflow: workflow.name, version: workflow.version, input: input as unknown as Values },
    statusMessage: withDetail('Waiting for its turn', more.told),
  };
}

function keep(internal: Values, rest: ReturnType<typeof restOf>) {
  const kept = { ...keptOf(internal), name: rest.name, description: rest.description, properties: rest.properties };
  return { internal: { ...internal, kept: kept as Value }, explicit: true };
}

function canonical(naming: ReturnType<typeof namingOf>): Value {
  return [naming.name ?? '', naming.description ?? '', ...Object.entries(naming.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))];
}

/** The driver group that carries a type. */
function groupOf({ type }: Found): UpdateInput['group'] | undefined {
  return Object.entries(GROUPS).find(([, carried]) => carried === type)?.[0] as UpdateInput['group'] | undefined;
}
