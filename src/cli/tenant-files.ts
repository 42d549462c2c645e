import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { buildOf } from '../config/build';
import { tenantsOf, type Config } from '../config/config';
import { DATABASE_FILE } from '../gateway/opening';
import { ALARMS, collectorOf } from '../operations/collecting';
import { tenantLog } from '../operations/event-log';
import { checkKey } from '../store/key-check';
import { lockFolder } from '../store/folder-lock';
import type { Counts } from '../store/backup-file';
import { assertMigrated } from '../store/migrations';
import { assertRestored } from '../store/restore-mark';
import { tablesOf as namesOfTables, type Session } from '../store/session';
import { sqliteTables } from '../store/sqlite';
import { exportTenant } from '../store/tenant-export';
import { verifyTenantFile, type TenantHeader } from '../store/tenant-file';
import { assertImportable, checkTenantRows, importTenant, type TenantImport } from '../store/tenant-import';
import { commandEntry } from './audit';
import { cipherOf, tablesOf } from './backup';
import { catalogueOf } from './catalogue';
import { configOf, say, withConfig, type CommonOptions } from './common';
import { askPassword } from './password';

const MINUTE_MS = 60_000;
/** Minutes that an import into PostgreSQL takes at most where nothing else is said. */
const LONGEST_MINUTES = 10;

interface ExportOptions extends CommonOptions {
  out: string;
  passphraseFile?: string;
}

interface ImportOptions extends CommonOptions {
  as?: string;
  check?: boolean;
  within: number;
  passphraseFile?: string;
}

const PASSPHRASE = 'file whose first line is the passphrase of the secrets in it (-: standard input)';

/** `tenant export`: what is stored of one tenant, in a file. */
export function exportCommand(): Command {
  return withConfig(
    new Command('export').description('write what is stored of a tenant, beside a running gateway, and read it back').argument('<tenant>'),
  )
    .requiredOption('--out <file>', 'file that is made')
    .option('--passphrase-file <file>', `${PASSPHRASE}; without, secrets are left out`)
    .action(async (tenant: string, { out, passphraseFile, ...options }: ExportOptions) => {
      const config = await configOf(options);
      if (existsSync(out)) throw new Error(`${out} is there already: exports are never written over`);
      const passphrase = await passphraseOf(passphraseFile);
      const catalogue = await catalogueOf(config);
      const hasType = (type: string) => catalogue.has(type);
      const session = await tablesOf(config, 'export', await cipherOf(config));
      try {
        const drivers = Object.fromEntries(Object.entries(config.clouds).map(([key, { driver }]) => [key, driver]));
        const { header, rows } = await exportTenant(session, out, {
          ...{ tenant, drivers, hasType, passphrase },
          version: buildOf(process.env).version,
        });
        tell(header, rows);
      } finally {
        await session.db.destroy();
      }
    });
}

/** `tenant import`: what was exported, into a store that has nothing of the tenant. */
export function importCommand(): Command {
  return withConfig(
    new Command('import')
      .description('bring in what was exported of a tenant, all or nothing; over SQLite no gateway may run')
      .argument('<file>'),
  )
    .option('--as <tenant>', 'tenant that it is for here (default: the one that it was exported of)')
    .option('--passphrase-file <file>', PASSPHRASE)
    .option('--check', 'only tell whether the file is whole and fits here')
    .option('--within <minutes>', 'longest time that other tenants wait for it, over PostgreSQL', minutesOf, LONGEST_MINUTES)
    .action(async (file: string, { as, check, within, passphraseFile, ...options }: ImportOptions) => {
      const config = await configOf(options);
      const { header, rows } = await verifyTenantFile(file);
      tell(header, rows);
      const tenant = as ?? header.tenant;
      const known = tenantsOf(config);
      if (!known.includes(tenant))
        throw new Error(`there is no tenant ${tenant} here; there are ${known.join(', ')}: configure it first, or say another by --as`);
      const serving = Object.entries(config.clouds).filter(([, { tenants }]) => tenants.includes(tenant));
      const catalogue = await catalogueOf(config);
      const what: TenantImport = {
        ...{ tenant, passphrase: await passphraseOf(passphraseFile), catalogue, tenants: known },
        hasWork: (work) => work === ALARMS || [null, ...serving.map(([key]) => key)].some((key) => collectorOf(key) === work),
        isOver: config.store.kind === 'sqlite' ? undefined : overAfter(within * MINUTE_MS),
        logOf: (name) => tenantLog(catalogue, name).path,
        drivers: Object.fromEntries(serving.map(([key, { driver }]) => [key, driver])),
        entryOf: (counts) => commandEntry({ tenant, what: `imported tenant ${header.tenant}: ${countsIn(counts)}` }, config.audit.content),
      };
      await withTables(config, async (session) => {
        if (check) {
          await checkTenantRows(file, what, await assertImportable(session, header, what));
          say('it is whole, and fits this version, these clouds and this passphrase');
        } else {
          await importTenant(session, file, what);
          say(`imported into tenant ${tenant}`);
        }
      });
    });
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0)) throw new InvalidArgumentError('It is a number of minutes, more than 0.');
  return minutes;
}

/** Tells whether so many ms have gone since it was asked for the first time. */
function overAfter(ms: number): () => boolean {
  let end: number | undefined;
  return () => performance.now() > (end ??= performance.now() + ms);
}

function tell({ tenant, created, version, store, schema, clouds, left, sealed }: TenantHeader, rows: Counts): void {
  const where = store === 'sqlite' ? 'SQLite' : 'PostgreSQL';
  say(`export of tenant ${tenant}, ${created} (${where}, version ${version}, schema ${schema}): ${countsIn(rows)}`);
  say(`clouds: ${Object.keys(clouds).join(', ') || 'none'}; secrets: ${sealed ? 'sealed with a passphrase' : 'none'}`);
  for (const words of left) say(`not in it: ${words}`);
}

function countsIn({ resources = 0, jobs = 0, events = 0, samples = 0 }: Counts): string {
  return `${resources} resources, ${jobs} Jobs, ${events} events, ${samples} samples`;
}

/** @throws Error in words where the file cannot be read */
async function passphraseOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  if (file === '-') return askPassword(process.stdin, process.stderr);
  const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/);
  return line;
}

/** Works on the tables of the configured store, with its keys. A gateway over SQLite would not see what others write: it must not run. */
async function withTables(config: Config, work: (session: Session) => Promise<void>): Promise<void> {
  const { store, data } = config;
  const file = join(data.dir, DATABASE_FILE);
  if (store.kind === 'sqlite' && !existsSync(file))
    throw new Error(`there is no store in ${data.dir}: start a gateway once, or restore a backup`);
  const unlock = store.kind === 'sqlite' ? lockFolder(data.dir) : () => undefined;
  try {
    const cipher = await cipherOf(config);
    if (!cipher.keyed)
      throw new Error(`secrets and audit need the key that the gateway uses: set secrets.key, or put secret.key into ${data.dir}`);
    const session = store.kind === 'sqlite' ? sqliteTables({ file, cipher, readOnly: false }) : await tablesOf(config, 'import', cipher);
    try {
      await assertRestored(session);
      if (!(await namesOfTables(session)).has('kysely_migration'))
        throw new Error('the store is empty: start a gateway once, or restore a backup');
      await assertMigrated(session.db, session.dialect);
      await work({ ...session, cipher: await checkKey(session) });
    } finally {
      await session.db.destroy();
    }
  } finally {
    unlock();
  }
}
