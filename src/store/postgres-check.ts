import type { Cipher } from './cipher';
import { RESTORE_MARK } from './restore-mark';
import { checkStored, type StoredCheck } from './stored-check';

/** Oldest PostgreSQL that is supported. */
const OLDEST = 14;
const CONNECT_MS = 10_000;

/**
 * Tries the login to PostgreSQL and looks at what a start would find there, changing nothing.
 * @throws Error in words where it can't be reached, refuses the login or is too old; WrongKeyError
 */
export async function checkPostgres(url: string, cipher: Cipher): Promise<StoredCheck & { version: string }> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, application_name: 'cimi-gateway check' });
  client.on('error', () => undefined);
  const ask = async (sql: string) => (await client.query<Record<string, unknown>>(sql)).rows[0];
  try {
    await client.connect();
    const version = String((await ask('show server_version'))?.['server_version']);
    if (Number.parseInt(version, 10) < OLDEST) throw new Error(`it is version ${version}; ${OLDEST} or later is needed`);
    const there = (...names: string[]): string => `num_nonnulls(${names.map((name) => `to_regclass('${name}')`).join(', ')})`;
    const query = `select ${there('meta', 'principals')} as found, ${there(RESTORE_MARK)} as mark`;
    return { version, ...(await checkStored(query, cipher, ask)) };
  } catch (error) {
    throw unusable(url, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Says what is wrong with a PostgreSQL, naming its host and database and nothing of the login but the user. */
export function unusable(url: string, error: unknown): Error {
  return new Error(`PostgreSQL ${placeOf(url)} can't be used: ${reasonOf(error)}`, { cause: error });
}

function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'of store.url';
  const { hostname, port, pathname, username, searchParams } = new URL(url);
  const host = hostname || searchParams.get('host') || 'localhost';
  return `at ${host}:${port || '5432'}, database ${pathname.slice(1) || '(default)'}, user ${username || '(default)'}`;
}

/** The words of an error; of several at once (a name with several addresses) those of all. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join('; ');
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof AggregateError ? reasonOf(error.cause) : '';
  return error.message.replace(/: $/, '') + (cause === '' ? '' : `: ${cause}`) || String(Reflect.get(error, 'code') ?? error.name);
}
