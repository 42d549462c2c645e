import { makeTag, newId } from '../clouds/identity';
import { partedFromCloud } from '../model/cloud-path';
import { shown } from '../model/shown';
import type { Values } from '../model/values';
import { ENTRY_POINT } from '../operations/gateway-resources';
import { Refusal, type Found, type PlanContext } from '../operations/resource-handler';
import { joined } from '../operations/stored';
import { mustChange, permitChange, type Caller } from '../reader/policy';
import { sightOf } from '../reader/sight';
import type { ReaderFor } from '../reader/reader';
import type { Rights } from '../rights/rights';
import type { Protocol } from './context';
import { withArticle } from './mandatory';
import type { Routed } from './router';
import type { Views } from './views';
import { steadyTime } from '../model/steady-time';

/** Services that planning needs, the same for all requests and Jobs. */
export interface PlanningServices extends Pick<
  Protocol,
  'catalogue' | 'clouds' | 'store' | 'policy' | 'handlerOf' | 'tagKey' | 'defaultCloud'
> {
  readerOf: ReaderFor;
}

/** Change to be planned, apart from what it is. */
export interface Planning {
  principal: Caller;
  /** Key of the cloud whose entry point was used. */
  entryCloud?: string | undefined;
  /** Cloud that the request itself names. */
  named?: string | undefined;
  /** Collection that something is to be made in, and the operations that resources lead to it by. */
  into?: Into | undefined;
  /** Provider query parameters. */
  parameters?: Readonly<Record<string, string>>;
}

interface Into {
  collection: string;
  /** Short name of what is asked of the collection: `add`, `import`. */
  action: string;
  /** Names of the links (capture, snapshot) of a type that lead there. */
  linksOf(type: string): readonly string[];
}

/** Makes what a handler may use while it plans what a request asks for. @param named cloud that the request itself names */
export function planContext(
  views: Views,
  { protocol, principal, cloudKey, request, location }: Routed,
  named?: string,
  action = 'add',
): PlanContext {
  const { catalogue } = protocol;
  const linksOf = (type: string): string[] =>
    Object.entries(catalogue.resource(type).actions ?? {}).flatMap(([name, { performedOn }]) =>
      performedOn === location.collection?.name ? [name] : [],
    );
  const into = location.kind === 'collection' && !location.owner ? { collection: location.path, action, linksOf } : undefined;
  const parameters = Object.fromEntries(request.query.filter(([name]) => !name.startsWith('$')));
  return planContextOf({ ...protocol, readerOf: views.readerOf }, { principal, entryCloud: cloudKey, named, into, parameters });
}

/** Makes what a handler may use while it plans, with a request or without one. */
export function planContextOf(services: PlanningServices, { principal, entryCloud, named, into, parameters = {} }: Planning): PlanContext {
  const { catalogue, clouds, store, policy, tagKey, defaultCloud } = services;
  const reader = services.readerOf(principal);
  const { rights } = policy;
  const sight = sightOf(services, principal);
  return {
    principal,
    catalogue,
    clouds: {
      ...clouds,
      forTenant: (tenant) =>
        policy.cloudsOf(tenant).filter(({ key }) => !rights || !into || mayHave(rights, into, key, [named, entryCloud])),
    },
    store,
    entryCloud,
    defaultCloud,
    parameters,
    async resolve(href, type, at, { anywhere = false, ofTarget = false } = {}) {
      if (type === ENTRY_POINT) return entryPointAt(services, principal, href, at);
      const location = catalogue.locate(href);
      if (location && location.kind === 'item' && location.type !== type) {
        throw new Refusal(400, `${shown(href)} is ${withArticle(location.type)}, ${withArticle(type)} is needed`, { at });
      }
      const found = location ? await reader.one(href, { unplaced: true }) : undefined;
      if (!found || found.type !== type) {
        const message = `there is no ${type} at ${shown(href)}`;
        throw ofTarget ? new Refusal(404, message, { kind: 'notFound' }) : new Refusal(400, message, { at });
      }
      if (rights && into) for (const link of into.linksOf(type)) mustChange(policy, principal, found, link);
      if (!anywhere) mustBeThere(found, { entryCloud, named });
      if (found.held?.shows === 'DELETING') throw new Refusal(409, `${shown(href)} is being deleted`, { at, job: found.held.job });
      return found.row ? { ...found, values: { ...joined(found.values, found.row.secrets) } } : found;
    },
    async list(type, cloud) {
      const { founds, unavailable } = await reader.list(type, { cloudKey: cloud?.key });
      // What cannot be read now is not missing: nothing may be planned as if it were.
      for (const { error } of unavailable) throw error;
      return founds;
    },
    permit: (found, action) => permitChange(policy, principal, found, action),
    permitAll: (paths, action) => sight?.permitAll(paths, action, principal) ?? Promise.resolve(),
    mustOwn(found) {
      if (policy.mayChange(principal, found, 'edit') === 'foreign') mustChange(policy, principal, found, 'edit');
    },
    newId,
    tag: (id) => makeTag(tagKey, id, principal.tenant),
  };
}

