import { createHash, randomBytes } from 'node:crypto';

/** Pattern of every token of the gateway; the prefix lets scanners for leaked secrets recognize it. */
export const TOKEN_SHAPE = /^cimi_[A-Za-z0-9_-]{43}$/;

/** A new bearer token of 256 random bits. */
export function newToken(): string {
  return `cimi_${randomBytes(32).toString('base64url')}`;
}

/** The hex SHA-256 under which a token is stored; a fast hash is enough for what can't be guessed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
