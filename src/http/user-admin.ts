import type { Scope } from '../model/scope';
import type { Principal } from '../protocol/messages';
import { LastAdminError } from '../store/conflicts';
import { ROLES, type AccessStore, type PrincipalRow, type Role } from '../store/store';
import { notPossible, only, type AccessRequest, type AdminAnswer, type AdminPart, type Given } from './admin-api';
import { HttpFault } from './fault';
import { addToken, addUser, changeUser, listTokens, removeUser, revokeToken, userListing, type ScopeCheck } from './principals';

export interface UserAdminOptions {
  /** Users and tokens, where each change is an entry of the audit. */
  accessFor: (request: AccessRequest) => AccessStore;
  /** Tells that a scope is wider than its owner's rights. */
  wider?: ScopeCheck;
}

/** Makes `/admin/users`: users of the admin's own tenant, and their tokens. */
export function userAdmin({ accessFor, wider }: UserAdminOptions): AdminPart {
  return async ({ asked, below, given }) => {
    const { who, method } = asked;
    const access = accessFor(asked);
    const [name, part, id, ...more] = below;
    if (name === undefined) return users(access, who, method, given);
    const user = await access.principal(name);
    // Users of other tenants are not there.
    if (user?.tenant !== who.tenant || more.length > 0 || (part !== undefined && part !== 'tokens')) throw notFound();
    if (part === undefined) return oneUser(access, user, method, given);
    return id === undefined ? tokens(access, user, method, given, wider) : oneToken(access, user, id, method);
  };
}

async function users(access: AccessStore, who: Principal, method: string, given: Given): Promise<AdminAnswer> {
  if (method === 'GET') {
    const rows = (await access.principals()).filter(({ tenant }) => tenant === who.tenant);
    return { status: 200, body: { users: await Promise.all(rows.map((row) => userListing(access, row))) } };
  }
  if (method !== 'POST') throw notPossible('GET, HEAD, POST');
  const { name, role, password } = only(given, ['name', 'role', 'password']);
  if (name === undefined) throw new HttpFault(400, 'name is missing');
  const user = { name, tenant: who.tenant, role: roleOf(role ?? 'operator'), ...(password === undefined ? {} : { password }) };
  await addUser(access, user);
  return { status: 201, body: await listed(access, name) };
}

async function oneUser(access: AccessStore, user: PrincipalRow, method: string, given: Given): Promise<AdminAnswer> {
  if (method === 'GET') return { status: 200, body: await userListing(access, user) };
  if (method === 'DELETE') {
    await keepingOneAdmin(() => removeUser(access, user.name, user.tenant));
    return { status: 204 };
  }
  if (method !== 'PATCH') throw notPossible('GET, HEAD, PATCH, DELETE');
  const { role, password } = only(given, ['role', 'password']);
  if (role === undefined && password === undefined) throw new HttpFault(400, 'role or password is missing');
  const change = { ...(role !== undefined && { role: roleOf(role) }), ...(password !== undefined && { password }) };
  await keepingOneAdmin(() => changeUser(access, user.name, change, user.tenant));
  return { status: 200, body: await listed(access, user.name) };
}

/** @throws HttpFault 409 for the last admin of a tenant: without one nobody could manage it here, and without any user nobody logs in */
async function keepingOneAdmin(change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (error instanceof LastAdminError)
      throw new HttpFault(409, `${error.message}: make another one first, or do it by cimi-gateway user`);
    throw error;
  }
}

async function tokens(access: AccessStore, user: PrincipalRow, method: string, given: Given, wider?: ScopeCheck): Promise<AdminAnswer> {
  if (method === 'GET') return { status: 200, body: { tokens: await listTokens(access, user.name) } };
  if (method !== 'POST') throw notPossible('GET, HEAD, POST');
  const { scope, ...texts } = given;
  const { name, role, expires } = only(texts, ['name', 'role', 'expires'], ['scope']);
  const facts = {
    ...(name !== undefined && { name }),
    ...(expires !== undefined && { expires }),
    ...(role !== undefined && { role: roleOf(role) }),
    ...(scope !== undefined && { scope: scopeOf(scope) }),
  };
  const made = await addToken(access, user.name, facts, wider);
  return { status: 201, body: made };
}

async function oneToken(access: AccessStore, user: PrincipalRow, id: string, method: string): Promise<AdminAnswer> {
  if (!(await access.tokens(user.name)).some((token) => token.id === id)) throw notFound();
  if (method !== 'DELETE') throw notPossible('DELETE');
  await revokeToken(access, id);
  return { status: 204 };
}

async function listed(access: AccessStore, name: string): Promise<object> {
  const row = await access.principal(name);
  if (!row) throw notFound();
  return userListing(access, row);
}

const LISTS = ['collections', 'clouds', 'actions'] as const;

/** @throws HttpFault 400 for what is no lists of names */
function scopeOf(given: unknown): Scope {
  const words = `scope must be an object with one or more of ${LISTS.join(', ')}, each a list of names`;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || Object.keys(given).length === 0)
    throw new HttpFault(400, words);
  for (const [name, list] of Object.entries(given))
    if (!LISTS.some((known) => known === name) || !Array.isArray(list) || !list.every((one) => typeof one === 'string'))
      throw new HttpFault(400, words);
  return given;
}

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (!role) throw new HttpFault(400, `role must be one of ${ROLES.join(', ')}`);
  return role;
}

function notFound(): HttpFault {
  return new HttpFault(404, 'there is no such user or token');
}
