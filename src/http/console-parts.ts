import type { AccessStore } from '../store/store';
import type { ConsoleOptions } from './console';
import { createCodeFlow } from './code-flow';
import type { PostForm } from './issuer-client';
import type { OidcLogins } from './oidc';
import { createSessions } from './sessions';
import { builtFolder } from './site';

const MINUTE = 60_000;

/** Logins as the console needs them. */
export interface ConsoleLogins {
  record: ConsoleOptions['record'];
  note: ConsoleOptions['noteLogin'];
  /** Issuers, with the way to their tokens; absent where nobody logs in. */
  issuers?: { oidc: OidcLogins; post: PostForm; key: Uint8Array } | undefined;
}

/**
 * Makes what the server needs for the console.
 * @param settings section `console` of the configuration
 * @param publicUrl URL under which clients see the gateway; undefined where nobody logs in
 */
export function consoleOf(
  { enabled, idleMinutes, longestMinutes }: { enabled: boolean; idleMinutes: number; longestMinutes: number },
  access: AccessStore,
  publicUrl: string | undefined,
  { record, note, issuers }: ConsoleLogins,
): (Pick<ConsoleOptions, 'folder' | 'sessions' | 'record' | 'flow'> & { note: ConsoleOptions['noteLogin'] }) | undefined {
  if (!enabled) return undefined;
  const folder = builtFolder('console');
  const [idleMs, longestMs] = [idleMinutes * MINUTE, longestMinutes * MINUTE];
  if (publicUrl === undefined) return { folder, sessions: undefined, record, note };
  const sessions = createSessions({ access, publicUrl, idleMs, longestMs, oidc: issuers?.oidc });
  return { folder, sessions, record, note, flow: issuers && createCodeFlow({ ...issuers, publicUrl }) };
}

/** Makes what the server needs for the documentation. @param settings section `docs` of the configuration */
export function docsOf({ enabled }: { enabled: boolean }): { folder: string | undefined } | undefined {
  return enabled ? { folder: builtFolder('docs') } : undefined;
}
