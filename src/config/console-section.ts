import { z } from 'zod';

const minutes = z.int().min(1).max(525_600);

/** The console, and the sessions of browsers. */
export const consoleSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Whether the console is there, at /console/. Its files come with the gateway; it uses the public API only.'),
    idleMinutes: minutes.default(480).describe('How long a session lasts in which nothing is asked, in minutes.'),
    longestMinutes: minutes.default(1_440).describe('How long a session lasts at most, in minutes.'),
  })
  .prefault({})
  .describe('The console in a browser.');

/** The documentation in a browser. */
export const docsSection = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Whether the documentation is there, at /docs/, for anyone. Its files come with the gateway; it tells nothing of your clouds.',
      ),
  })
  .prefault({})
  .describe('The documentation in a browser.');
