import type { WriteGroups } from '../clouds/cloud';
import type { ListedGroup } from '../clouds/driver';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { Refusal, type ResourceHandler, type Found, type ChangePlan, type PlanContext, type UpdateRequest } from './resource-handler';
import { actWorkflow, deleteWorkflow, updateWorkflow, type ActInput, type DeleteInput } from './provider-change';
import { changesOf } from './changes';
import { planProviderUpdate } from './provider-update';

type Group = keyof WriteGroups & ListedGroup;

/** Transitional states in which a resource can be deleted: the Job that has led there is stopped first (5.15.1). */
const DELETABLE = ['CREATING', 'CAPTURING'];

export interface ProviderHandler extends Omit<ResourceHandler, 'offered' | 'group'> {
  group: Group;
  /**
   * Value that a changed attribute asks of the driver's `update`, in its terms. Only called with values that differ; null: the
   * provider's own. Absent: nothing can be changed.
   * @throws Refusal for what cannot be changed so.
   */
  change?(context: PlanContext, found: Found, changed: Values): Promise<Values> | Values;
  /** Returns the reason why it cannot be deleted now, in words. */
  undeletable?(context: PlanContext, found: Found): Promise<string | undefined>;
  /** Returns what the provider deletes on its own and the standard deletes with it: goes first, with its rows. */
  owned?(context: PlanContext, found: Found): Promise<DeleteInput['owned']>;
  /** References kept by others that are to change when it is deleted. */
  relink?(context: PlanContext, found: Found): Promise<DeleteInput['relink']>;
  /** Names of operations beside edit, delete and actions of the driver (links). */
  more?(found: Found): string[];
}

/**
 * A type whose instances live at a provider and need nothing but the driver's own methods: rename and update by PUT,
 * delete, and the actions that have a driver method of their name.
 */
export function providerHandler(handler: ProviderHandler): ResourceHandler {
  const { change, undeletable, owned, relink, more, ...rest } = handler;
  const shared = { group: handler.group, type: handler.type };
  return {
    update: (context, found, request) => planChange(context, found, request, { group: handler.group, ...(change ? { change } : {}) }),
    remove: (context, found) => planRemove(context, found, { ...shared, undeletable, owned, relink }),
    ...rest,
    offered: (found, catalogue) => [
      ...providerOffered(found, catalogue, shared),
      ...(found.held || !found.key || isOnlyDeletable(found) ? [] : (more?.(found) ?? [])),
    ],
  };
}

async function planChange(
  context: PlanContext,
  found: Found,
  request: UpdateRequest,
  { group, change }: Pick<ProviderHandler, 'group' | 'change'>,
): Promise<ChangePlan> {
  const can = (name: string) => (change ? found.cloud?.changes(group, name) : undefined);
  const changed = changesOf(context.catalogue, found, request, can);
  const to = Object.keys(changed).length > 0 ? await change?.(context, found, changed) : undefined;
  const beyond = Object.keys(to ?? {}).filter((name) => can(name) === undefined);
  if (beyond.length > 0)
    throw new Refusal(400, `cloud '${found.cloud?.key ?? ''}' cannot change ${beyond.join(', ')} of ${found.path}`, {
      kind: 'unsupported',
    });
  return planProviderUpdate(context, found, request, updateWorkflow, to && Object.keys(to).length > 0 ? { update: to } : {});
}

interface Removal extends Pick<ProviderHandler, 'group' | 'type'> {
  undeletable: ProviderHandler['undeletable'];
  owned: ProviderHandler['owned'];
  relink: ProviderHandler['relink'];
}

async function planRemove(context: PlanContext, found: Found, { group, undeletable, owned, relink }: Removal): Promise<ChangePlan> {
  const base = { target: found.path, affected: [found.path], statusMessage: 'Waiting to be deleted' };
  if (!found.held && found.key === undefined) return { ...base, remove: [found.path], statusMessage: 'Deleted' };
  if (found.cloud && !found.cloud.offers(group, 'delete'))
    throw new Refusal(400, `cloud '${found.cloud.key}' does not offer ${group}.delete`, { kind: 'unsupported' });
  const message = await undeletable?.(context, found);
  if (message !== undefined) throw new Refusal(409, message, { kind: 'conflict' });
  const links = await relink?.(context, found);
  const parts = await owned?.(context, found);
  const input: DeleteInput = {
    cloud: found.cloud?.key ?? null,
    group,
    path: found.path,
    ...(found.key === undefined ? {} : { key: found.key }),
    ...(found.held ? { after: found.held.job } : {}),
    ...(links ? { relink: links } : {}),
    ...(parts ? { owned: parts } : {}),
  };
  return {
    ...base,
    ...(found.held
      ? { stops: [found.held.job] }
      : { holds: [found, ...(parts?.items ?? [])].map(({ path }) => ({ path, shows: 'DELETING' })) }),
    work: { workflow: deleteWorkflow.name, version: deleteWorkflow.version, input: input as unknown as Values },
  };
}

/** Tells whether its state takes nothing but a delete (5.15.1: while CAPTURING, 5.14.7: while CREATING), by a Job or by the cloud. */
function isOnlyDeletable({ values }: Found): boolean {
  return DELETABLE.includes(String(values.state));
}

/** Operations that would work now on what lives at a provider, by what its cloud and it itself take. */
export function providerOffered(found: Found, catalogue: Catalogue, { group, type }: Pick<ProviderHandler, 'group' | 'type'>): string[] {
  const { cloud } = found;
  const state = String(found.values.state);
  const takes = (name: string) => found.item?.refuses?.[name] === undefined;
  const can = (method: string) => cloud?.offers(group, method) === true && takes(method);
  if (found.key === undefined && !found.held) return cloud?.mode === 'observe' || state === 'DELETING' ? [] : ['delete'];
  // The cloud may be at it after the Job has ended, or at what was asked for elsewhere.
  if (found.held || isOnlyDeletable(found)) return isOnlyDeletable(found) && can('delete') ? ['delete'] : [];
  const names = [...(takes('edit') && (can('rename') || can('update')) ? ['edit'] : []), ...(can('delete') ? ['delete'] : [])];
  for (const [name, action] of Object.entries(catalogue.resource(type).actions ?? {})) {
    if (action.kind === 'action' && (!action.from || action.from.includes(state)) && can(name)) names.push(name);
  }
  return names;
}

/** An action that is one driver method of its name. */
export function planProviderAct(type: string, group: Group, name: string) {
  return async (context: PlanContext, found: Found): Promise<ChangePlan> => {
    const action = context.catalogue.resource(type).actions?.[name];
    const cloud = found.cloud;
    if (!action || !cloud?.offers(group, name)) throw new Refusal(400, `${found.path} does not offer ${name}`, { kind: 'unsupported' });
    const state = String(found.values.state);
    if (action.from && !action.from.includes(state))
      throw new Refusal(409, `${name} is possible from ${action.from.join(', ')}; the state is ${state}`, { kind: 'conflict' });
    const reason = found.item?.refuses?.[name];
    if (reason !== undefined) throw new Refusal(409, reason, { kind: 'conflict' });
    const shows = action.via?.[0] ?? null;
    const input: ActInput = {
      cloud: cloud.key,
      group,
      path: found.path,
      ...(found.key === undefined ? {} : { key: found.key }),
      calls: [{ method: name, args: [], shows, goal: [String(action.to)] }],
    };
    return {
      target: found.path,
      affected: [found.path],
      holds: [{ path: found.path, shows }],
      work: { workflow: actWorkflow.name, version: actWorkflow.version, input: input as unknown as Values },
      statusMessage: 'Waiting for its turn',
    };
  };
}
