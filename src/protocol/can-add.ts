import type { Operation } from '../model/values';
import type { Cloud } from '../clouds/cloud';
import type { Found, ResourceHandler } from '../operations/resource-handler';
import type { Routed } from './router';

/** Operations that could be asked of a collection by this caller now: `add`, and actions of its own. @param owner of a nested collection */
export function collectionOperations(routed: Routed, path: string, owner: Found | undefined): Operation[] {
  const { location, protocol } = routed;
  const adds = canAdd(routed) && (!owner || canAddTo(owner, routed));
  const asked = owner ? [] : collectionActions(routed);
  const uris = asked.flatMap((name) => protocol.catalogue.collectionAction(location.collection?.name ?? '', name)?.uri ?? []);
  return [...(adds ? ['add'] : []), ...uris].map((rel) => ({ rel, href: path }));
}

/** Short names of the collection's own actions that this caller could ever ask for here. */
export function collectionActions({ protocol, principal, location, cloudKey }: Routed): string[] {
  if (location.kind !== 'collection' || location.owner || !protocol.policy.mayAsk(principal)) return [];
  const clouds = protocol.policy.cloudsOf(principal.tenant).filter(({ key }) => (cloudKey ?? key) === key);
  const handler = protocol.handlerOf(location.type);
  const { rights } = protocol.policy;
  if (!rights) return actionsOfAll(handler, clouds);
  // Where the collection itself is in no cloud, one in which it could be done is enough.
  const may = (name: string): readonly Cloud[] => clouds.filter(({ key }) => rights.may(name, location.path, key));
  return Object.keys(handler?.actOnAll ?? {}).filter((name) => actionsOfAll(handler, may(name)).includes(name) && may(name).length > 0);
}

/** Short names of actions of a type's collection that one of these clouds could carry out. */
export function actionsOfAll(handler: ResourceHandler | undefined, clouds: readonly Cloud[]): string[] {
  return Object.entries(handler?.actOnAll ?? {}).flatMap(([name, { needs = [] }]) =>
    needs.length === 0 || clouds.some((cloud) => needs.every(([group, method]) => cloud.offers(group, method))) ? [name] : [],
  );
}

/** Tells whether this caller's create could ever work in the collection that the path names. */
export function canAdd(routed: Routed): boolean {
  const { protocol, location } = routed;
  const { rights } = protocol.policy;
  // What comes into another resource is a matter of that one.
  return couldAdd(routed, (cloud) => location.owner !== undefined || !rights || rights.may('add', location.path, cloud));
}

/**
 * Tells whether creates are taken in the collection that the path names, from this caller's role, by the clouds that it sees.
 * @param may tells whether one may be made in a cloud (null: in none). Absent: wherever it is possible, so that rules are asked about the cloud meant
 */
export function couldAdd(
  { protocol, principal, location, cloudKey }: Routed,
  may: (cloud: string | null) => boolean = () => true,
): boolean {
  const handler = protocol.handlerOf(location.type);
  if (!handler?.create || !protocol.policy.mayAsk(principal) || !location.collection?.add) return false;
  const needs = handler.createNeeds;
  if (!needs) return may(null);
  return protocol.policy
    .cloudsOf(principal.tenant)
    .some((cloud) => (cloudKey ?? cloud.key) === cloud.key && cloud.offers(needs[0], needs[1]) && may(cloud.key));
}

/** Tells whether the owner takes it as it is now: its own, in no Job's hands, at its provider, in a cloud that can. */
function canAddTo(owner: Found, { protocol, principal, location }: Routed): boolean {
  const { key, held } = owner;
  const handler = protocol.handlerOf(location.type);
  const needs = handler?.createNeeds;
  const cloud = handler?.apart ? null : owner.cloud;
  if (protocol.policy.mayChange(principal, { ...owner, cloud }, 'edit') !== 'yes' || held) return false;
  if (cloud && (key === undefined || (needs && !cloud.offers(needs[0], needs[1])))) return false;
  return handler?.addable?.(owner) ?? true;
}
