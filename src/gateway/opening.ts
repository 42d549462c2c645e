import { join } from 'node:path';
import type { Logger } from 'pino';
import { otherKeys, type Config } from '../config/config';
import { EmbeddedQueue, type JobQueue } from '../jobs/queue';
import { createCipher } from '../store/cipher';
import { unusable } from '../store/postgres-check';
import { openSqliteStore } from '../store/sqlite';
import type { Store } from '../store/store';
import { StoreUnavailable } from '../store/unavailable';

/** The embedded store, in the data folder. */
export const DATABASE_FILE = 'cimi.db';

/** Opens the configured store. Without a key it serves the management of users only. @param migrates false for what only looks */
export async function openStore(config: Config, key: Buffer | undefined, log: Logger, migrates = true): Promise<Store> {
  const cipher = createCipher(key, otherKeys(config));
  if (config.store.kind === 'sqlite') return openSqliteStore({ file: join(config.data.dir, DATABASE_FILE), cipher, migrates });
  const url = config.store.url ?? '';
  const onTrouble = (error: Error): void => log.warn({ error: error.message }, 'a connection to PostgreSQL broke');
  // Its client is loaded where it is used, like that of Redis: most starts need neither.
  const { openPostgresStore } = await import('../store/postgres');
  try {
    return await openPostgresStore({ url, cipher, poolSize: config.store.connections, onTrouble, migrates });
  } catch (error) {
    throw error instanceof StoreUnavailable ? unusable(url, error.cause) : error;
  }
}

/** Opens the configured queue. */
export async function openQueue({ queue: { kind, url = '', prefix } }: Config, log: Logger): Promise<JobQueue> {
  if (kind === 'embedded') return new EmbeddedQueue();
  const { RedisQueue } = await import('../jobs/redis-queue');
  return new RedisQueue({ url, prefix, log });
}
