import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config';
import { createFetcher } from '../fetch/fetcher';
import { catalogueFor, connect, handlersFor, tagKeyOf } from '../gateway';
import { DATABASE_FILE, openStore } from './opening';
import type { Closers } from '../http/closers';
import { createLog } from '../http/log';
import { createMetrics } from '../http/metrics';
import { typeExtensionsOf } from '../plugins/type-module';
import { examine, type Discrepancy } from '../reader/examination';
import { lockFolder } from '../store/folder-lock';

export type { Discrepancy } from '../reader/examination';

/**
 * Opens the store and the clouds, as a start would, and compares them.
 * @param key for secrets, as the gateway uses it
 * @param mends whether what is found may be mended: on SQLite no gateway may run then, which would not see it
 * @param only keys of the clouds that are looked at; all if absent
 * @param closers end what is opened here
 * @throws Error in words where there is no store, no key, or where a gateway runs that mending is not told to
 */
export async function examining(
  config: Config,
  { key, mends, only }: { key: Buffer | undefined; mends: boolean; only?: readonly string[] | undefined },
  closers: Closers,
): Promise<AsyncGenerator<Discrepancy>> {
  const isFile = config.store.kind === 'sqlite';
  if (isFile && !existsSync(join(config.data.dir, DATABASE_FILE))) throw new Error(`there is no store in ${config.data.dir}`);
  if (isFile && mends) closers.add(lockFolder(config.data.dir));
  const log = createLog({ level: 'silent' });
  const options = { config, log, role: 'worker' as const };
  const types = await typeExtensionsOf(config);
  if (!key)
    throw new Error(`no key for secrets is configured, and none is kept in ${config.data.dir}: without it nothing tells what is ours`);
  const store = await openStore(config, key, log, mends);
  closers.add(() => store.close());
  const clouds = await connect(options, createMetrics());
  closers.add(() => clouds.close());
  const catalogue = catalogueFor(clouds, config, types);
  const handlers = handlersFor(config, types, catalogue, createFetcher(config.fetch));
  const told = { warn: () => undefined };
  return examine({ store, clouds, catalogue, handlers, tagKey: tagKeyOf(store), log: told }, only);
}
