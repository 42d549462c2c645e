import type { Cloud, Clouds } from '../clouds/cloud';
import { Refusal, type Asking as Caller, type Changeable, type Found, type ResourceHandler } from '../operations/resource-handler';
import { refusedWords, type Decision, type Rights } from '../rights/rights';
import type { Standing } from '../store/store';

/**
 * The one place that decides who may read and who may change. Everything that is read passes `permitRead` before it is put
 * together, and everything that is changed passes `permitChange` before it is planned: the types `Readable` and `Changeable`
 * are made here alone (docs/decisions/0029).
 */

/** Facts about a resource that decide who may read it. */
export interface Subject {
  type: string;
  /** Tenant to which it belongs; of what was discovered, the one that its cloud's configuration names. */
  tenant: string;
  /** Null where it is in no cloud, undefined where its cloud is not configured any more. */
  cloud: Cloud | null | undefined;
  /** Nobody here made it: it was found at the provider. */
  discovered: boolean;
  /** The provider offers it to everybody; undefined as long as it was not asked. */
  public?: boolean | undefined;
  /** Owner of what lives in another resource, as it was read. Who may read it may read what is in it. */
  owner?: Readable<Found> | undefined;
}

/** Says of what a row stands for what decides who may read it. */
export function subjectOf(clouds: Clouds, type: string, { tenant, cloud, discovered }: Standing): Subject {
  return { type, tenant, cloud: cloud === null ? null : clouds.byKey(cloud), discovered };
}

/** `if-public`: only where the provider, which has not been asked yet, offers it to everybody. */
export type ReadVerdict = 'yes' | 'no' | 'if-public';

/** Reason why a change is refused, or `yes`. */
export type ChangeVerdict = 'yes' | 'role' | 'rule' | 'configured' | 'observed' | 'foreign';

export type { Caller };

/** Somebody for whom is read. */
export type Asker = Pick<Caller, 'name' | 'tenant' | 'role'>;

/** Resource that a change is about, as far as it decides who may do it. */
export type ChangeSubject = Pick<Found, 'path' | 'tenant' | 'cloud' | 'portable'>;

/** Decisions about rights. They depend on facts alone: no store and no provider is asked. */
export interface Policy {
  /** Rights by declared rules, for those whom it narrows (narrowed.ts). */
  readonly rights?: Rights | undefined;
  /** Returns the clouds that a tenant may use; where a type is given, those of which it may see things of that type. */
  cloudsOf(tenant: string, type?: string): readonly Cloud[];
  /** Returns the tenants whose rows may be read for a tenant without asking about each. */
  rowsOf(tenant: string): readonly string[];
  mayRead(subject: Subject, tenant: string): ReadVerdict;
  /** Tells whether somebody may read the entries of its tenant's audit: who asked for what (5.17.13, access). */
  mayReadAudit(asker: Pick<Asker, 'role'>): boolean;
  /** Tells whether a caller may ask for changes at all, whatever they are about. */
  mayAsk(caller: Caller): boolean;
  /** @param action short name of what is to be done */
  mayChange(caller: Caller, subject: ChangeSubject, action: string): ChangeVerdict;
  /** Decides by declared rules alone; undefined where there are none. */
  decide?(subject: Pick<Found, 'path' | 'cloud'>, action: string): Decision;
}

declare const readable: unique symbol;

/** Something that a policy let its reader read. */
export type Readable<T> = T & { readonly [readable]: true };

/**
 * The policy of the gateway: a tenant reads and changes what is its own, in the clouds that it may use; what was discovered
 * is its cloud's tenant's, and of shared types also readable for the account's other tenants. Readers change nothing,
 * nobody changes what is in an observed cloud, and the audit is for admins.
 */
export function tenantPolicy(clouds: Clouds, handlerOf: (type: string) => ResourceHandler | undefined): Policy {
  return {
    cloudsOf: (tenant) => clouds.forTenant(tenant),
    rowsOf: (tenant) => [tenant],
    mayRead({ type, owner, cloud, discovered, public: isPublic, ...subject }, tenant) {
      if (owner) return 'yes';
      const mayUseCloud = cloud?.tenants.includes(tenant);
      if (subject.tenant === tenant) return (mayUseCloud ?? true) ? 'yes' : 'no';
      const shared = handlerOf(type)?.shared;
      if (!shared || !discovered || !mayUseCloud) return 'no';
      if (shared === true) return 'yes';
      if (isPublic === undefined) return 'if-public';
      return isPublic ? 'yes' : 'no';
    },
    mayReadAudit: ({ role }) => role === 'admin',
    mayAsk: ({ role }) => role !== 'reader',
    mayChange({ role, tenant }, subject) {
      if (role === 'reader') return 'role';
      if (subject.portable) return 'configured';
      if (subject.cloud?.mode === 'observe') return 'observed';
      return subject.tenant === tenant ? 'yes' : 'foreign';
    },
  };
}

/** Lets a subject through to a tenant that may certainly read it. @returns undefined for others */
export function permitRead<T extends object>(policy: Policy, tenant: string, value: T, subject: Subject): Readable<T> | undefined {
  return policy.mayRead(subject, tenant) === 'yes' ? (value as Readable<T>) : undefined;
}

/** @throws Refusal 403 where the caller's role lets it ask for no change */
export function permitAsking(policy: Policy, caller: Caller): void {
  if (!policy.mayAsk(caller)) throw new Refusal(403, readOnlyRole(caller), { kind: 'forbidden' });
}

/** Lets a resource through to a change by the caller. @throws Refusal 403 */
export function permitChange(policy: Policy, caller: Caller, found: Found, action: string): Changeable {
  mustChange(policy, caller, found, action);
  return found as Changeable;
}

/** @throws Refusal 403 where the caller may not change it */
export function mustChange(policy: Policy, caller: Caller, subject: ChangeSubject, action: string): void {
  const verdict = policy.mayChange(caller, subject, action);
  if (verdict === 'rule') throw refusedByRule(policy.decide?.(subject, action), caller, `${action} ${subject.path}`);
  if (verdict !== 'yes') throw new Refusal(403, reasonOf(verdict, caller, subject), { kind: 'forbidden' });
}

/** Refusal 403 of what the declared rules do not let somebody do. */
export function refusedByRule(decision: Decision | undefined, caller: Pick<Caller, 'name'>, what: string): Refusal {
  return new Refusal(403, refusedWords(decision ?? { allowed: false }, caller, what), { kind: 'forbidden' });
}

const readOnlyRole = ({ name }: Caller): string => `user '${name}' has the role reader, which cannot change anything`;

function reasonOf(verdict: Exclude<ChangeVerdict, 'yes' | 'rule'>, caller: Caller, { path, cloud }: Pick<Found, 'path' | 'cloud'>): string {
  if (verdict === 'role') return readOnlyRole(caller);
  if (verdict === 'configured') return `${path} is a name from the gateway's configuration, and can be changed only there`;
  if (verdict === 'observed') return `cloud '${cloud?.key ?? ''}' is only observed: no change is accepted`;
  return `${path} is shared with tenant '${caller.tenant}', which does not own it and cannot change it`;
}
