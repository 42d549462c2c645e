import type { AccessStore } from '../store/store';
import type { ConsoleOptions } from './console';
import { createSessions } from './sessions';
import { builtFolder } from './site';

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
  const folder = builtFolder('console');
  const [idleMs, longestMs] = [idleMinutes * MINUTE, longestMinutes * MINUTE];
  return { folder, sessions: publicUrl === undefined ? undefined : createSessions({ access, publicUrl, idleMs, longestMs }), record };
}

/** Makes what the server needs for the documentation. @param settings section `docs` of the configuration */
export function docsOf({ enabled }: { enabled: boolean }): { folder: string | undefined } | undefined {
  return enabled ? { folder: builtFolder('docs') } : undefined;
}
