import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { secretKey, type Config } from '../config/config';
import { keyFile } from '../gateway';
import { openStore } from '../gateway/opening';
import { createLog } from '../http/log';
import { auditEntry, type AuditContent } from '../operations/audit';
import type { AccessChange } from '../store/access-store';
import type { AuditFault, AuditHead } from '../store/audit-store';
import type { EventRecord } from '../store/event-record';
import { readKey } from '../store/key-file';
import type { Store } from '../store/store';
import { configOf, say, withConfig, type CommonOptions } from './common';

interface VerifyOptions extends CommonOptions {
  anchor?: string;
}

interface ListOptions extends CommonOptions {
  tenant?: string;
  strangers?: boolean;
  limit: number;
}

/** `audit`: who asked for what, and whether that can be trusted. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('read the audit, and check that nothing in it was changed');
  audit.addCommand(
    withConfig(new Command('verify').description('check every entry; exit code 1 where something was changed, taken out or put in'))
      .option('--anchor <file>', 'ends that an earlier run wrote there must still be there; writes the new ones (keep it elsewhere)')
      .action((options: VerifyOptions) => withStore(options, (store) => verify(store, options.anchor))),
  );
  audit.addCommand(
    withConfig(new Command('list').description('list entries, newest first, one JSON object a line'))
      .option('--tenant <tenant>', 'tenant', 'default')
      .option('--strangers', 'failed logins of nobody that is known, which belong to no tenant')
      .option('--limit <n>', 'most entries', numberOf, 100)
      .action((options: ListOptions) => withStore(options, (store) => list(store, options))),
  );
  return audit;
}

async function verify(store: Store, anchor: string | undefined): Promise<void> {
  const { entries, heads, faults } = await store.checkAudit(anchor === undefined ? [] : await readAnchor(anchor));
  for (const fault of faults) say(wordsOf(fault));
  const tenants = new Set(heads.filter(({ link }) => link > 0).map(({ tenant }) => tenant)).size;
  if (faults.length > 0) {
    process.exitCode = 1;
    return say(`WRONG: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in ${entries} entries of ${tenants} tenants`);
  }
  if (anchor !== undefined) await writeAnchor(anchor, heads);
  say(`ok: ${entries} entries of ${tenants} tenants are as they were written`);
}

function wordsOf({ tenant, lane, link, message }: AuditFault): string {
  const whose = tenant === '' ? 'strangers' : `tenant ${tenant}`;
  return `${whose}${lane < 0 ? '' : `, chain ${lane}`}${link === undefined ? '' : `, entry ${link}`}: ${message}`;
}

async function readAnchor(file: string): Promise<AuditHead[]> {
  if (!existsSync(file)) return [];
  const heads: unknown = JSON.parse(await readFile(file, 'utf8'));
  if (!Array.isArray(heads) || !heads.every(isHead)) throw new Error(`${file} was not written by 'audit verify --anchor'`);
  return heads;
}

function isHead(value: unknown): value is AuditHead {
  if (typeof value !== 'object' || value === null) return false;
  const { tenant, lane, link, mac } = value as Partial<Record<keyof AuditHead, unknown>>;
  return typeof tenant === 'string' && typeof lane === 'number' && typeof link === 'number' && typeof mac === 'string';
}

async function writeAnchor(file: string, heads: readonly AuditHead[]): Promise<void> {
  const next = `${file}.next`;
  await writeFile(next, `${JSON.stringify(heads)}\n`);
  await rename(next, file);
}

async function list(store: Store, { tenant = 'default', strangers, limit }: ListOptions): Promise<void> {
  for (const { timestamp, resource, type, content, outcome, job } of await store.auditEntries(strangers ? '' : tenant, limit))
    say(JSON.stringify({ timestamp, resource, type, outcome, ...content, ...(job === undefined ? {} : { job }) }));
}

function numberOf(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('it is a whole number from 1 on');
  return value;
}

/** Makes the entry of a change of users or quotas that a command made. */
export function commandEntry({ tenant, what }: Omit<AccessChange, 'name'>, content: AuditContent): EventRecord {
  const name = `${userInfo().username}@${hostname()}`;
  const who = { name, role: 'command line' };
  return auditEntry(
    {
      tenant,
      who,
      operation: 'cimi-gateway',
      action: 'configure',
      path: 'cloudEntryPoint',
      type: 'CloudEntryPoint',
      outcome: 'Success',
      detail: what,
    },
    content,
  );
}

/** Reads the key that the gateway uses: configured, or kept in the data folder; undefined before its first start. */
export async function keyOf(config: Config): Promise<Buffer | undefined> {
  return secretKey(config) ?? (await readKey(keyFile(config)));
}

/** Opens the store with the key that the gateway uses, beside a gateway that runs over it. @param migrates false for what only looks */
export async function withStore(
  options: CommonOptions,
  work: (store: Store, config: Config) => Promise<void>,
  migrates = false,
): Promise<void> {
  const config = await configOf(options);
  const store = await openStore(config, await keyOf(config), createLog({ level: 'silent' }), migrates);
  try {
    await work(store, config);
  } finally {
    await store.close();
  }
}
