import { z } from 'zod';

/** The section `ovf`: packages of virtual machines. */
export const ovfSection = z
  .strictObject({
    keepHours: z
      .int()
      .min(1)
      .max(8760)
      .default(24)
      .describe('How long a package that was exported is kept, in h; then it goes, with the images that were made for it.'),
  })
  .prefault({})
  .describe('Packages of virtual machines (OVF).');
