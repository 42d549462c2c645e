import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Config } from '../config/config';
import type { HttpServer } from '../http/server';

/** Values of the configuration by their names. */
type Sections = Readonly<Record<string, unknown>>;

/**
 * Makes what takes a configuration that was read again: the log's level, and the certificate and key of the listener. All else stays as
 * it was at the start, and is named in the log.
 * @param server the listener of clients; absent in a worker
 */
export function reloading(started: Config, log: Logger, server?: Pick<HttpServer, 'renew'>): (next: Config) => void {
  let { level } = started.log;
  let { tls } = started.server;
  return (next) => {
    const taken: string[] = [];
    if (next.log.level !== level) {
      log.level = level = next.log.level;
      taken.push('log.level');
    }
    const renewed = server && tls && next.server.tls;
    if (renewed && !isDeepStrictEqual(renewed, tls)) {
      server.renew(renewed);
      tls = renewed;
      taken.push('server.tls');
    }
    const waiting = changed(started, next, renewed !== undefined);
    log.info({ taken, ...(waiting.length > 0 && { needRestart: waiting }) }, 'the configuration was read again');
    if (waiting.length > 0) log.warn({ needRestart: waiting }, 'some of what has changed in the configuration needs a restart');
  };
}

/** Places of what differs and is not taken while the program runs; never their values. */
function changed(started: Config, next: Config, tlsTaken: boolean): string[] {
  const { source: _before, log: oldLog, server: oldServer, clouds: oldClouds, ...old } = started;
  const { source: _after, log: newLog, server: newServer, clouds: newClouds, ...now } = next;
  const places = (before: Sections, after: Sections, below: string, except: readonly string[] = []): string[] =>
    [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((key) => !except.includes(key) && !isDeepStrictEqual(before[key], after[key]))
      .map((key) => below + key);
  return [
    ...places(old, now, ''),
    ...places(oldLog, newLog, 'log.', ['level']),
    ...places(oldServer, newServer, 'server.', tlsTaken ? ['tls'] : []),
    ...places(oldClouds, newClouds, 'clouds.'),
  ];
}
