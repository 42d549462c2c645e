import type { Scope } from '../model/scope';

export type Role = 'reader' | 'operator' | 'admin';

/** Roles, each of which may all that those before it may. */
export const ROLES: readonly Role[] = ['reader', 'operator', 'admin'];

/** The lesser of two roles. */
export function lesserRole(one: Role, other: Role): Role {
  return ROLES.indexOf(one) < ROLES.indexOf(other) ? one : other;
}

export interface PrincipalRow {
  name: string;
  tenant: string;
  role: Role;
  /** argon2id hash, or null for a principal that only has tokens. */
  passwordHash: string | null;
  created: string;
}

export interface TokenRow {
  /** Public part, shown in listings. */
  id: string;
  principal: string;
  /** Hex SHA-256 of the token. */
  hash: string;
  created: string;
  expires: string | null;
  /** Name that its owner gave it, of its own among the owner's; null for one without. */
  name: string | null;
  /** Role that it has at most; null: that of its owner. */
  role: Role | null;
  /** Time of its last use, to the minute; null before the first. */
  used: string | null;
  /** Scope of it; null: all that its owner may. */
  scope: Scope | null;
}

/** A token to be kept. */
export type NewToken = Pick<TokenRow, 'id' | 'principal' | 'hash' | 'expires'> & Partial<Pick<TokenRow, 'name' | 'role' | 'scope'>>;

export interface SessionRow {
  /** Hex SHA-256 of its secret. */
  hash: string;
  /** User of the gateway, or of an issuer (`corp:ann`), of whom there is no row. */
  principal: string;
  /** Login that began it, and with which it ends: its name, or what an issuer said of who came. Nothing secret. */
  proof: string;
  created: string;
  used: string;
}

/** Demand on a change of a user; absent: none. */
export type AccessDemand = 'an admin stays';

export interface AccessStore {
  principal(name: string): Promise<PrincipalRow | undefined>;
  principals(): Promise<PrincipalRow[]>;
  /**
   * Inserts or replaces.
   * @param before the row as it was read, or null where there was none: it must still be so. Absent: whatever there is
   * @returns false where another change came between, and nothing was done
   * @throws LastAdminError where the demand is not met, whoever changes users at the same time
   */
  putPrincipal(row: Omit<PrincipalRow, 'created'>, before?: PrincipalRow | null, demand?: AccessDemand): Promise<boolean>;
  /**
   * Removes the principal, where it is of that tenant (absent: of any), and its tokens.
   * @returns false when there was none
   * @throws LastAdminError as putPrincipal
   */
  removePrincipal(name: string, tenant?: string, demand?: AccessDemand): Promise<boolean>;
  tokenByHash(hash: string): Promise<TokenRow | undefined>;
  tokens(principal: string): Promise<TokenRow[]>;
  /** @returns false where there is no such principal, or it has a token of that name or id */
  addToken(row: NewToken): Promise<boolean>;
  /** Notes that a token is in use now. */
  useToken(id: string): Promise<void>;
  removeToken(id: string): Promise<boolean>;
  sessionByHash(hash: string): Promise<SessionRow | undefined>;
  /** Adds a session, and removes those of anyone that began before a time or were last used before another (RFC 3339). */
  addSession(row: Omit<SessionRow, 'created' | 'used'>, ended: { createdBefore: string; usedBefore: string }): Promise<void>;
  /** Notes that a session is in use now. */
  useSession(hash: string): Promise<void>;
  removeSession(hash: string): Promise<boolean>;
}

/** Change of who may log in, as it is recorded with the change itself. */
export interface AccessChange {
  /** User that it is about. */
  name: string;
  tenant: string;
  /** Words for what was done: `added user ann (admin)`. Nothing secret. */
  what: string;
}
