import type { Kysely } from 'kysely';
import type { Cipher } from './cipher';
import type { SqlDialect } from './dialect';
import type { Tables } from './schema';

/** What every statement needs: a connection (or the transaction it belongs to), the dialect and the cipher. */
export interface Session {
  db: Kysely<Tables>;
  dialect: SqlDialect;
  cipher: Cipher;
}

/** True for text that no row can hold: neither database stores NUL, so it is answered as absent without asking. */
export function impossible(text: string): boolean {
  return text.includes('\0');
}

export function encode(value: unknown): string {
  return JSON.stringify(value);
}

export function decode<T>(text: string): T {
  return JSON.parse(text) as T;
}

/** Seals a value as JSON for `table/row/column`; null stays null. */
export function seal(cipher: Cipher, value: unknown, place: string): string | null {
  return value === null ? null : cipher.seal(JSON.stringify(value), place);
}

export function unseal<T>(cipher: Cipher, envelope: string | null, place: string): T | null {
  return envelope === null ? null : (JSON.parse(cipher.open(envelope, place)) as T);
}
