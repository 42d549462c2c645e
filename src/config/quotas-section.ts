import { z } from 'zod';

const quota = {
  resources: z
    .int()
    .min(0)
    .max(100_000_000)
    .describe('Most resources that the gateway itself keeps: templates, configurations, Credentials, Systems.'),
  meters: z.int().min(0).max(10_000_000).describe('Most Meters: each may have monitoring.samplesPerMeter samples, and asks its cloud.'),
  jobs: z.int().min(1).max(1_000_000_000).describe('Most Jobs, ended ones too.'),
  unfinishedJobs: z.int().min(1).max(1_000_000).describe('Most Jobs that have not ended.'),
  bytes: z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Most bytes of all its resources, as the gateway stores them.'),
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
    'Most that each tenant may have; beyond it changes are 403. Deletes, Jobs under way and what exists at a provider are never hindered.',
  );
