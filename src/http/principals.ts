import { randomBytes } from 'node:crypto';
import { shown } from '../model/shown';
import { instantOf } from '../model/time';
import { lesserRole, ROLES, type AccessDemand, type AccessStore, type PrincipalRow, type Role, type TokenRow } from '../store/store';
import type { Scope } from '../model/scope';
import { canonical, hashPassword } from './passwords';
import { hashToken, newToken } from './tokens';

/** A request of the operator that can't be done, in words for a terminal; over HTTP it breaks a rule, its subject is not there, or in the way. */
export class AccessError extends Error {
  constructor(
    message: string,
    readonly status: 400 | 404 | 409 = 400,
  ) {
    super(message);
    this.name = 'AccessError';
  }
}

export interface NewUser {
  name: string;
  tenant: string;
  role: Role;
  /** Password; absent for a principal that only has tokens. */
  password?: string;
}

/** A token as it is listed: all but the token. */
export interface TokenListing {
  id: string;
  name: string | null;
  /** Role that it has at most; null: that of its owner. */
  role: Role | null;
  created: string;
  expires: string | null;
  /** Time of its last use, to the minute; null before the first. */
  used: string | null;
  /** Scope of it; absent: all that its owner may. */
  scope?: Scope;
}

export interface UserListing {
  name: string;
  tenant: string;
  role: Role;
  password: boolean;
  created: string;
  tokens: TokenListing[];
}

const MIN_PASSWORD = 8;
const MAX_PASSWORD_BYTES = 1024;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/**
 * Adds a principal.
 * @throws AccessError when the name is taken or a rule is broken
 */
export async function addUser(access: AccessStore, user: NewUser): Promise<void> {
  assertName('user name', user.name);
  assertName('tenant', user.tenant);
  if (!ROLES.includes(user.role)) throw new AccessError(`unknown role '${user.role}': it is one of ${ROLES.join(', ')}`);
  if (await access.principal(user.name)) throw new AccessError(`there is a user ${user.name} already`, 409);
  const passwordHash = user.password === undefined ? null : await hashPassword(checked(user.password));
  const row = { name: user.name, tenant: user.tenant, role: user.role, passwordHash };
  // Somebody may have taken the name while the password was hashed: never over a user that there is.
  if (!(await access.putPrincipal(row, null))) throw new AccessError(`there is a user ${user.name} already`, 409);
}

/** Change of a user: what is absent stays. */
export interface UserChange {
  role?: Role;
  password?: string;
}

/** Times that a change is tried anew where others change the same user. */
const ATTEMPTS = 5;

/**
 * Changes a user, all at once, and nothing that another changed meanwhile.
 * @param within tenant that the user must be of, and keeps an admin; absent: any
 * @throws AccessError when there is no such user, the password breaks a rule, or others change the user all the time
 * @throws LastAdminError when nobody would be admin of the tenant any more
 */
export async function changeUser(access: AccessStore, name: string, { role, password }: UserChange, within?: string): Promise<void> {
  const passwordHash = password === undefined ? undefined : await hashPassword(checked(password));
  for (let left = ATTEMPTS; left > 0; left -= 1) {
    const row = await access.principal(name);
    if (!row || (within !== undefined && row.tenant !== within)) throw noSuchUser(name);
    const next = { name: row.name, tenant: row.tenant, role: role ?? row.role, passwordHash: passwordHash ?? row.passwordHash };
    if (await access.putPrincipal(next, row, demandWithin(within))) return;
  }
  throw new AccessError(`${name} is being changed by others: try again`, 409);
}

/**
 * Removes a principal and its tokens; running gateways notice within two seconds.
 * @param within tenant that the user must be of, and keeps an admin; absent: any
 * @throws AccessError when there is no such user
 * @throws LastAdminError when nobody would be admin of the tenant any more
 */
export async function removeUser(access: AccessStore, name: string, within?: string): Promise<void> {
  if (!(await access.removePrincipal(name, within, demandWithin(within)))) throw noSuchUser(name);
}

/** Demand on changes within a tenant. By command, where none is named, the operator may do without any admin. */
function demandWithin(tenant: string | undefined): AccessDemand | undefined {
  return tenant === undefined ? undefined : 'an admin stays';
}

/** Everyone, by name, with the public parts of their tokens; no hashes. */
export async function listUsers(access: AccessStore): Promise<UserListing[]> {
  const rows = [...(await access.principals())].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Promise.all(rows.map((row) => userListing(access, row)));
}

/** One user with the public parts of its tokens; no hashes. */
export async function userListing(access: AccessStore, { name, tenant, role, passwordHash, created }: PrincipalRow): Promise<UserListing> {
  return { name, tenant, role, password: passwordHash !== null, created, tokens: (await access.tokens(name)).map(listed) };
}

