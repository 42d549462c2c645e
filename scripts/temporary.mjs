import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** Room (bytes) that a run of all tests needs at most, with much to spare. */
const NEEDED = 4 * 1024 ** 3;

function inMemory() {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > NEEDED;
  } catch {
    return false;
  }
}

/**
 * Makes a folder for all temporary files of this process's children (TMPDIR), in memory where there is room: the tests' databases sync
 * every commit to the disk, and wait for it. It is removed when this process ends.
 * @returns its path
 */
export function temporaryFolder() {
  const folder = mkdtempSync(join(inMemory() ? MEMORY : tmpdir(), 'cimi-tests-'));
  // PostgreSQL runs as a user of its own, in a folder below.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) process.on(signal, () => process.exit(code));
  return folder;
}
