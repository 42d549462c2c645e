import { z } from 'zod';

const text = z.string().min(1).max(255);

/**
 * A name in the URI of a resource: not one of the ids that the gateway makes (26 characters of its base32), which would be
 * another resource.
 */
const portableName = z
  .string()
  .regex(
    /^(?![0-9a-hjkmnp-tv-z]{26}$)[a-z][a-z0-9.-]{0,62}$/,
    'must be a name of 1 to 63 lower-case letters, digits, dots and dashes, beginning with a letter (not 26 letters and digits, as ids of the gateway are)',
  );

const IMAGE = "must be 'default', a pattern of the image's name, { id: … }, or a section with name, owner or properties, and architecture";

const image = z.union(
  [
    text,
    z.strictObject({ id: text }),
    z
      .strictObject({
        name: text.optional(),
        owner: text.optional(),
        architecture: text.optional(),
        properties: z.record(text, z.string().max(255)).optional(),
      })
      .refine(({ name, owner, properties }) => name !== undefined || owner !== undefined || properties !== undefined, IMAGE),
  ],
  IMAGE,
);

const size = z.union(
  [
    text,
    z.strictObject({
      cpu: z.int().min(1).optional(),
      memory: z.int().min(1),
      disk: z.int().min(1).optional(),
    }),
  ],
  "must be a size of the cloud's own, or a section with cpu, memory (KiB, needed) and disk (kB), as whole numbers",
);

/** Portable names of one cloud's images and sizes. */
export const namesSection = {
  images: z
    .record(portableName, image)
    .default({})
    .describe(
      "Images that are called the same on every cloud, by name (docs/operations.md): the newest image whose name has a pattern (* and ?), { id } of the very one, { name, owner, architecture, properties }, or 'default', as its publisher calls it.",
    ),
  sizes: z
    .record(portableName, size)
    .default({})
    .describe(
      "Sizes of machines that are called the same on every cloud, by name: a size of the cloud's own by id or name, or { cpu, memory in KiB, disk in kB }.",
    ),
};
