import type { JWTPayload } from 'jose';
import type { Principal } from '../protocol/messages';
import type { Role } from '../store/store';
import { isObject } from './oidc-keys';

/** Role and tenant of those of a group; without a group: of everyone of the issuer. */
export interface Grant {
  group?: string | undefined;
  role: Role;
  tenant?: string | undefined;
}

/** Names of claims, and what follows from their values. */
export interface ClaimRules {
  /** Claims with the user's name, its groups and its tenant. */
  claims: { user: string; groups: string; tenant?: string | undefined };
  /** Grants in order: the first that fits counts. */
  grants: readonly Grant[];
}

/** Longest name and longest subject, characters; largest number of groups that are looked at. */
const MOST_NAME = 128;
const MOST_SUBJECT = 255;
const MOST_GROUPS = 2_000;
/** Claims that are a scope, of words with blanks between. */
const SCOPES = /^(.+\.)?(scope|scp)$/;

/**
 * Reads from the claims of a token, whose signature was found right, who it is and what that may do.
 * @param key name of the issuer in the configuration: begins the user's name, so that it is never that of a user of the gateway
 * @param tenants all that there are
 * @param named groups that rules name: no others are told of it
 * @returns words where it may nothing
 */
export function principalOf(
  payload: JWTPayload,
  key: string,
  { claims, grants }: ClaimRules,
  tenants: readonly string[],
  named: ReadonlySet<string> = new Set(),
): Principal | { refused: string; tried: string } {
  const name = wordAt(payload, claims.user, MOST_NAME);
  const subject = wordAt(payload, 'sub', MOST_SUBJECT);
  const tried = `${key}:${name ?? subject ?? ''}`;
  if (name === undefined) return { refused: `the token has no name of the user in its claim ${claims.user}`, tried };
  if (subject === undefined) return { refused: 'the token has no subject (sub)', tried };
  const groups = wordsAt(payload, claims.groups);
  const grant = grants.find(({ group }) => group === undefined || groups.includes(group));
  if (!grant) return { refused: `${tried} has no role here: none of its groups has one`, tried };
  const tenant = grant.tenant ?? (claims.tenant === undefined ? undefined : wordAt(payload, claims.tenant, MOST_NAME));
  if (tenant === undefined || !tenants.includes(tenant))
    return { refused: `${tried} has no role here: its token names no tenant that there is`, tried };
  const own = [...named].filter((group) => groups.includes(group)).sort();
  return { name: tried, tenant, role: grant.role, from: { issuer: String(payload.iss), subject }, ...(own.length > 0 && { groups: own }) };
}

/** Picks the claims that principalOf looks at: nothing else of a token is kept. */
export function countingClaims(payload: JWTPayload, { claims }: Pick<ClaimRules, 'claims'>): JWTPayload {
  const names = ['iss', 'sub', claims.user, claims.groups, ...(claims.tenant === undefined ? [] : [claims.tenant])];
  return Object.fromEntries(names.map((name) => [name, claimAt(payload, name)]).filter(([, value]) => value !== undefined)) as JWTPayload;
}

/** Finds a claim by its name, or by the names on the way to it: `realm_access.roles`. */
function claimAt(payload: object, name: string): unknown {
  if (Object.hasOwn(payload, name)) return (payload as Record<string, unknown>)[name];
  let value: unknown = payload;
  for (const part of name.split('.')) value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

/** A text that can stand in a log, an audit and a column; undefined for anything else. */
function wordAt(payload: object, name: string, most: number): string | undefined {
  const value = claimAt(payload, name);
  if (typeof value !== 'string' || value === '' || value.length > most) return undefined;
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value) ? undefined : value;
}

/** Texts of a list, of one text, or of a scope, which has blanks between (RFC 8693 4.2). A group's own name can have a blank. */
function wordsAt(payload: object, name: string): unknown[] {
  const value = claimAt(payload, name);
  if (typeof value === 'string') return SCOPES.test(name) ? value.split(' ').slice(0, MOST_GROUPS) : [value];
  return Array.isArray(value) ? value.slice(0, MOST_GROUPS) : [];
}
