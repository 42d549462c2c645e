import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Config } from '../config/config';
import type { HttpServer } from '../http/server';
import type { RenewableClouds } from './connecting';
import type { LiveLimits } from './limits';

/** Values of the configuration by their names. */
type Sections = Readonly<Record<string, unknown>>;

/** Parts of a gateway that take what is theirs while it runs. */
interface Renewable {
  clouds: Pick<RenewableClouds, 'prepare'>;
  limits: Pick<LiveLimits, 'take'>;
  /** Listener of clients; absent in a worker. */
  server?: Pick<HttpServer, 'renew' | 'bound'>;
  /** Issuers whose tokens are taken; absent where nobody logs in. */
  oidc?: { renew(next: Config): void } | undefined;
  rules: Rules;
}

/** Declared rules, which are taken unless they name what there is not. */
export interface Rules {
  /** @throws ConfigError */
  check(next: Config): void;
  renew(next: Config): void;
  /** Warns of rules that are for nobody. */
  warn(next: Config): Promise<void>;
}

/**
 * Makes what takes a configuration that was read again: credentials and limits of clouds, quotas, limits of requests, declared rules, the log's level,
 * the certificate and key of the listener, the issuers of tokens. All else stays as it was at the start, and is named in the log. Where
 * something of it cannot be used nothing is taken.
 */
export function reloading(started: Config, log: Logger, parts: Renewable): (next: Config) => Promise<void> {
  let { level } = started.log;
  let { oidc, policies } = started.access;
  let { tls } = started.server;
  return async (next) => {
    const hasRules = !isDeepStrictEqual(next.access.policies, policies);
    if (hasRules) parts.rules.check(next);
    const { clouds, unfit } = await prepared(parts, next, tls);
    const taken = clouds.map((cloud) => `clouds.${cloud.key}`);
    for (const cloud of clouds) cloud.take();
    if (hasRules) {
      parts.rules.renew(next);
      policies = next.access.policies;
      taken.push('access.policies');
    }
    if (next.log.level !== level) {
      log.level = level = next.log.level;
      taken.push('log.level');
    }
    taken.push(...parts.limits.take(next));
    parts.server?.bound();
    if (isTlsRenewed(parts, next, tls)) {
      tls = next.server.tls;
      taken.push('server.tls');
    }
    if (parts.oidc && !isDeepStrictEqual(next.access.oidc, oidc)) {
      parts.oidc.renew(next);
      oidc = next.access.oidc;
      taken.push('access.oidc');
    }
    const waiting = changed(started, next, { parts, unfit });
    log.info({ taken, ...(waiting.length > 0 && { needRestart: waiting }) }, 'the configuration was read again');
    if (waiting.length > 0) log.warn({ needRestart: waiting }, 'some of what has changed in the configuration needs a restart');
    if (hasRules) await parts.rules.warn(next);
  };
}

function isTlsRenewed({ server }: Renewable, next: Config, tls: Config['server']['tls']): boolean {
  return server !== undefined && tls !== undefined && next.server.tls !== undefined && !isDeepStrictEqual(next.server.tls, tls);
}

/** Does all that may fail: clouds are connected, and the certificate is in use. @throws Error in words; nothing is taken then */
async function prepared(parts: Renewable, next: Config, tls: Config['server']['tls']) {
  const all = await parts.clouds.prepare(next);
  const drop = (some: typeof all) => Promise.all(some.map((cloud) => cloud.drop()));
  try {
    if (isTlsRenewed(parts, next, tls) && next.server.tls) parts.server?.renew(next.server.tls);
  } catch (error) {
    await drop(all);
    throw error;
  }
  const unfit = all.filter(({ fits }) => !fits);
  await drop(unfit);
  return { clouds: all.filter(({ fits }) => fits), unfit: new Set(unfit.map(({ key }) => key)) };
}

interface Reload {
  parts: Renewable;
  /** Clouds that would offer something else than before. */
  unfit: ReadonlySet<string>;
}

/** Places of what differs and is not taken while the program runs; never their values. */
function changed(started: Config, next: Config, { parts, unfit }: Reload): string[] {
  const { source: _before, quotas: _old, log: oldLog, server: oldServer, clouds: oldClouds, access: oldAccess, ...old } = started;
  const { source: _after, quotas: _new, log: newLog, server: newServer, clouds: newClouds, access: newAccess, ...now } = next;
  const places = (before: Sections, after: Sections, below: string, except: readonly string[] = []): string[] =>
    [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((key) => !except.includes(key) && !isDeepStrictEqual(before[key], after[key]))
      .map((key) => below + key);
  const isTlsTaken = parts.server && oldServer.tls && newServer.tls;
  const limitsTaken = Object.keys(oldServer.limits).filter((key) => key !== 'headerBytes');
  // A worker has no listener whose settings could be others.
  return [
    ...places(old, now, ''),
    ...places(oldLog, newLog, 'log.', ['level']),
    ...places(oldServer, newServer, 'server.', ['limits', ...(isTlsTaken ? ['tls'] : [])]),
    ...places(oldServer.limits, newServer.limits, 'server.limits.', limitsTaken),
    ...places(oldAccess, newAccess, 'access.', parts.oidc ? ['oidc', 'policies'] : ['policies']),
    ...places(withoutOptions(oldClouds, unfit), withoutOptions(newClouds, unfit), 'clouds.'),
  ];
}

/** Clouds without what is taken of them; those that would offer something else are told apart from any. */
function withoutOptions(clouds: Config['clouds'], unfit: ReadonlySet<string>): Sections {
  return Object.fromEntries(
    Object.entries(clouds).map(([key, cloud]) => {
      const { options: _options, guard: _guard, ...rest } = cloud;
      return [key, unfit.has(key) ? cloud : rest];
    }),
  );
}
