import { randomBytes, scryptSync } from 'node:crypto';
import { z } from 'zod';
import { headerMembers, verifyBackup, type Counts, type FileHeader, type FileKind } from './backup-file';
import { createCipher, WrongKeyError, type Cipher } from './cipher';
import { openKeyCheck } from './key-check';

/** The file of a tenant: that of a backup, with the rows of one tenant and nothing that belongs to the store as a whole. */
export const TENANT_FILE: FileKind = {
  format: 'cimi-gateway tenant 1',
  header: z.strictObject({
    ...{ format: z.string(), ...headerMembers, tenant: z.string().min(1).max(256) },
    clouds: z.record(z.string().max(256), z.string().max(256)),
    left: z.array(z.string()).max(1_000),
    sealed: z.strictObject({ salt: z.base64().max(64), check: z.string().max(1_000) }).nullable(),
  }),
  ...{ noun: 'export', words: 'export of a tenant' },
};

export interface TenantHeader extends FileHeader {
  tenant: string;
  /** Clouds that something of it is in, with their drivers. */
  clouds: Readonly<Record<string, string>>;
  /** Words for what is not in it. */
  left: readonly string[];
  /** Check of the key that secrets are sealed with, and what makes that of the passphrase; null: there are no secrets in it. */
  sealed: { salt: string; check: string } | null;
}

/**
 * Tables of it, in the order in which they can be filled. Not among them: users and tokens, whose names are those of the whole store; entries of
 * the audit, whose codes are of the store's key; holds, since no Job in it is unfinished.
 */
export const TENANT_TABLES = ['resources', 'refs', 'jobs', 'events', 'series', 'samples', 'shares', 'agenda'] as const;
export type TenantTable = (typeof TENANT_TABLES)[number];

/** Reads an export of a tenant to its end. @throws BackupFileError where it is none, or not whole */
export function verifyTenantFile(file: string): Promise<{ header: TenantHeader; rows: Counts }> {
  return verifyBackup<TenantHeader>(file, TENANT_FILE);
}

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Cost of a passphrase: 32 MiB, and some tenths of a second for each guess. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 ** 2 };
const LEAST_PASSPHRASE = 12;

/** Makes what secrets of a file are sealed with of a passphrase. @throws Error in words for a short one */
export function newSealing(passphrase: string): { cipher: Cipher; sealed: NonNullable<TenantHeader['sealed']> } {
  if (passphrase.length < LEAST_PASSPHRASE) throw new Error(`the passphrase is too short: it has ${LEAST_PASSPHRASE} characters at least`);
  const salt = randomBytes(SALT_BYTES);
  const cipher = cipherOf(passphrase, salt);
  return { cipher, sealed: { salt: salt.toString('base64'), check: cipher.seal('key-check', 'meta/key-check') } };
}

/** Makes what secrets of a file are opened with. @throws Error in words where the passphrase is missing, or another one */
export function openSealing({ sealed }: TenantHeader, passphrase: string | undefined): Cipher | undefined {
  if (!sealed) return undefined;
  if (passphrase === undefined) throw new Error('the secrets in it are sealed with a passphrase: give it by --passphrase-file');
  const cipher = cipherOf(passphrase, Buffer.from(sealed.salt, 'base64'));
  try {
    openKeyCheck(sealed.check, cipher);
  } catch (error) {
    if (error instanceof WrongKeyError) throw new Error('the passphrase is not the one that it was exported with', { cause: error });
    throw error;
  }
  return cipher;
}

function cipherOf(passphrase: string, salt: Buffer): Cipher {
  return createCipher(scryptSync(passphrase.normalize('NFC'), salt, KEY_BYTES, COST));
}

/** Place of the secrets of a resource. */
export const secretsPlace = (path: unknown): string => `resources/${String(path)}/secrets`;
