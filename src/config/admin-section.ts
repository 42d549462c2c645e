import { z } from 'zod';

/** The operators' own port: how this process is, without a login. */
export const adminSection = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Other than loopback only with access.metricsToken, which its /metrics then want.'),
    port: z
      .int()
      .min(0)
      .max(65535)
      .optional()
      .describe('TCP port of /healthz, /readyz and /metrics; 0 takes a free one, which the log tells. Default: there is none.'),
  })
  .prefault({})
  .describe('A port of its own for operators, of every process: gateway and worker.');
