import { z } from 'zod';

const MIB = 2 ** 20;

/** The section `move`: how images are copied from one cloud to another. */
export const moveSection = z
  .strictObject({
    minRate: z
      .int()
      .min(1024)
      .max(2 ** 40)
      .default(4 * MIB)
      .describe('Slowest copy, in bytes per second of the size of the image: one that takes longer, and longer than an hour, is given up.'),
    idleSeconds: z.int().min(1).max(3600).default(120).describe('How long a copy may stand still on either side, in s.'),
    concurrency: z.int().min(1).max(1000).default(2).describe('Most copies at once by one process; others wait.'),
    maxBytes: z
      .int()
      .min(1)
      .max(2 ** 50)
      .default(2 ** 44)
      .describe(
        'Most bytes copied unconfirmed: of one image, of its data where its cloud tells how much that is, else of its size; of an import, all its disks.',
      ),
    bytesPerSecond: z
      .record(
        z.string(),
        z
          .int()
          .min(MIB)
          .max(2 ** 40),
      )
      .default({})
      .describe(
        'Most bytes of images per second that one process passes into a cloud and out of it together, by the key of the cloud. Default: as fast as it goes.',
      ),
    prices: z
      .record(
        z.string(),
        z.strictObject({ egressPerGiB: z.number().min(0).max(1e6).describe('Price of a GiB (2^30 bytes) that leaves the cloud.') }),
      )
      .default({})
      .describe('What bytes cost that leave a cloud, by its key, for plans to tell; what has no price here is told without one.'),
    currency: z.string().min(1).max(16).optional().describe('Word that plans put behind prices, such as EUR.'),
  })
  .prefault({})
  .describe('Copies of images between clouds.');