/**
 * Lists the tokens of a user, eldest first; no hashes.
 * @throws AccessError when there is no such user
 */
export async function listTokens(access: AccessStore, user: string): Promise<TokenListing[]> {
  if (!(await access.principal(user))) throw noSuchUser(user);
  return (await access.tokens(user)).map(listed);
}

function listed({ id, name, role, created, expires, used, scope }: TokenRow): TokenListing {
  return { id, name, role, created, expires, used, ...(scope && { scope }) };
}

/** Facts of a new token beside whose it is. */
export interface TokenFacts {
  /** Time of its end, RFC 3339; never when absent. */
  expires?: string;
  /** Name of its own among those of its owner. */
  name?: string;
  /** Role that it has at most, whatever its owner may later; its owner's when absent. */
  role?: Role;
  /** Scope of it; all that its owner may when absent. */
  scope?: Scope;
}

/** Finds what speaks against a token of somebody for a scope, in words; undefined where nothing does. */
export type ScopeCheck = (owner: Pick<PrincipalRow, 'name' | 'tenant' | 'role'> & { userRole: Role }, scope: Scope) => string | undefined;

/**
 * Makes a bearer token.
 * @returns the token itself, which can't be had again, and the id by which it is listed and revoked
 * @param wider what tells that a scope is wider than its owner's rights, or names what there is not
 * @throws AccessError when there is no such user, the time is unreadable or past, the name is taken, or role or scope are above the owner's
 */
export async function addToken(
  access: AccessStore,
  user: string,
  facts: TokenFacts = {},
  wider: ScopeCheck = () => undefined,
): Promise<{ id: string; token: string }> {
  const { expires, name, role, scope } = facts;
  const owner = await access.principal(user);
  if (!owner) throw noSuchUser(user);
  if (name !== undefined) {
    assertName('name of a token', name);
    if ((await access.tokens(user)).some((token) => token.name === name)) throw new AccessError(`${user} has a token ${name} already`, 409);
  }
  if (role !== undefined && lesserRole(role, owner.role) !== role)
    throw new AccessError(`${user} is ${owner.role}: a token can not be ${role}`);
  const fault = scope && wider({ name: user, tenant: owner.tenant, role: role ?? owner.role, userRole: owner.role }, scope);
  if (fault !== undefined) throw new AccessError(fault);
  const until = expires === undefined ? undefined : endOf(expires);
  const id = randomBytes(6).toString('hex');
  const token = newToken(scope !== undefined);
  const added = await access.addToken({
    id,
    principal: user,
    hash: hashToken(token),
    expires: until === undefined ? null : new Date(until).toISOString(),
    name: name ?? null,
    role: role ?? null,
    scope: scope ?? null,
  });
  if (!added) throw (await access.principal(user)) ? new AccessError(`${user} has a token ${name ?? id} already`, 409) : noSuchUser(user);
  return { id, token };
}

/** A time as RFC 3339 has it: a day, a clock, and a zone, without which each machine would read another. */
const TIME = /^\d{4}-\d{2}-\d{2}[Tt][\d:.]+([Zz]|[+-]\d{2}:\d{2})$/;

/** @returns ms since the epoch @throws AccessError for what is no such time, or is past */
function endOf(expires: string): number {
  const time = TIME.test(expires) ? instantOf(expires.toUpperCase()) : undefined;
  if (time !== undefined && time > Date.now()) return time;
  throw new AccessError(`'${shown(expires, 60)}' is not a time in the future (2027-01-31T00:00:00Z)`);
}

/** @throws AccessError when there is no such token */
export async function revokeToken(access: AccessStore, id: string): Promise<void> {
  if (!(await access.removeToken(id))) throw new AccessError(`there is no token ${id}`, 404);
}

/**
 * Reads a password from a stream (standard input), never from arguments, which everyone on the machine can see: the
 * first line, without its end.
 */
export async function readPassword(input: AsyncIterable<string | Uint8Array>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (bytes.includes(0x0a) || size > MAX_PASSWORD_BYTES + 2) break;
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split('\n');
  return line.replace(/\r$/, '');
}

function checked(password: string): string {
  const text = canonical(password);
  if ([...text].length < MIN_PASSWORD) throw new AccessError(`the password is too short: at least ${MIN_PASSWORD} characters`);
  if (Buffer.byteLength(text) > MAX_PASSWORD_BYTES) throw new AccessError(`the password is too long: at most ${MAX_PASSWORD_BYTES} bytes`);
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new AccessError('the password holds a control character');
  return text;
}

function assertName(what: string, name: string): void {
  if (NAME.test(name)) return;
  throw new AccessError(
    `'${name}' is not a valid ${what}: use letters, digits and . _ @ -, beginning with a letter or digit, at most 64 characters`,
  );
}

function noSuchUser(name: string): AccessError {
  return new AccessError(`there is no user ${name}`, 404);
}
