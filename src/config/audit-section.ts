import { z } from 'zod';

/** Audit: entries of who asked for what, linked so that none can be changed unseen. */
export const auditSection = z
  .strictObject({
    content: z
      .enum(['access', 'cadf'])
      .default('access')
      .describe(
        'Content of new entries. access: the access events of DSP0263 5.17.13. cadf: events of CADF (DSP0262), as audit tools read.',
      ),
    reads: z
      .boolean()
      .default(false)
      .describe('Also an entry for each read. They are written some at a time, at most a second after the answer.'),
    days: z.int().min(1).max(36_500).default(365).describe('How long entries are kept, in days.'),
    perTenant: z.int().min(0).max(100_000_000).default(1_000_000).describe('Most entries kept per tenant; the oldest go first.'),
  })
  .prefault({})
  .describe('The audit: every change and every failed login, with who, from where and what came of it (cimi-gateway audit).');
