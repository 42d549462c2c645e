import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Availability } from './need';

const LIBRARIES = '/usr/lib';
const NAME = join('faketime', 'libfaketimeMT.so.1');

/** Tells whether programs can be given a clock of their own. */
export function fakeClockAvailable(): Availability {
  return library() === undefined ? { missing: `libfaketime in ${LIBRARIES}/*/faketime (Debian: apt-get install faketime)` } : true;
}

/** Debian has a folder for each architecture. */
function library(): string | undefined {
  return readdirSync(LIBRARIES)
    .map((folder) => join(LIBRARIES, folder, NAME))
    .find((path) => existsSync(path));
}

/** Wall clock of one program and its later lives, so many seconds ahead of the machine's. Its steady clock goes on as ever. */
export class FakeClock {
  /**
   * @param file where it is kept; made here
   * @param ahead seconds; less than 0: behind
   */
  constructor(
    private readonly file: string,
    ahead: number,
  ) {
    this.set(ahead);
  }

  /** Environment of a program that goes by it. */
  get env(): Readonly<Record<string, string>> {
    const path = library();
    if (path === undefined) throw new Error('libfaketime is not there');
    return {
      LD_PRELOAD: path,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** Sets it; the program goes by it within a second. */
  set(ahead: number): void {
    const whole = `${this.file}.new`;
    writeFileSync(whole, `${ahead < 0 ? '' : '+'}${ahead}\n`);
    renameSync(whole, this.file);
  }
}
