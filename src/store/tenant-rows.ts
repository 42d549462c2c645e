import type { z } from 'zod';
import type { Catalogue } from '../model/catalogue';
import { shown } from '../model/shown';
import type { Values } from '../model/values';
import type { BackupRow } from './backup-file';
import { DamagedError, WrongKeyError, type Cipher } from './cipher';
import { isDeep, problemOf } from './json-text';
import { storableName, targetsOf } from './resources';
import { decodeColumn } from './session';
import { secretsPlace, TENANT_TABLES, type TenantTable } from './tenant-file';
import { rowSchemas, valuesSchema } from './tenant-schemas';
import { eventLog } from '../model/event';

/** Type of resources that are logs. */
export const EVENT_LOG = eventLog.name;

/** Place that the rows of a tenant's file are for. */
export interface TenantPlace {
  /** Tenant that it is for here. */
  tenant: string;
  /** Drivers of the clouds that serve this tenant here, by key. */
  drivers: Readonly<Record<string, string>>;
  catalogue: Catalogue;
  /** Path of the log of all that is a tenant's, which follows from its name. */
  logOf: (tenant: string) => string;
  /** Names of all tenants here. */
  tenants: readonly string[];
  /** Tells whether recurring work of this name looks at Meters here. */
  hasWork: (work: string) => boolean;
}

const DEEPEST_SECRETS = 64;

/**
 * Judges the rows of a tenant's file as they come: each as its table has it, and as one of what came before. Somebody else's hand may
 * have written the file, so nothing is taken because an export would not have it otherwise.
 */
export class TenantRows {
  private readonly schemas: Readonly<Record<TenantTable, z.ZodType>>;
  private readonly values = new Map<string, z.ZodType>();
  private readonly foreignLogs: ReadonlySet<string>;
  /** Resources by path, with what their values refer to. */
  private readonly resources = new Map<string, ReadonlySet<string>>();
  private readonly logs = new Map<string, string | null>();
  private readonly logged: { path: string; log: string; line: number }[] = [];
  private readonly series = new Set<unknown>();

  /**
   * @param from tenant that it was exported of
   * @param cipher what opens its secrets; undefined where it has none
   * @param now ms since the epoch
   */
  constructor(
    private readonly place: TenantPlace,
    private readonly from: string,
    private readonly cipher: Cipher | undefined,
    now: number,
  ) {
    this.schemas = rowSchemas(now);
    this.foreignLogs = new Set(place.tenants.filter((one) => one !== place.tenant).map((one) => place.logOf(one)));
  }

  /** Takes the next row. @param line number in the file @returns its table, and the row under the names that things have here @throws Error in words, with the line */
  take(table: string, given: BackupRow, line: number): [table: TenantTable, row: BackupRow] {
    const refuse = (words: string): Error =>
      new Error(`line ${line} of it is none that an export has: ${words}; nothing of it is imported`);
    const known = TENANT_TABLES.find((one) => one === table);
    if (!known) throw new Error(`it holds a table that this version does not know (line ${line}): ${shown(table, 40)}`);
    const row = this.renamed(given);
    const { error } = this.schemas[known].safeParse(row);
    if (error) throw refuse(`${known}: ${problemOf(error)}`);
    if (row['tenant'] !== undefined && row['tenant'] !== this.from) throw refuse(`it is of tenant ${shown(String(row['tenant']))}`);
    const words = this.problemOf(known, row, line);
    if (words !== undefined) throw refuse(words);
    return [known, known === 'resources' ? { ...row, name: storableName(decodeColumn<Values>(String(row['document']))) } : row];
  }

  /** Judges what only all rows tell. @throws Error in words, with the line */
  end(): void {
    for (const { path, log, line } of this.logged)
      if (this.logs.get(log) !== path) throw new Error(`line ${line} of it is none that an export has: ${log} is no log of ${path} in it`);
  }

