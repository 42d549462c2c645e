import { z } from 'zod';
import { TENANT_QUOTAS, type TenantQuota } from '../model/tenant-quotas';

const within = (quota: TenantQuota) => z.int().min(TENANT_QUOTAS[quota].least).max(TENANT_QUOTAS[quota].most);

const quota = {
  resources: within('resources').describe('Most resources that the gateway itself keeps: templates, configurations, Credentials, Systems.'),
  meters: within('meters').describe('Most Meters: each may have monitoring.samplesPerMeter samples, and asks its cloud.'),
  jobs: within('jobs').describe('Most Jobs, ended ones too.'),
  unfinishedJobs: within('unfinishedJobs').describe('Most Jobs that have not ended.'),
  bytes: within('bytes').describe('Most bytes of all its resources, as the gateway stores them.'),
};

/** Bounds of what each tenant may have. */
export const quotasSection = z
  .strictObject({
    resources: quota.resources.default(20_000),
    meters: quota.meters.default(5_000),
    jobs: quota.jobs.default(500_000),
    unfinishedJobs: quota.unfinishedJobs.default(10_000),
    bytes: quota.bytes.default(1024 ** 3),
    tenants: z
      .record(z.string(), z.strictObject(quota).partial())
      .default({})
      .describe('Other figures of single tenants, by name: { big: { jobs: 2000000 } }.'),
  })
  .prefault({})
  .describe(
    'Most that each tenant may have; beyond it changes are 403. Deletes, Jobs under way and what exists at a provider are never hindered. What is set at runtime (cimi-gateway quota) goes before.',
  );
