/** Quotas that a tenant has here, each with the least and the most that it can be set to. */
export const TENANT_QUOTAS = {
  resources: { least: 0, most: 100_000_000 },
  meters: { least: 0, most: 10_000_000 },
  jobs: { least: 1, most: 1_000_000_000 },
  unfinishedJobs: { least: 1, most: 1_000_000 },
  bytes: { least: 0, most: Number.MAX_SAFE_INTEGER },
} as const;

export type TenantQuota = keyof typeof TENANT_QUOTAS;

/** Names of the quotas, in the order in which they are told. */
export const TENANT_QUOTA_NAMES = Object.keys(TENANT_QUOTAS) as TenantQuota[];
