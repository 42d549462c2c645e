import { Client } from 'pg';

/** Oldest PostgreSQL that is supported. */
const OLDEST = 14;
const CONNECT_MS = 10_000;

/**
 * Tries the login to PostgreSQL, changing nothing there.
 * @returns its version, for people
 * @throws Error in words where it can't be reached, refuses the login or is too old
 */
export async function checkPostgres(url: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, application_name: 'cimi-gateway check' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    const version = rows[0]?.server_version ?? '';
    if (Number.parseInt(version, 10) < OLDEST) throw new Error(`it is version ${version}; ${OLDEST} or later is needed`);
    return version;
  } finally {
    await client.end();
  }
}
