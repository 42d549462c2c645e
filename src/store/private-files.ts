import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files that the gateway keeps in its data folder, with what SQLite lays beside it. */
const OURS = /^(cimi\.db|owner\.|secret\.key|newest\.json|clouds$)/;
/** Entry that lies at the top of a volume of its own. */
const FILESYSTEM_ENTRIES = ['lost+found'];

/** Steps that were taken so that nobody else can read the state. */
export interface Tightened {
  /** Paths whose rights were taken from others. */
  changed: string[];
  /** Reason, in words, why others can still look into the folder. */
  trouble?: string;
}

/** Makes the data folder where it is missing, and nobody else's. */
export function keepFolder(dir: string, log: { warn(fields: object, message: string): void }): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { changed, trouble } = keepPrivate(dir);
  if (changed.length > 0)
    log.warn(
      { changed: changed.slice(0, 20), count: changed.length },
      'other users could read these files: their permissions were tightened',
    );
  if (trouble !== undefined) log.warn({ dir, trouble }, 'other users can read the data folder');
}

/**
 * Takes from everyone but the owner the rights on the data folder and on what the gateway keeps in it: 0700 and 0600. A
 * folder that holds other things, too, is somebody's and stays as it is. Does nothing where there are no such rights (Windows).
 */
export function keepPrivate(folder: string): Tightened {
  const changed: string[] = [];
  if (process.platform === 'win32') return { changed };
  try {
    const names = readdirSync(folder);
    for (const name of names) if (OURS.test(name)) tighten(join(folder, name), changed);
    const foreign = names.filter((name) => !OURS.test(name) && !FILESYSTEM_ENTRIES.includes(name));
    if (foreign.length === 0) tightenOne(folder, changed);
    else if ((lstatSync(folder).mode & 0o077) !== 0)
      return { changed, trouble: `it also holds ${foreign.slice(0, 3).join(', ')}: give the gateway a folder of its own` };
  } catch (error) {
    return { changed, trouble: error instanceof Error ? error.message : String(error) };
  }
  return { changed };
}

function tighten(path: string, changed: string[]): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // Where a link leads is not ours to change; SQLite's files may go at any moment.
  if (found === undefined || found.isSymbolicLink()) return;
  tightenOne(path, changed);
  if (found.isDirectory()) for (const name of readdirSync(path)) tighten(join(path, name), changed);
}

function tightenOne(path: string, changed: string[]): void {
  const found = lstatSync(path);
  if ((found.mode & 0o077) === 0) return;
  chmodSync(path, found.isDirectory() ? 0o700 : 0o600);
  changed.push(path);
}
