import { z } from 'zod';
import { decodeKey } from './formats';

const keyText = z
  .string()
  .refine((text) => decodeKey(text) !== undefined, 'must be 32 bytes in base64 (44 characters) or hexadecimal (64 digits)');

/** Secrets at rest. */
export const secretsSection = z
  .strictObject({
    key: keyText
      .optional()
      .describe(
        'Key that encrypts secrets at rest: 32 bytes in base64 or hexadecimal, by $file, $command or ${ENV}. Without it none are stored, but npm start makes one in data.dir.',
      ),
    otherKeys: z
      .array(keyText)
      .max(10)
      .default([])
      .describe(
        'Keys that are read with, and not written: former ones until cimi-gateway key rotate is through, and the next one before. Written as key.',
      ),
  })
  .prefault({})
  .describe('Secrets at rest (AES-256-GCM).');
