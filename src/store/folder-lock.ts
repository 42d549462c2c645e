import Database from 'libsql';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './dialect';

/** Error where another process (or another gateway in this one) uses the data folder. */
export class FolderInUseError extends Error {
  constructor(
    readonly folder: string,
    owner: string,
  ) {
    super(`the data folder ${folder} is in use by another gateway (${owner}): stop that one, or give this one a folder of its own`);
    this.name = 'FolderInUseError';
  }
}

/**
 * Makes this process the owner of a data folder until it unlocks it or ends, in whatever way: the lock is the
 * operating system's, on a file that nothing else uses. The database itself stays open to commands.
 * @returns gives the folder back.
 * @throws FolderInUseError.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = join(folder, 'owner.txt');
  const database = new Database(join(folder, 'owner.lock'));
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) throw new FolderInUseError(folder, readOwner(owner));
    throw error;
  }
  try {
    writeFileSync(owner, `process ${process.pid}, since ${new Date().toISOString()}\n`);
  } catch (error) {
    database.close();
    throw error;
  }
  return () => database.close();
}

function readOwner(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    return `its name can't be read: ${codeOf(error)}`;
  }
}
