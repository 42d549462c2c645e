import type { Scope } from '../model/scope';

/** A declared rule. It is for those whom all of its lists name. */
export interface Rule extends Scope {
  name: string;
  effect: 'allow' | 'deny';
  tenants?: readonly string[] | undefined;
  roles?: readonly string[] | undefined;
  users?: readonly string[] | undefined;
  groups?: readonly string[] | undefined;
}

/** Somebody who holds rights. */
export interface Holder {
  name: string;
  tenant: string;
  role: string;
  /** Role of its user, where a token lowers it: rules go by that, or a lower token would escape them. */
  userRole?: string | undefined;
  /** Groups of who was let in by another issuer, as far as rules name them. */
  groups?: readonly string[] | undefined;
  /** Scope of the token that it came by. */
  scope?: Scope | undefined;
}

/** The action that shows something; whoever may do anything else to it may do this. */
export const READ = 'read';

/**
 * Collections and singletons that follow from what they are about: who may see anything sees of them what is about that, and
 * no allow rule has to name them.
 */
export const FOLLOWING: readonly string[] = ['cloudEntryPoint', 'clouds', 'resourceMetadata', 'jobs'];

const names = (list: readonly string[] | undefined, one: string): boolean => list === undefined || list.includes(one);

/** Tells whether a rule is for somebody. */
export function isFor({ tenants, roles, users, groups }: Rule, holder: Holder): boolean {
  if (groups && !groups.some((group) => holder.groups?.includes(group))) return false;
  return names(tenants, holder.tenant) && names(roles, holder.userRole ?? holder.role) && names(users, holder.name);
}

/**
 * Tells whether a rule is about an action upon something. What is in no cloud is covered by whatever allows, and by
 * nothing that denies clouds by name.
 * @param cloud key of the cloud that it is in; null: none
 */
export function isAbout(rule: Scope & { effect: Rule['effect'] }, action: string, collection: string, cloud: string | null): boolean {
  const { effect, collections, clouds, actions } = rule;
  const allows = effect === 'allow';
  const follows = allows && action === READ && FOLLOWING.includes(collection);
  if (!follows && !names(collections, collection)) return false;
  if (cloud === null ? !allows && clouds !== undefined : !names(clouds, cloud)) return false;
  return names(actions, action) || (allows && action === READ);
}
