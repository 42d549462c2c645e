import { METER } from '../operations/meter-plan';
import { Refusal, type Found, type ChangePlan } from '../operations/resource-handler';
import { FINISHED, type Counts, type UnitOfWork } from '../store/store';

/** Limits of what a tenant may have at once. */
export interface Quota {
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
  const most = mostOf(quotas, tenant);
  const growing = MEASURES.filter((measure) => measure.grows(plan, found));
  let counts = await unit.counts(tenant);
  if (growing.some((measure) => isNear(measure.used(counts), most(measure.quota)))) {
    await unit.oneAtATime(tenant);
    counts = await unit.counts(tenant);
  }
  for (const { quota, used, label: message, advice, retryAfterS } of growing) {
    if (used(counts) <= most(quota)) continue;
    throw new Refusal(403, `the tenant '${tenant}' may have ${most(quota)} ${message} (quotas.${quota}): ${advice}`, {
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
  const most = mostOf(quotas, tenant);
  const growing = MEASURES.filter((measure) => measure.grows(plan, found));
  const rows = Math.max(1, plan.insert?.length ?? 0);
  return (counts, bytes) => growing.every(({ quota, used }) => !isNear(used(counts) + (quota === 'bytes' ? bytes : rows), most(quota)));
}

const mostOf =
  (quotas: Quotas, tenant: string) =>
  (quota: keyof Quota): number =>
    quotas.tenants[tenant]?.[quota] ?? quotas[quota];
const isNear = (used: number, quota: number): boolean => used + Math.max(quota * MARGIN.share, MARGIN.items) >= quota;
const size = (values: unknown): number => (values === undefined ? 0 : JSON.stringify(values).length);
const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);
