import { z } from 'zod';

const seconds = (least: number, most: number) => z.int().min(least).max(most);

/** Work that goes on by itself: Meters are read, clouds are watched. */
export const monitoringSection = z
  .strictObject({
    keepDays: z
      .int()
      .min(1)
      .max(3650)
      .default(14)
      .describe('How long samples of a Meter with timeScope Point are kept, in days; means over intervals are kept by their number only.'),
    samplesPerMeter: z
      .int()
      .min(10)
      .max(10_000_000)
      .default(10_000)
      .describe('Most samples kept of one Meter; the oldest go first. Each takes about 25 bytes of the database.'),
    windowSeconds: seconds(0, 86_400)
      .default(0)
      .describe(
        "Least distance of two questions to a cloud about one Meter, in s, where that is longer than the Meter's sampleInterval: fewer calls, later samples. Whoever reads a Meter's samples gets them fresh.",
      ),
    watchMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(60_000)
      .describe('How often each cloud is looked at for what has changed without the gateway, in ms; 0 never.'),
  })
  .prefault({})
  .describe('Meters, samples and events: what the gateway does by itself.');
