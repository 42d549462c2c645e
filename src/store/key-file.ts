import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './dialect';
import { parseKey } from './cipher';

/**
 * The key kept in a file, made at the first call: 32 random bytes in base64, readable by the owner only. Complete or
 * absent at every moment; of several processes that start at once all get the same key.
 * @throws Error where the file can't be read or holds no key.
 */
export async function loadOrCreateKey(file: string): Promise<Buffer> {
  const existing = await readKey(file);
  if (existing) return existing;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64')}\n`);
    await handle.sync();
    await link(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
  const made = await readKey(file);
  if (!made) throw new Error(`the key file ${file} vanished while it was made`);
  return made;
}

/** Reads the key kept in a file; undefined where there is none. @throws Error where the file can't be read or holds no key */
export async function readKey(file: string): Promise<Buffer | undefined> {
  try {
    return parseKey(await readFile(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Error(`the key file ${file} can't be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
