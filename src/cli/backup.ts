import { Command } from 'commander';
import { sql } from 'kysely';
import { existsSync, statSync } from 'node:fs';
import { link, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { otherKeys, type Config } from '../config/config';
import { DATABASE_FILE } from '../gateway/opening';
import { buildOf } from '../config/build';
import { backUp } from '../store/backup';
import { verifyBackup, type BackupHeader, type Counts } from '../store/backup-file';
import { createCipher, type Cipher } from '../store/cipher';
import { lockFolder } from '../store/folder-lock';
import { assertFits, fillFrom, isEmpty } from '../store/restore';
import type { Session } from '../store/session';
import { sqliteTables } from '../store/sqlite';
import { StoreUnavailable } from '../store/unavailable';
import { keyOf } from './audit';
import { configOf, say, withConfig, type CommonOptions } from './common';

interface RestoreOptions extends CommonOptions {
  replace?: boolean;
  check?: boolean;
}

/** Ends of the names of a database's files. */
const SUFFIXES = ['', '-wal', '-shm'];

/** `backup`: everything in the store as it is at one moment, in a file, beside a running gateway. */
export function backupCommand(): Command {
  return withConfig(
    new Command('backup').description('write a backup of the store, beside a running gateway, and read it back').argument('<file>'),
  ).action(async (file: string, options: CommonOptions) => {
    const config = await configOf(options);
    if (existsSync(file)) throw new Error(`${file} is there already: backups are never written over`);
    const session = await tablesOf(config, 'backup', await cipherOf(config));
    try {
      const { header, rows } = await backUp(session, file, buildOf(process.env).version);
      say(wordsOf(header, rows));
      say('the keys are not in it: keep them elsewhere');
    } finally {
      await session.db.destroy();
    }
  });
}

/** `restore`: fills the configured store, SQLite or PostgreSQL, with a backup of either. */
export function restoreCommand(): Command {
  return withConfig(new Command('restore').description('fill the store with a backup; no gateway may run over it').argument('<file>'))
    .option('--replace', 'drop what is in the store')
    .option('--check', 'only tell whether the backup is whole and fits this version and these keys')
    .action(async (file: string, options: RestoreOptions) => {
      const config = await configOf(options);
      const cipher = await cipherOf(config);
      const { header, rows } = await verifyBackup(file);
      say(wordsOf(header, rows));
      await fit(config, header, cipher);
      if (options.check) return say('it is whole, and fits this version and the configured keys');
      const fill = config.store.kind === 'sqlite' ? fillSqlite : fillPostgres;
      say(await fill(config, cipher, file, options.replace === true));
    });
}

function wordsOf({ created, version, store, schema, keys }: BackupHeader, rows: Counts): string {
  const [total, name] = [Object.values(rows).reduce((sum, n) => sum + n, 0), store === 'sqlite' ? 'SQLite' : 'PostgreSQL'];
  const needs = keys.length === 0 ? 'no key' : `key ${keys.join(', ')}`;
  return `backup of ${created} (${name}, version ${version}, schema ${schema}): ${total} rows, ${rows['resources'] ?? 0} of them resources; needs ${needs}`;
}

/** Makes the cipher of the configured keys; the one in the data folder where none is configured. */
export async function cipherOf(config: Config): Promise<Cipher> {
  return createCipher(await keyOf(config), otherKeys(config));
}

/** Opens the tables of the configured store, of SQLite to read. @param use told to PostgreSQL with the program's name @throws Error where there is none */
export async function tablesOf({ store, data }: Config, use: string, cipher: Cipher): Promise<Session> {
  if (store.kind === 'postgres') return (await import('../store/postgres')).postgresTables({ url: store.url ?? '', cipher, use });
  const file = join(data.dir, DATABASE_FILE);
  if (!existsSync(file)) throw new Error(`there is no store in ${data.dir}`);
  return sqliteTables({ file, cipher, readOnly: true });
}

/** @throws Error in words before anything is changed */
async function fit({ data }: Config, header: BackupHeader, cipher: Cipher): Promise<void> {
  if (header.keyCheck !== null && !cipher.keyed)
    throw new Error(`the backup needs key ${header.keys.join(', ')}: set secrets.key, or put secret.key into ${data.dir}`);
  assertFits(header, cipher);
}

/** Makes the new store beside the former one, which stays under another name. */
async function fillSqlite({ data }: Config, cipher: Cipher, backup: string, replace: boolean): Promise<string> {
  await mkdir(data.dir, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(data.dir);
  try {
    const file = join(data.dir, DATABASE_FILE);
    const [draft, former] = [`${file}.restoring`, `${file}.before-restore`];
    const there = existsSync(file);
    if (there) assertNoFormer(file, former);
    if (there) await settled(file, cipher, replace);
    await Promise.all(SUFFIXES.map((suffix) => rm(`${draft}${suffix}`, { force: true })));
    await withTables(draft, cipher, (session) => fillFrom(session, backup));
    if (there) {
      for (const suffix of SUFFIXES) {
        await rm(`${former}${suffix}`, { force: true });
        if (existsSync(`${file}${suffix}`)) await link(`${file}${suffix}`, `${former}${suffix}`);
      }
      // A log of changes that belongs to the former file must not be found beside the new one.
      for (const suffix of SUFFIXES.slice(1)) await rm(`${file}${suffix}`, { force: true });
    }
    for (const suffix of SUFFIXES.slice(1)) await rm(`${draft}${suffix}`, { force: true });
    await rename(draft, file);
    return `restored into ${file}${there ? `; what was there is ${former}` : ''}`;
  } finally {
    unlock();
  }
}

async function fillPostgres({ store }: Config, cipher: Cipher, backup: string, replace: boolean): Promise<string> {
  const { assertOurs, dropTables, isInUse, postgresTables } = await import('../store/postgres');
  const session = postgresTables({ url: store.url ?? '', cipher, use: 'restore' });
  try {
    if (await isInUse(session)) throw new Error('the store is in use by a gateway or another command: stop all of them first');
    await assertOurs(session);
    await assertReplaceable(session, replace);
    await dropTables(session);
    // Whoever opened it before its tables went is told of here, whoever does later is refused.
    if (await isInUse(session))
      throw new Error('a gateway or another command opened the store meanwhile: stop all of them, then restore again, with --replace');
    await fillFrom(session, backup);
    return 'restored into PostgreSQL';
  } finally {
    await session.db.destroy();
  }
}

/** Works on a file of SQLite, and then has everything in the file itself. @throws StoreUnavailable where it cannot be read */
async function withTables(file: string, cipher: Cipher, work: (session: Session) => Promise<unknown>): Promise<void> {
  const session = sqliteTables({ file, cipher, readOnly: false });
  try {
    await work(session);
    await sql`pragma wal_checkpoint(truncate)`.execute(session.db);
  } finally {
    await session.db.destroy();
  }
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw new Error(`${file} is read by another program: end that first`);
}

/** @throws Error where a former store is kept from a restore before this one; what a broken restore left is the present store by another name */
function assertNoFormer(file: string, former: string): void {
  const kept = statSync(former, { throwIfNoEntry: false });
  if (kept && kept.ino !== statSync(file).ino)
    throw new Error(`${former} is kept from an earlier restore: move it away or delete it first`);
}

/** Makes sure that what is there may go, and is whole in its file. One that cannot be read may go as it is. */
async function settled(file: string, cipher: Cipher, replace: boolean): Promise<void> {
  try {
    await withTables(file, cipher, (former) => assertReplaceable(former, replace));
  } catch (error) {
    if (!replace || !(error instanceof StoreUnavailable)) throw error;
    process.stderr.write('what is there cannot be read; it is kept as it is\n');
  }
}

/** @throws Error where something is in the store, and nothing was said of that */
async function assertReplaceable(session: Session, replace: boolean): Promise<void> {
  if (!replace && !(await isEmpty(session))) throw new Error('the store is not empty: say --replace if what is in it may go');
}
