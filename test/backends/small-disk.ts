import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Availability } from './need';

/** A disk of a few megabytes, of a test's own. */
export interface SmallDisk {
  /** Folder that is the disk. */
  readonly path: string;
  /** Takes all room that is left. */
  fill(): Promise<void>;
  /** Gives the room back. */
  free(): Promise<void>;
  /** Ends it with all that is on it; nobody may use it any more. */
  remove(): void;
}

let known: Availability | undefined;

/** Tells whether a disk can be mounted here: only root can, and not in every container. */
export function smallDiskAvailable(): Availability {
  return (known ??= tried());
}

function tried(): Availability {
  try {
    startSmallDisk(1).remove();
    return true;
  } catch (error) {
    return { missing: `a user who can mount a tmpfs (${error instanceof Error ? error.message : String(error)})`, impossible: true };
  }
}

/** Mounts a tmpfs of so many megabytes. @throws Error in words where it cannot be */
export function startSmallDisk(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'cimi-disk-'));
  try {
    mount('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'cimi-test', path);
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  const filler = join(path, 'filler');
  return {
    path,
    async fill() {
      const file = await open(filler, 'a');
      try {
        // A page of tmpfs is the least that takes room.
        for (const size of [1_048_576, 4_096]) {
          const zeros = Buffer.alloc(size);
          while (await hasRoom(() => file.write(zeros)));
        }
      } finally {
        await file.close();
      }
    },
    free: () => rm(filler, { force: true }),
    remove() {
      // Lazily: libsql closes a file that this process has read when the garbage collector comes by.
      mount('umount', '--lazy', path);
      rmSync(path, { recursive: true });
    },
  };
}

async function hasRoom(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

function mount(program: 'mount' | 'umount', ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(stderr.trim());
}
