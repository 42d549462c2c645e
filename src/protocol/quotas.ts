import { METER } from '../operations/meter-plan';
import { Refusal, type Found, type ChangePlan } from '../operations/resource-handler';
import type { TenantQuota } from '../model/tenant-quotas';
import { FINISHED, type Counts, type UnitOfWork } from '../store/store';

/** Limits of what a tenant may have at once. */
export interface Quota extends Readonly<Record<TenantQuota, number>> {
  /** Resources that the gateway itself keeps (templates, configurations, Credentials, Systems, …). */
  resources: number;
  /** Meters, whatever they are of. */
  meters: number;
  /** Jobs, ended ones too. */
  jobs: number;
  /** Jobs that have not ended. */
  unfinishedJobs: number;
  /** Size of all its resources as the gateway stores them, in bytes. */
  bytes: number;
}

export interface Quotas extends Quota {
  /** Quotas of single tenants, by name. */
  tenants: Readonly<Record<string, { [Q in keyof Quota]?: number | undefined } | undefined>>;
}

/** Distance to a quota within which a tenant's changes are let in one after the other: less than what comes in at once. */
const MARGIN = { share: 0.1, items: 256 };
/** Delay after which an unfinished Job may have ended, in seconds. */
const RETRY_S = 5;

const ENDED: readonly string[] = FINISHED;

/** Measure of a quota: how much of it is used, and what is to be done where it is reached. */
interface Measure {
  quota: keyof Quota;
  used(counts: Counts): number;
  /** Tells whether a change adds to it. */
  grows(plan: ChangePlan, found: Found | undefined): boolean;
  label: string;
  advice: string;
  retryAfterS?: number;
}

const MEASURES: readonly Measure[] = [
  {
    quota: 'resources',
    used: ({ resources }) => sum(resources.values()),
    grows: ({ insert = [] }) => insert.some(({ cloud, owner }) => cloud === null && owner === null),
    label: 'resources that the gateway keeps',
    advice: 'delete templates, configurations, Credentials or Systems that are not needed',
  },
  {
    quota: 'meters',
    used: ({ meters }) => meters,
    grows: ({ insert = [] }) => insert.some(({ type }) => type === METER),
    label: 'Meters',
    advice: 'delete Meters that are not needed, or let them expire (expiresTime)',
  },
  {
    quota: 'unfinishedJobs',
    used: ({ jobs }) => sum([...jobs].map(([state, count]) => (ENDED.includes(state) ? 0 : count))),
    grows: ({ work }) => work !== undefined,
    label: 'Jobs that have not ended',
    advice: 'wait until some have ended, or stop them',
    retryAfterS: RETRY_S,
  },
  {
    quota: 'jobs',
    used: ({ jobs }) => sum(jobs.values()),
    grows: () => true,
    label: 'Jobs, ended ones too',
    advice: 'delete Jobs that have ended, or wait until they are removed',
  },
  {
    quota: 'bytes',
    used: ({ bytes }) => bytes,
    grows: ({ insert = [], change = [] }, found) =>
      insert.length > 0 ||
      change.some(({ path, change: { values } }) => values && size(values) > (path === found?.path ? size(found.row?.values) : 0)),
    label: 'bytes of resources',
    advice: 'delete resources, or shorten what they hold',
  },
];

/**
 * Holds what a change has just written against the tenant's quotas, as the last thing in its transaction. Deletes pass
 * whatever the quotas, as does all that is no request: the progress of Jobs, and what exists at a provider.
 * @throws Refusal 403 with the quota, its number and what to do; the transaction then leaves nothing behind
 */
export async function checkQuotas(
  unit: UnitOfWork,
  quotas: Quotas,
  tenant: string,
  plan: ChangePlan,
  found: Found | undefined,
): Promise<void> {
  const growing = MEASURES.filter((measure) => measure.grows(plan, found));
  let counts = await unit.counts(tenant);
  if (growing.some((measure) => isNear(measure.used(counts), boundOf(quotas, tenant, counts, measure.quota).limit))) {
    await unit.oneAtATime(tenant);
    counts = await unit.counts(tenant);
  }
  for (const { quota, used, label: message, advice, retryAfterS } of growing) {
    const { limit, from } = boundOf(quotas, tenant, counts, quota);
    if (used(counts) <= limit) continue;
    const set = from === STORED ? ', set at runtime' : '';
    throw new Refusal(403, `the tenant '${tenant}' may have ${limit} ${message} (quotas.${quota}${set}): ${advice}`, {
      kind: 'quota',
      ...(retryAfterS === undefined ? {} : { retryAfterS }),
    });
  }
}

/**
 * Tells beforehand whether a change stays away from the tenant's quotas, so that nothing has to be looked at once it is written.
 * @returns what tells it by the counts before the change and the bytes that it adds
 */
export function staysAway(
  quotas: Quotas,
  tenant: string,
  plan: ChangePlan,
  found: Found | undefined,
): (counts: Counts, bytes: number) => boolean {
  const growing = MEASURES.filter((measure) => measure.grows(plan, found));
  const rows = Math.max(1, plan.insert?.length ?? 0);
  return (counts, bytes) =>
    growing.every(
      ({ quota, used }) => !isNear(used(counts) + (quota === 'bytes' ? bytes : rows), boundOf(quotas, tenant, counts, quota).limit),
    );
}

/** Source of a bound that was set at runtime. */
const STORED = 'stored';

/** Bound of a tenant with its source: `stored`, else the place in the configuration; and the bound that holds where none is stored. */
interface Bound {
  limit: number;
  from: string;
  configured: number;
}

/** A quota of a tenant as it is told: its bound, and how much of it is used. */
export interface QuotaUse extends Bound {
  used: number;
}

function boundOf(quotas: Quotas, tenant: string, counts: Counts, quota: TenantQuota): Bound {
  const stored = counts.quotas.get(quota);
  const own = Object.hasOwn(quotas.tenants, tenant) ? quotas.tenants[tenant]?.[quota] : undefined;
  const configured = own ?? quotas[quota];
  if (stored !== undefined) return { limit: stored, from: STORED, configured };
  return { limit: configured, from: own === undefined ? `quotas.${quota}` : `quotas.tenants.${tenant}.${quota}`, configured };
}

/** Tells of each quota of a tenant what it is, which source counts, and how much of it is used. @param counts of the tenant */
export function quotaUses(quotas: Quotas, tenant: string, counts: Counts): Record<TenantQuota, QuotaUse> {
  const uses = MEASURES.map(({ quota, used }) => [quota, { ...boundOf(quotas, tenant, counts, quota), used: used(counts) }]);
  return Object.fromEntries(uses) as Record<TenantQuota, QuotaUse>;
}

const isNear = (used: number, quota: number): boolean => used + Math.max(quota * MARGIN.share, MARGIN.items) >= quota;
const size = (values: unknown): number => (values === undefined ? 0 : JSON.stringify(values).length);
const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);
