import { createHash } from 'node:crypto';
import { shown } from '../model/shown';
import { TENANT_QUOTA_NAMES, TENANT_QUOTAS, type TenantQuota } from '../model/tenant-quotas';
import { quotaUses, type QuotaUse, type Quotas } from '../protocol/quotas';
import type { EventRecord } from '../store/event-record';
import type { Counts, Store, StoredQuotas } from '../store/store';
import { AccessError } from './principals';

/** Parts by which tenants are told of and changed. */
export interface TenantParts {
  store: Pick<Store, 'counts' | 'tenants' | 'transaction' | 'access'>;
  /** Quotas of the configuration. */
  quotas: Quotas;
  /** Tenants of the configuration. */
  configured: readonly string[];
  /** Clouds of the configuration, by key. */
  clouds: Readonly<Record<string, { tenants: readonly string[] }>>;
}

/** A tenant as it is listed. */
export interface TenantListing {
  name: string;
  /** True where the configuration has it; of another one there is only what is stored. */
  configured: boolean;
  /** Number of its users here; those of an issuer are not counted. */
  users: number;
  /** Keys of the clouds that serve it. */
  clouds: string[];
  /** Numbers of the resources that the gateway itself keeps, by type. */
  resources: Record<string, number>;
  quotas: Record<TenantQuota, QuotaUse>;
}

/** Returns the names of all tenants, of the configuration and of what is stored, in order. */
export async function tenantNames({ store, configured }: TenantParts): Promise<string[]> {
  return [...new Set([...configured, ...(await store.tenants())])].sort();
}

/** Tells of these tenants, in their order. */
export async function listTenants(parts: TenantParts, names: readonly string[]): Promise<TenantListing[]> {
  const users = await parts.store.access.principals();
  const listings: TenantListing[] = [];
  for (const name of names) {
    const counts = await parts.store.counts(name);
    listings.push({
      name,
      configured: parts.configured.includes(name),
      users: users.filter(({ tenant }) => tenant === name).length,
      clouds: Object.keys(parts.clouds).filter((key) => parts.clouds[key]?.tenants.includes(name)),
      resources: Object.fromEntries([...counts.resources].filter(([, n]) => n > 0).sort(([a], [b]) => (a < b ? -1 : 1))),
      quotas: quotaUses(parts.quotas, name, counts),
    });
  }
  return listings;
}

/** Quotas of one tenant. */
export interface QuotaListing {
  tenant: string;
  quotas: Record<TenantQuota, QuotaUse>;
}

/** Quotas with the tag of what is stored of them, by which a change is made of just these. */
export interface TaggedQuotas {
  listing: QuotaListing;
  tag: string;
}

/** Tells of the quotas of a tenant. */
export async function tenantQuotas(parts: TenantParts, tenant: string): Promise<TaggedQuotas> {
  return tagged(parts, tenant, await parts.store.counts(tenant));
}

function tagged({ quotas }: TenantParts, tenant: string, counts: Counts): TaggedQuotas {
  return { listing: { tenant, quotas: quotaUses(quotas, tenant, counts) }, tag: tagOf(counts.quotas) };
}

/** Quotas to be set; null: to be taken away, so that the configuration counts again. */
export type QuotaChange = ReadonlyMap<TenantQuota, number | null>;

/** Change by which no quota of a tenant is set any more. */
export const UNSET_ALL: QuotaChange = new Map(TENANT_QUOTA_NAMES.map((quota) => [quota, null]));

/** Reads a change from its members. @throws AccessError for unknown names, and for what is no number within the bounds of the quota */
export function quotaChangeOf(given: Readonly<Record<string, unknown>>): QuotaChange {
  const change = new Map<TenantQuota, number | null>();
  for (const [name, value] of Object.entries(given)) {
    const quota = quotaOf(name);
    const { least, most } = TENANT_QUOTAS[quota];
    if (value !== null && !(typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most))
      throw new AccessError(`${quota} must be a whole number from ${least} to ${most}`);
    change.set(quota, value);
  }
  if (change.size === 0) throw new AccessError(`no quota is named; there are ${TENANT_QUOTA_NAMES.join(', ')}`);
  return change;
}

/** Returns the quota of a name. @throws AccessError where there is none */
export function quotaOf(name: string): TenantQuota {
  const quota = TENANT_QUOTA_NAMES.find((known) => known === name);
  if (!quota) throw new AccessError(`there is no quota ${shown(name, 100)}; there are ${TENANT_QUOTA_NAMES.join(', ')}`);
  return quota;
}

export interface ChangeOptions {
  /** Tags of which the stored quotas must have one (`*`: any); absent: any. */
  tags?: readonly string[] | undefined;
  /** Makes the entry of the audit that is written with the change; absent: none is. */
  entryOf?: ((what: string) => EventRecord) | undefined;
}

/**
 * Sets quotas of a tenant at runtime, in all processes at once: they are read with what they bound.
 * @returns undefined where the stored quotas were others than those of the tags; then nothing was done
 */
export async function changeQuotas(
  parts: TenantParts,
  tenant: string,
  change: QuotaChange,
  { tags = ['*'], entryOf }: ChangeOptions,
): Promise<TaggedQuotas | undefined> {
  return parts.store.transaction(async (unit) => {
    await unit.oneAtATime(tenant);
    const before = await unit.counts(tenant);
    if (!tags.some((tag) => tag === '*' || tag === tagOf(before.quotas))) return undefined;
    const changed = [...change].filter(([quota, most]) => (before.quotas.get(quota) ?? null) !== most);
    for (const [quota, most] of changed) await unit.putQuota(tenant, quota, most);
    const after = tagged(parts, tenant, await unit.counts(tenant));
    if (changed.length > 0 && entryOf) {
      const was = quotaUses(parts.quotas, tenant, before);
      const words = changed.map(([quota]) => `${quota} ${wordsOf(after.listing.quotas[quota])}, was ${wordsOf(was[quota])}`);
      await unit.recordEvent(entryOf(`changed quotas of tenant ${tenant}: ${words.join('; ')}`));
    }
    return after;
  });
}

const wordsOf = ({ limit, from }: QuotaUse): string => `${limit} (${from})`;

function tagOf(stored: StoredQuotas): string {
  const text = JSON.stringify([...stored].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 16)}"`;
}
