import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../protocol/messages';
import { lesserRole, type PrincipalRow, type TokenRow } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';

/** Pattern of every token of the gateway; the prefix lets scanners for leaked secrets recognize it. */
export const TOKEN_SHAPE = /^cimi_[A-Za-z0-9_-]{43,44}$/;

/**
 * A new bearer token of 256 random bits.
 * @param scoped longer, so that a version of the gateway that knows nothing of scopes takes it for none of its tokens
 */
export function newToken(scoped = false): string {
  return `cimi_${scoped ? 's' : ''}${randomBytes(32).toString('base64url')}`;
}

/** The hex SHA-256 under which a token is stored; a fast hash is enough for what can't be guessed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** User of the gateway who comes by a token, as the token lets it be: never more than its owner is by now. */
export function bearerOf({ name, tenant, role }: PrincipalRow, token: TokenRow): Principal {
  const own = token.role === null ? role : lesserRole(token.role, role);
  const lowered = own === role ? {} : { userRole: role };
  return { name, tenant, role: own, ...lowered, token: token.name ?? token.id, ...(token.scope && { scope: token.scope }) };
}

/** Time after which the last use of a token is written down again, in ms. */
export const USED_MS = 60_000;

/**
 * Waits for a note of a use, which nobody's login depends on: a store that takes no writes now (it is full, or fails over) can be read,
 * and the next use is noted.
 */
export async function unlessAway(noted: Promise<void>): Promise<void> {
  try {
    await noted;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
  }
}
