import { z } from 'zod';

/** Places that are told of events. */
export const webhooksSection = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a name of 1 to 32 lower-case letters, digits and dashes, beginning with a letter')
        .describe('Its name in the log; what it was told last is remembered under it.'),
      url: z
        .url({ protocol: /^https?$/ })
        .describe('Where events are sent; by the rules of fetch.schemes, fetch.addresses and fetch.proxy.'),
      tenant: z.string().min(1).default('default').describe('Tenant whose events it is told of.'),
      types: z
        .array(z.string().min(1))
        .default([])
        .describe(
          'Types of events to be told of: alarm, state, model, access, or whole URIs. Default: all but entries of the audit, which have to be named.',
        ),
      secret: z
        .string()
        .min(24)
        .describe('Key of the signatures, by $file or ${ENV}: whsec_ and base64 (openssl rand -base64 32), or any text.'),
    }),
  )
  .max(100)
  .default([])
  .superRefine((hooks, context) => {
    for (const [index, { name }] of hooks.entries())
      if (hooks.findIndex((other) => other.name === name) < index)
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `there is another webhook '${name}'` });
  })
  .describe('Places that are told of events as they happen, signed as Standard Webhooks has it. Default: none.');
