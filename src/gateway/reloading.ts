import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Config } from '../config/config';
import type { HttpServer } from '../http/server';

/** Values of the configuration by their names. */
type Sections = Readonly<Record<string, unknown>>;

/** Parts of a gateway that take what is theirs while it runs: the listener of clients, and the issuers whose tokens are taken. */
interface Renewable {
  server: Pick<HttpServer, 'renew'>;
  /** Absent where nobody logs in. */
  oidc?: { renew(next: Config): void } | undefined;
}

/**
 * Makes what takes a configuration that was read again: the log's level, the certificate and key of the listener, the issuers of
 * tokens. All else stays as it was at the start, and is named in the log.
 * @param parts absent in a worker
 */
export function reloading(started: Config, log: Logger, parts?: Renewable): (next: Config) => void {
  let { level } = started.log;
  let { oidc } = started.access;
  let { tls } = started.server;
  return (next) => {
    const taken: string[] = [];
    if (next.log.level !== level) {
      log.level = level = next.log.level;
      taken.push('log.level');
    }
    const renewed = parts && tls && next.server.tls;
    if (renewed && !isDeepStrictEqual(renewed, tls)) {
      parts.server.renew(renewed);
      tls = renewed;
      taken.push('server.tls');
    }
    if (parts?.oidc && !isDeepStrictEqual(next.access.oidc, oidc)) {
      parts.oidc.renew(next);
      oidc = next.access.oidc;
      taken.push('access.oidc');
    }
    const waiting = changed(started, next, { tls: renewed !== undefined, oidc: parts?.oidc !== undefined });
    log.info({ taken, ...(waiting.length > 0 && { needRestart: waiting }) }, 'the configuration was read again');
    if (waiting.length > 0) log.warn({ needRestart: waiting }, 'some of what has changed in the configuration needs a restart');
  };
}

/** Places of what differs and is not taken while the program runs; never their values. */
function changed(started: Config, next: Config, taken: { tls: boolean; oidc: boolean }): string[] {
  const { source: _before, log: oldLog, server: oldServer, clouds: oldClouds, access: oldAccess, ...old } = started;
  const { source: _after, log: newLog, server: newServer, clouds: newClouds, access: newAccess, ...now } = next;
  const places = (before: Sections, after: Sections, below: string, except: readonly string[] = []): string[] =>
    [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((key) => !except.includes(key) && !isDeepStrictEqual(before[key], after[key]))
      .map((key) => below + key);
  return [
    ...places(old, now, ''),
    ...places(oldLog, newLog, 'log.', ['level']),
    ...places(oldServer, newServer, 'server.', taken.tls ? ['tls'] : []),
    ...places(oldAccess, newAccess, 'access.', taken.oidc ? ['oidc'] : []),
    ...places(oldClouds, newClouds, 'clouds.'),
  ];
}