  private problemOf(table: TenantTable, row: BackupRow, line: number): string | undefined {
    switch (table) {
      case 'resources':
        return this.problemOfResource(row, line);
      case 'refs':
        return this.resources.get(String(row['source']))?.has(String(row['target']))
          ? undefined
          : (this.known(table, this.resources.has(String(row['source']))) ?? `nothing in ${String(row['source'])} refers to that`);
      case 'series':
        this.series.add(row['id']);
        return this.known(table, this.resources.has(String(row['path'])));
      case 'samples':
      case 'shares':
        return this.known(table, this.series.has(row['meter']));
      case 'agenda':
        if (!this.place.hasWork(String(row['work']))) return `there is no work '${shown(String(row['work']))}' here`;
        return this.known(table, this.resources.has(String(row['path'])));
      default:
        return undefined;
    }
  }

  private known(table: TenantTable, is: boolean): string | undefined {
    return is ? undefined : `it is one of ${table} that belong to nothing in it`;
  }

  private problemOfResource(row: BackupRow, line: number): string | undefined {
    const { catalogue, drivers, tenant } = this.place;
    const [path, type, cloud] = [String(row['path']), String(row['type']), row['cloud']];
    if (!catalogue.has(type)) return `${shown(path)}: there is no type ${shown(type)} here`;
    const place = catalogue.locate(path);
    if (place?.kind !== 'item' || place.type !== type) return `${shown(path)} is no path of one of type ${type}`;
    if (place.owner && row['owner'] !== place.owner.path) return `${shown(path)} has another owner than its path says`;
    if (typeof cloud === 'string' && !Object.hasOwn(drivers, cloud))
      return `${shown(path)} is in cloud '${shown(cloud)}', which is not configured here for tenant ${tenant}`;
    const values = decodeColumn<Values>(String(row['document']));
    const { error } = this.valuesOf(type).safeParse(values);
    if (error) return `${shown(path)}: ${problemOf(error)}`;
    return this.problemOfLog(path, type, row, line) ?? this.problemOfSecrets(path, row['secrets']) ?? this.note(path, values);
  }

  /** A log of everything is the tenant's own; a log of a resource is of one in the file. */
  private problemOfLog(path: string, type: string, row: BackupRow, line: number): string | undefined {
    const { logOf, tenant } = this.place;
    if (this.foreignLogs.has(path)) return `${path} is the log of another tenant here`;
    const [owner, log] = [row['owner'] as string | null, row['event_log']];
    if (type === EVENT_LOG) {
      if ((owner === null) !== (path === logOf(tenant))) return `${shown(path)} is a log of nothing that the tenant has`;
      this.logs.set(path, owner);
    }
    if (typeof log === 'string') this.logged.push({ path, log, line });
    return undefined;
  }

  private problemOfSecrets(path: string, secrets: unknown): string | undefined {
    if (typeof secrets !== 'string') return undefined;
    if (!this.cipher) return `${shown(path)} has secrets, and its first line says that there are none`;
    try {
      const opened = this.cipher.open(secrets, secretsPlace(path));
      const value: unknown = isDeep(opened, DEEPEST_SECRETS) ? undefined : JSON.parse(opened);
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : `the secrets of ${shown(path)} are none`;
    } catch (error) {
      if (error instanceof DamagedError || error instanceof WrongKeyError || error instanceof SyntaxError)
        return `the secrets of ${shown(path)} were not sealed for it`;
      throw error;
    }
  }

  private note(path: string, values: Values): undefined {
    this.resources.set(path, new Set(targetsOf(values)));
  }

  private valuesOf(type: string): z.ZodType {
    const made = this.values.get(type) ?? valuesSchema(this.place.catalogue.attributesOf(type));
    this.values.set(type, made);
    return made;
  }

  /** The row under the names that things have here: the log of everything is called by its tenant. */
  private renamed(row: BackupRow): BackupRow {
    const { tenant, logOf } = this.place;
    if (this.from === tenant) return row;
    const [there, here] = [logOf(this.from), logOf(tenant)];
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll(there, here) : value]),
    );
  }
}
