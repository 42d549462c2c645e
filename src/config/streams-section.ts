import { z } from 'zod';

/** Streams of events, which clients read as they happen. */
export const streamsSection = z
  .strictObject({
    perTenant: z
      .int()
      .min(0)
      .max(10_000)
      .default(50)
      .describe('Most streams of one tenant at once, in each process; more are answered with 503 and Retry-After. 0: there are none.'),
    keepAliveMs: z
      .int()
      .min(1000)
      .max(3_600_000)
      .default(15_000)
      .describe(
        'How often a stream in which nothing happens sends a comment, in ms; shorter than the idle time of a proxy before the gateway.',
      ),
  })
  .prefault({})
  .describe('Event logs that are read as they grow (Accept: text/event-stream).');