/** Nothing is placed where it may not be made. A create into a cloud that it names itself is refused once it is planned, in better words. */
function mayHave(rights: Rights, { action, collection }: Into, cloud: string, named: readonly (string | undefined)[]): boolean {
  return (action === 'add' && named.includes(cloud)) || rights.may(action, collection, cloud);
}

/** The entry point that a reference leads to, the root's or that of a cloud. @throws Refusal 400 */
function entryPointAt({ catalogue, policy }: PlanningServices, principal: Caller, href: string, at: string): Found {
  const { cloudKey, path } = partedFromCloud(href);
  const cloud = policy.cloudsOf(principal.tenant).find(({ key }) => key === cloudKey) ?? null;
  if (path !== catalogue.pathOf(ENTRY_POINT) || (cloudKey !== undefined && !cloud))
    throw new Refusal(400, `there is no ${ENTRY_POINT} at ${shown(href)}`, { at });
  const nothing = { row: undefined, item: undefined, key: undefined, held: undefined };
  return { path: href, type: ENTRY_POINT, tenant: principal.tenant, cloud, ...nothing, values: {}, at: steadyTime() };
}

/** Refuses a request for one cloud that refers into another, whatever the type. @throws Refusal 400 */
function mustBeThere(
  { path, cloud, values }: Found,
  { entryCloud, named }: { entryCloud: string | undefined; named: string | undefined },
): void {
  const key = cloud?.key ?? values.cloud;
  if (typeof key !== 'string') return;
  if (entryCloud !== undefined && key !== entryCloud)
    throw new Refusal(400, `${path} is in cloud '${key}', but the request came to the entry point of '${entryCloud}'`);
  if (named !== undefined && key !== named)
    throw new Refusal(400, `${path} is in cloud '${key}', but the request names cloud '${shown(named)}'`, { at: 'cloud' });
}

/** The cloud that a create names is one that the caller has, and the one whose entry point it came to. @throws Refusal 400 */
export function namedCloud({ protocol, principal, cloudKey }: Routed, { cloud }: Values): string | undefined {
  if (typeof cloud !== 'string') return undefined;
  const keys = protocol.policy.cloudsOf(principal.tenant).map(({ key }) => key);
  if (!keys.includes(cloud))
    throw new Refusal(400, `there is no cloud '${shown(cloud)}'; candidates are ${keys.map((key) => `'${key}'`).join(', ') || 'none'}`, {
      at: 'cloud',
    });
  if (cloudKey !== undefined && cloud !== cloudKey)
    throw new Refusal(400, `the request names cloud '${cloud}', but it came to the entry point of '${cloudKey}'`, { at: 'cloud' });
  return cloud;
}
