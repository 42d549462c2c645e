import type { Cloud } from '../clouds/cloud';
import type { Naming } from '../clouds/driver';
import { partedFromCloud } from '../model/cloud-path';
import type { Value, Values } from '../model/values';
import type { NewResourceRow, ResourcePath } from '../store/store';
import type { MadeGroup } from './carry-out';
import { CREATE_VERSION, CREATES, type CreateInput } from './create-input';
import { rowOfDiscovered } from './discovered-row';
import { extensionsFor } from './extensions';
import type { Found, ChangePlan, PlanContext } from './resource-handler';
import { namingOf, restOf } from './naming';
import { withDetail } from './size-messages';

export interface CreatePlan extends Pick<CreateInput, 'method' | 'goal' | 'calls' | 'uri' | 'from' | 'packed' | 'parts' | 'told'> {
  /** Name of the workflow (a row of CREATES); that of most things where absent. */
  workflow?: string;
  type: string;
  group: MadeGroup;
  cloud: Cloud;
  /** Path of the collection posted to. */
  collection: ResourcePath;
  /** Instance attributes of the request, for the naming and what the cloud's driver brings. */
  naming: Values;
  /** The merged template, for the same. */
  template?: Values;
  /** Values that the new resource shows until the provider shows more. */
  shows: Values;
  request: Values;
  /** Public key to import first; where `tag` is absent, the copy goes by that of the new resource. */
  credential?: { publicKey: string; tag: string | undefined; path: ResourcePath | null } | undefined;
  insert?: (path: ResourcePath) => readonly NewResourceRow[];
  inherit?: CreateInput['inherit'];
  keep?: (path: ResourcePath) => CreateInput['keep'];
  /** Further resources held meanwhile, with what they show. */
  holds?: ChangePlan['holds'];
  internal?: Values;
  /** Attributes that the gateway keeps of it, which no provider knows. */
  keeps?: Values;
  owner?: ResourcePath;
  /** Resources that were found at the provider and get a row now, because something is remembered of them from here on. */
  remembered?: readonly Found[];
  /** Rows and paths of what comes with it. */
  with?: { insert: readonly NewResourceRow[]; affected: readonly ResourcePath[] };
  statusMessage?: string;
}

/**
 * Path that a new resource of a collection will have, and its id.
 * @param collection path posted to, below whichever entry point
 */
export function pathToBe(context: Pick<PlanContext, 'newId'>, collection: ResourcePath): { id: string; path: ResourcePath } {
  const id = context.newId();
  const bare = partedFromCloud(collection).path;
  return { id, path: `${bare}/${id}` };
}

/** Part of the plan context that the plan of a new resource needs. */
export type NewContext = Pick<PlanContext, 'catalogue' | 'newId' | 'tag'> & { principal: { tenant: string } };

/**
 * The plan of a create at a provider: the row that is there at once, and the Job that makes it true.
 * @param to where the new resource will be, if something else had to know before
 */
export function planCreateAtProvider(context: NewContext, plan: CreatePlan, to = pathToBe(context, plan.collection)): ChangePlan {
  const { type, cloud, collection, shows } = plan;
  const { path } = to;
  const wanted: Naming = namingOf(plan.naming);
  const held = cloud.holds(plan.group, wanted);
  const extensions = extensionsFor(context.catalogue, cloud, type, { values: plan.naming, template: plan.template });
  const stateful = context.catalogue.attributesOf(type).state !== undefined;
  const row: NewResourceRow = {
    path,
    type,
    tenant: context.principal.tenant,
    cloud: cloud.key,
    providerKey: null,
    owner: plan.owner ?? null,
    state: stateful ? 'CREATING' : null,
    values: { ...(wanted as Values), ...shows, ...extensions, ...(stateful ? { state: 'CREATING' } : {}) },
    secrets: null,
    internal: {
      ...plan.internal,
      kept: { ...restOf(wanted, held), ...keptOfTemplate(context.catalogue, type, plan.template), ...plan.keeps } as Value,
    },
  };
  const request: Values = {
    ...(held as Values),
    ...plan.request,
    ...(Object.keys(extensions).length > 0 ? { extensions: extensions as Value } : {}),
    tag: context.tag(to.id),
  };
  return {
    target: collection,
    affected: [collection, path, ...(plan.holds ?? []).map((hold) => hold.path), ...(plan.with?.affected ?? [])],
    insert: [...(plan.remembered ?? []).filter((found) => !found.row).map(rowOfDiscovered), row, ...(plan.with?.insert ?? [])],
    holds: [{ path, shows: stateful ? 'CREATING' : null }, ...(plan.holds ?? [])],
    work: {
      workflow: plan.workflow ?? CREATES.other,
      version: CREATE_VERSION,
      input: inputOf(plan, path, request) as unknown as Values,
    },
    statusMessage: withDetail(plan.statusMessage ?? 'Waiting to be created', plan.told),
    location: path,
    ...(stateful ? { becomes: plan.calls?.at(-1)?.goal[0] ?? plan.goal?.[0] ?? 'CREATING' } : {}),
  };
}

/** Values of a template that what is made with it keeps. */
export function keptOfTemplate(catalogue: PlanContext['catalogue'], type: string, template: Values = {}): Values {
  const names = Object.entries(catalogue.attributesOf(type)).flatMap(([name, attribute]) => (attribute.ofTemplate ? [name] : []));
  return Object.fromEntries(names.flatMap((name) => (template[name] === undefined ? [] : [[name, template[name]]])));
}

function inputOf(plan: CreatePlan, path: ResourcePath, request: Values): CreateInput {
  const { group, method, goal, calls, uri, from, packed, parts, told, inherit, credential } = plan;
  const insert = plan.insert?.(path);
  const keep = plan.keep?.(path);
  return {
    cloud: plan.cloud.key,
    group,
    path,
    request,
    ...(method === undefined ? {} : { method }),
    ...(goal ? { goal } : {}),
    ...(calls ? { calls } : {}),
    ...(uri === undefined ? {} : { uri }),
    ...(from ? { from } : {}),
    ...(packed ? { packed } : {}),
    ...(parts ? { parts } : {}),
    ...(told === undefined ? {} : { told }),
    ...(insert ? { insert } : {}),
    ...(inherit ? { inherit } : {}),
    ...(keep ? { keep } : {}),
    ...(credential ? { credential: { ...credential, tag: credential.tag ?? String(request.tag) } } : {}),
  };
}
