import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessStore } from '../store/store';
import type { ConsoleOptions } from './console';
import { createSessions } from './sessions';

/** Places of the built console: beside the bundled program (dist/chunks), and beside these sources. */
const FOLDERS = ['../console', '../../dist/console'].map((folder) => join(__dirname, folder));
const MINUTE = 60_000;

/**
 * Makes what the server needs for the console.
 * @param settings section `console` of the configuration
 * @param publicUrl URL under which clients see the gateway; undefined where nobody logs in
 */
export function consoleOf(
  { enabled, idleMinutes, longestMinutes }: { enabled: boolean; idleMinutes: number; longestMinutes: number },
  access: AccessStore,
  publicUrl: string | undefined,
  record: ConsoleOptions['record'],
): Pick<ConsoleOptions, 'folder' | 'sessions' | 'record'> | undefined {
  if (!enabled) return undefined;
  const folder = FOLDERS.find((each) => existsSync(join(each, 'index.html')));
  const [idleMs, longestMs] = [idleMinutes * MINUTE, longestMinutes * MINUTE];
  return { folder, sessions: publicUrl === undefined ? undefined : createSessions({ access, publicUrl, idleMs, longestMs }), record };
}
