import { execFile } from 'node:child_process';

/** Longest time that systemd-notify may take, in ms: a manager that does not listen holds nothing up. */
const LONGEST_MS = 5_000;

/**
 * Tells systemd how this process stands, where it was started by a unit with `Type=notify` (sd_notify(3)); by `systemd-notify`, for Node
 * has no datagrams over Unix sockets. Never rejects.
 * @param states assignments, as `READY=1`
 * @returns words for why nothing was told; undefined where it was, or nobody asked
 */
export function tellServiceManager(states: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  if (!env['NOTIFY_SOCKET']) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    execFile('systemd-notify', [`--pid=${process.pid}`, ...states], { env, timeout: LONGEST_MS }, (error, _out, words) => {
      resolve(error ? `systemd-notify: ${words.trim() || error.message}` : undefined);
    });
  });
}
