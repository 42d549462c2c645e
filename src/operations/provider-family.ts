import type { WriteGroups } from '../clouds/cloud';
import type { ListedGroup } from '../clouds/driver';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { Refusal, type Family, type Found, type Plan, type PlanContext, type UpdateRequest } from './family';
import { act, remove, update, type ActInput, type DeleteInput } from './provider-change';
import { planRename } from './rename';

type Group = keyof WriteGroups & ListedGroup;

/** Transitional states in which a resource can be deleted: the Job that has led there is stopped first (5.15.1). */
const DELETABLE = ['CREATING', 'CAPTURING'];

export interface ProviderFamily extends Omit<Family, 'offered' | 'group'> {
  group: Group;
  /**
   * What a changed attribute asks of the driver's `update`, in its terms. Only called with values that differ.
   * @throws Refusal for what cannot be changed so.
   */
  change?(context: PlanContext, found: Found, changed: Values): Promise<Values> | Values;
  /** Why it cannot be deleted now, in words. */
  undeletable?(context: PlanContext, found: Found): Promise<string | undefined>;
  /** What the provider deletes on its own and the standard deletes with it: goes first, with its rows. */
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
export function providerFamily(family: ProviderFamily): Family {
  const { change, undeletable, owned, relink, more, ...rest } = family;
  const shared = { group: family.group, type: family.type };
  return {
    update: (context, found, request) => planChange(context, found, request, { group: family.group, ...(change ? { change } : {}) }),
    remove: (context, found) => planRemove(context, found, { ...shared, undeletable, owned, relink }),
    ...rest,
    offered: (found, catalogue) => [
      ...providerOffered(found, catalogue, shared),
      ...(found.held || !found.key ? [] : (more?.(found) ?? [])),
    ],
  };
}

async function planChange(
  context: PlanContext,
  found: Found,
  request: UpdateRequest,
  { group, change }: Pick<ProviderFamily, 'group' | 'change'>,
): Promise<Plan> {
  const changed: Values = {};
  for (const [name, value] of Object.entries(request.set)) {
    if (name === 'name' || name === 'description' || name === 'properties') continue;
    if (JSON.stringify(value) !== JSON.stringify(found.values[name])) changed[name] = value;
  }
  const to = Object.keys(changed).length > 0 ? await change?.(context, found, changed) : undefined;
  if (to && Object.keys(to).length > 0 && found.cloud && !found.cloud.offers(group, 'update')) {
    throw new Refusal(400, `cloud '${found.cloud.key}' cannot change ${Object.keys(to).join(', ')}`, { kind: 'unsupported' });
  }
  return planRename(context, found, request, update, to && Object.keys(to).length > 0 ? { update: to } : {});
}

interface Removal extends Pick<ProviderFamily, 'group' | 'type'> {
  undeletable: ProviderFamily['undeletable'];
  owned: ProviderFamily['owned'];
  relink: ProviderFamily['relink'];
}

async function planRemove(context: PlanContext, found: Found, { group, undeletable, owned, relink }: Removal): Promise<Plan> {
  const base = { target: found.path, affected: [found.path], statusMessage: 'Waiting to be deleted' };
  if (!found.held && found.key === undefined) return { ...base, remove: [found.path], statusMessage: 'Deleted' };
  if (found.cloud && !found.cloud.offers(group, 'delete'))
    throw new Refusal(400, `cloud '${found.cloud.key}' does not delete these`, { kind: 'unsupported' });
  const words = await undeletable?.(context, found);
  if (words !== undefined) throw new Refusal(409, words, { kind: 'conflict' });
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
    work: { workflow: remove.name, version: remove.version, input: input as unknown as Values },
  };
}

function providerOffered(found: Found, catalogue: Catalogue, { group, type }: Pick<ProviderFamily, 'group' | 'type'>): string[] {
  const { cloud } = found;
  const state = String(found.values.state);
  const takes = (name: string) => found.item?.refuses?.[name] === undefined;
  const can = (method: string) => cloud?.offers(group, method) === true && takes(method);
  if (found.key === undefined && !found.held) return cloud?.mode === 'observe' || state === 'DELETING' ? [] : ['delete'];
  if (found.held) return DELETABLE.includes(state) && can('delete') ? ['delete'] : [];
  const names = [...(takes('edit') && (can('rename') || can('update')) ? ['edit'] : []), ...(can('delete') ? ['delete'] : [])];
  for (const [name, action] of Object.entries(catalogue.resource(type).actions ?? {})) {
    if (action.kind === 'action' && (!action.from || action.from.includes(state)) && can(name)) names.push(name);
  }
  return names;
}

/** An action that is one driver method of its name. */
export function planProviderAct(type: string, group: Group, name: string) {
  return async (context: PlanContext, found: Found): Promise<Plan> => {
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
      work: { workflow: act.name, version: act.version, input: input as unknown as Values },
      statusMessage: 'Waiting for its turn',
    };
  };
}
